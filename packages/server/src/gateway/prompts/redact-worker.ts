// The thread that redacts: a megabyte of text takes tens of milliseconds, which no other request may wait for.

import { parentPort } from 'node:worker_threads'
import { redactPrompt, type RedactQuestion } from './redact.ts'

parentPort?.on('message', ({ id, question }: { readonly id: number; readonly question: RedactQuestion }) => {
  parentPort?.postMessage({ id, answer: redactPrompt(question) })
})
