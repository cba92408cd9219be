// What is kept of a request, where a rule of the catalog says so: its body and its answer. Called when the answer has ended, so that
// nothing waits for it. Files of requests, work in the background and bodies that are no JSON keep nothing.

import { instant, PROMPT_BODY_BYTES_MAX, type CustomerId } from '@tollgate/core'
import type { Exchange } from '../exchange.ts'
import type { AnswerEnd } from '../flow/answer.ts'
import { fitsRule, type Fitting } from '../flow/fits-rule.ts'

/** `id` is that of the reservation, under which the request is recorded; `end` null for a replayed answer, which was kept the first time. */
export type Ended = Fitting & { readonly id: string; readonly end: AnswerEnd | null }

export function keepPrompt(exchange: Exchange, { id, end, ...asked }: Ended): void {
  const { prompts, clock } = exchange.context
  const rule = asked.known.catalog.promptRules?.find((one) => fitsRule(one, asked))
  const { request, known } = asked
  if (prompts === null || rule === undefined || request.background !== undefined || request.requests !== undefined) return
  const isJson = (exchange.request.headers['content-type'] ?? '').includes('json')
  const isSmall = request.body.length <= PROMPT_BODY_BYTES_MAX
  const answer = rule.withAnswer && end !== null ? answerOf(end) : null
  const customer: CustomerId = known.snapshot.customer
  prompts.keep({ id, customer, time: exchange.startedAt, expiresAt: instant(clock.now() + rule.keepMs), body: isJson && isSmall ? request.body : null, answer, redaction: rule.redaction, isCut: !isSmall })
}

/** A stream's text is what was seen of its pieces, as it stood in JSON. */
function answerOf(end: AnswerEnd): Buffer | string | null {
  if (end.kind === 'streamed') return end.meter.observed().text
  return end.kind === 'whole' && end.body.length <= PROMPT_BODY_BYTES_MAX ? end.body : null
}
