// A worker thread that is asked and answers, started at the first question: for what takes too long on the thread that serves requests.
// Bounded in questions that wait and in time; whoever finds it full, slow or broken is told null and does without.

import { Worker } from 'node:worker_threads'

export type Thread<Question, Answer> = {
  readonly ask: (question: Question, moved?: readonly ArrayBuffer[]) => Promise<Answer | null>
  readonly close: () => Promise<void>
}

export type ThreadOptions = {
  /** Without its extension, which is that of the file that asks. */
  readonly file: URL
  readonly waitingMax: number
  /** The first question waits for the thread to load. */
  readonly timeoutMs: number
}

export function createThread<Question, Answer>({ file, waitingMax, timeoutMs }: ThreadOptions): Thread<Question, Answer> {
  let worker: Worker | null = null
  let sequence = 0
  const waiting = new Map<number, (answer: Answer | null) => void>()

  function started(): Worker {
    if (worker !== null) return worker
    const fresh = new Worker(new URL(`${file.href}.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`))
    fresh.unref()
    fresh.on('message', ({ id, answer }: { readonly id: number; readonly answer: Answer }) => waiting.get(id)?.(answer))
    fresh.on('error', () => giveUp(fresh))
    fresh.on('exit', () => giveUp(fresh))
    worker = fresh
    return fresh
  }

  function giveUp(lost: Worker): void {
    if (worker !== lost) return
    worker = null
    for (const tell of waiting.values()) tell(null)
  }

  return {
    ask: (question, moved = []) => {
      if (waiting.size >= waitingMax) return Promise.resolve(null)
      const id = ++sequence
      return new Promise((resolve) => {
        const timer = setTimeout(() => tell(null), timeoutMs)
        const tell = (answer: Answer | null) => {
          clearTimeout(timer)
          waiting.delete(id)
          resolve(answer)
        }
        waiting.set(id, tell)
        started().postMessage({ id, question }, moved)
      })
    },
    close: async () => void (await worker?.terminate()),
  }
}
