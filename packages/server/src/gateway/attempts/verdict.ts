// What an ended attempt says of the upstream that was asked: that it answered, that it failed, that its key is limited or refused.
// Only what came before the first byte of an answer may be asked for again. Pure.

import type { IncomingHttpHeaders } from 'node:http'
import type { Answer, AnswerEnd } from '../flow/answer.ts'
import { isAccountExhausted } from '../flow/upstream-errors.ts'

export type Verdict = {
  /** fine: answered, whatever it said. failing: the upstream is not well. limited, refused: the key is not. */
  readonly kind: 'fine' | 'failing' | 'limited' | 'refused'
  /** For the record: `429`, `unreachable`. */
  readonly what: string
  /** It may be asked again, there or elsewhere. */
  readonly mayRepeat: boolean
  /** What it asks to wait. */
  readonly retryAfterMs: number | null
}

const FINE: Verdict = { kind: 'fine', what: 'answered', mayRepeat: false, retryAfterMs: null }
const FAILING = new Set([500, 502, 503, 504, 529])

export function verdictOf(end: AnswerEnd, { firstByteAt }: Pick<Answer, 'firstByteAt'>): Verdict {
  if (end.kind === 'streamed' || end.kind === 'passed') return end.failure === null || end.failure === 'aborted' ? FINE : { kind: 'failing', what: end.failure, mayRepeat: false, retryAfterMs: null }
  if (end.kind === 'failed') {
    if (end.failure === 'aborted') return FINE
    // After its head an answer was made, and is perhaps paid for.
    return { kind: 'failing', what: end.failure, mayRepeat: firstByteAt === 0, retryAfterMs: null }
  }
  const { status, headers, body } = end
  if (status < 400) return FINE
  // An error that tells usage is an answer: asked again, it would be paid twice.
  const mayRepeat = !body.includes('"usage"')
  const retryAfterMs = retryAfterOf(headers)
  if (status === 401 || status === 402 || (status === 429 && isAccountExhausted(body.toString('latin1')))) return { kind: 'refused', what: String(status), mayRepeat, retryAfterMs }
  if (status === 429) return { kind: 'limited', what: '429', mayRepeat, retryAfterMs }
  return FAILING.has(status) ? { kind: 'failing', what: String(status), mayRepeat, retryAfterMs } : FINE
}

/** In milliseconds; null where it says none that can be read. A date is taken by the provider's own clock where it tells it. */
export function retryAfterOf(headers: IncomingHttpHeaders): number | null {
  const exact = Number(headers['retry-after-ms'] ?? Number.NaN)
  if (exact >= 0) return exact
  const told = headers['retry-after']
  if (told === undefined || told === '') return null
  const seconds = Number(told)
  if (!Number.isNaN(seconds)) return seconds >= 0 ? seconds * 1_000 : null
  const wait = Date.parse(told) - Date.parse(headers.date ?? '')
  return Number.isNaN(wait) ? null : Math.max(0, wait)
}
