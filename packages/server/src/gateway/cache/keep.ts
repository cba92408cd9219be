// Keeps an answer that came whole, with what its provider told of its use. What broke off, failed, was changed to fit a budget, or had to
// be counted by us is not kept: it is not the answer to the same request of somebody else.

import { CACHE_ANSWER_BYTES_MAX, instant, type ProviderUsage } from '@tollgate/core'
import type { Exchange } from '../exchange.ts'
import type { Called } from '../flow/called.ts'
import type { Booked } from '../flow/settle.ts'

export type Kept = { readonly contentType: string | undefined; readonly body: string; readonly usage: ProviderUsage; readonly booked: Booked | null }

/** `body` has one character per byte. */
export function keepAnswer({ context }: Exchange, { place, authorization, known }: Called, { contentType, body, usage, booked }: Kept): void {
  if (place === undefined || contentType === undefined || booked === null || booked.usage.estimated || authorization.degrade !== null || body.length > CACHE_ANSWER_BYTES_MAX) return
  const at = context.clock.now()
  const answer = { contentType, body: Buffer.from(body, 'latin1'), usage, cost: booked.usage.cost, at, expiresAt: instant(at + place.ttlMs) }
  context.answers.keep(place.owner, place.name, answer)
  if (place.isShared) context.sharedAnswers?.keep(known.snapshot.customer, place, answer)
}

/** The pieces of a stream as they went to its client. */
export class AnswerCopy {
  #text = ''
  #isTooLong = false

  add(piece: string): void {
    if (this.#isTooLong) return
    this.#text += piece
    if (this.#text.length <= CACHE_ANSWER_BYTES_MAX) return
    this.#isTooLong = true
    this.#text = ''
  }

  /** Null where it is too long to be kept. */
  get text(): string | null {
    return this.#isTooLong ? null : this.#text
  }
}
