// Counts tokens of text for the rare answer whose provider told no usage. The tokenizer takes most of a second and 100 MB to
// load, so it lives in a worker thread that starts at the first need and never blocks the thread that serves requests. When
// it is slow, full or broken the count falls back to bytes: a count always comes, and the usage is marked estimated anyway.

import { Worker } from 'node:worker_threads'

export type TokenCounter = {
  readonly count: (text: string) => Promise<number>
  readonly close: () => Promise<void>
}

/** Bytes of common text that make one token, by the providers' own rule of thumb. */
const BYTES_PER_TOKEN = 4
/** Texts that may wait for the worker; more are counted by bytes. */
const WAITING_MAX = 1_000
/** The first count waits for the tokenizer to load. */
const COUNT_TIMEOUT_MS = 10_000

export function countByBytes(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)
}

export function createTokenCounter(): TokenCounter {
  let worker: Worker | null = null
  let sequence = 0
  const waiting = new Map<number, (tokens: number | null) => void>()

  function started(): Worker {
    if (worker !== null) return worker
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const fresh = new Worker(new URL(`./token-worker.${extension}`, import.meta.url))
    fresh.unref()
    fresh.on('message', ({ id, tokens }: { readonly id: number; readonly tokens: number }) => waiting.get(id)?.(tokens))
    fresh.on('error', () => giveUp(fresh))
    fresh.on('exit', () => giveUp(fresh))
    worker = fresh
    return fresh
  }

  function giveUp(lost: Worker): void {
    if (worker !== lost) return
    worker = null
    for (const answer of waiting.values()) answer(null)
  }

  function count(text: string): Promise<number> {
    if (text === '') return Promise.resolve(0)
    if (waiting.size >= WAITING_MAX) return Promise.resolve(countByBytes(text))
    const id = ++sequence
    return new Promise((resolve) => {
      const timer = setTimeout(() => answer(null), COUNT_TIMEOUT_MS)
      const answer = (tokens: number | null) => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(tokens ?? countByBytes(text))
      }
      waiting.set(id, answer)
      started().postMessage({ id, text })
    })
  }

  return { count, close: async () => void (await worker?.terminate()) }
}
