// Counts tokens of text for the rare answer whose provider told no usage. The tokenizer takes most of a second and 100 MB to
// load, so it lives in a worker thread that starts at the first need and never blocks the thread that serves requests. When
// it is slow, full or broken the count falls back to bytes: a count always comes, and the usage is marked estimated anyway.

import { createThread } from './thread.ts'

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
  const thread = createThread<string, number>({ file: new URL('./token-worker', import.meta.url), waitingMax: WAITING_MAX, timeoutMs: COUNT_TIMEOUT_MS })
  return {
    count: async (text) => (text === '' ? 0 : ((await thread.ask(text)) ?? countByBytes(text))),
    close: thread.close,
  }
}
