// Prompts on their way to where they are kept: redacted in a thread of their own, then sent to the control plane a few at a time, after their
// answers have ended. Nobody waits for it and nothing fails by it: what finds no room, or is not taken for too long, is dropped and counted.
// They are in memory until then, so that a crash loses those of its last moments.

import { setTimeout as delay } from 'node:timers/promises'
import { PROMPT_CALL_BYTES_MAX, PROMPTS_PER_CALL_MAX, PROMPTS_WAITING_BYTES_MAX, PROMPTS_WAITING_MAX, type KeptPrompt, type Prompts, type Redaction } from '@tollgate/core'
import type { Log } from '../../platform/log.ts'
import type { GatewayMetrics } from '../metrics.ts'
import { createThread } from '../thread.ts'
import type { RedactAnswer, RedactQuestion } from './redact.ts'

export type TakenPrompt = Pick<KeptPrompt, 'id' | 'customer' | 'time' | 'expiresAt'> & {
  /** Null where it is no JSON, or too large. */
  readonly body: Buffer | null
  /** A body, or the inside of JSON strings, one character a byte. */
  readonly answer: Buffer | string | null
  readonly redaction: Redaction
  /** There was a body that is left out. */
  readonly isCut: boolean
}

export type PromptKeeper = {
  readonly keep: (taken: TakenPrompt) => void
  /** Sends what waits, for a moment. */
  readonly close: () => Promise<void>
}

const REDACT_TIMEOUT_MS = 30_000
/** Waits before a call that failed is made again: a restart of the control plane fits. */
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000, 15_000]
const CLOSE_MS = 2_000

type Parts = { readonly prompts: Prompts; readonly metrics: GatewayMetrics; readonly log: Log; readonly retryMs?: readonly number[] }

export function createPromptKeeper({ prompts, metrics, log, retryMs = RETRY_MS }: Parts): PromptKeeper {
  const thread = createThread<RedactQuestion, RedactAnswer>({ file: new URL('./redact-worker', import.meta.url), waitingMax: PROMPTS_WAITING_MAX, timeoutMs: REDACT_TIMEOUT_MS })
  let ready: Ready[] = []
  let waiting = 0
  let bytes = 0
  let sending: Promise<void> | null = null
  const redacting = new Set<Promise<void>>()

  function keep(taken: TakenPrompt): void {
    const size = (taken.body?.length ?? 0) + (taken.answer?.length ?? 0)
    if (waiting >= PROMPTS_WAITING_MAX || bytes + size > PROMPTS_WAITING_BYTES_MAX) return metrics.happened('prompt_not_kept')
    waiting += 1
    bytes += size
    const running = redact(taken).then((prompt) => {
      redacting.delete(running)
      if (prompt === null) return left([{ size }], 'prompt_not_kept')
      ready.push({ prompt, size })
      sending ??= send().finally(() => { sending = null })
    })
    redacting.add(running)
  }

  async function redact({ body, answer, redaction, isCut, ...prompt }: TakenPrompt): Promise<KeptPrompt | null> {
    const [asked, answered] = [body === null ? null : Uint8Array.from(body), answer instanceof Buffer ? Uint8Array.from(answer) : answer]
    const told = await thread.ask({ body: asked, answer: answered, redaction }, [asked, answered].flatMap((bytes) => (bytes instanceof Uint8Array ? [bytes.buffer as ArrayBuffer] : [])))
    return told === null ? null : { ...prompt, ...told, isCut: told.isCut || isCut }
  }

  /** One call after the other: what comes meanwhile goes with the next. */
  async function send(): Promise<void> {
    while (ready.length > 0) {
      const count = fitting(ready)
      const batch = ready.slice(0, count)
      ready = ready.slice(count)
      left(batch, (await isTaken(batch.map(({ prompt }) => prompt))) ? 'prompt_kept' : 'prompt_not_kept')
    }
  }

  async function isTaken(batch: readonly KeptPrompt[]): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await prompts.keep(batch)
        return true
      } catch (error) {
        const waitMs = retryMs[attempt]
        if (waitMs === undefined || isClosing) {
          log.warn({ err: error, prompts: batch.length }, 'prompts are not kept: the control plane does not take them')
          return false
        }
        await delay(waitMs)
      }
    }
  }

  function left(gone: readonly { readonly size: number }[], event: 'prompt_kept' | 'prompt_not_kept'): void {
    for (const { size } of gone) {
      waiting -= 1
      bytes -= size
      metrics.happened(event)
    }
  }

  let isClosing = false
  return {
    keep,
    close: async () => {
      isClosing = true
      const all = Promise.all(redacting).then(() => sending)
      await Promise.race([all, delay(CLOSE_MS, undefined, { ref: false })])
      await thread.close()
    },
  }
}

type Ready = { readonly prompt: KeptPrompt; readonly size: number }

function fitting(ready: readonly Ready[]): number {
  let size = 0
  let count = 0
  for (const { prompt } of ready.slice(0, PROMPTS_PER_CALL_MAX)) {
    size += (prompt.prompt?.length ?? 0) + (prompt.answer?.length ?? 0)
    if (count > 0 && size > PROMPT_CALL_BYTES_MAX) break
    count += 1
  }
  return count
}
