// The end of an admitted request: turns what came from the provider into usage, settles or releases the hold, and ends the
// client's answer when the settlement is written. The policy table of docs/concepts/disconnects.md is this file.

import { formatUnits, type ReservationId } from '@tollgate/core'
import type { Settled, Usage } from '../../hot/contract.ts'
import { sendError, sendJson, type Exchange } from '../exchange.ts'
import { clientHeaders } from '../headers.ts'
import { memberNamed, topLevelMembers, type Member } from '../json-splice.ts'
import type { Answer, AnswerEnd } from './answer.ts'
import { decisionHeaders, type Admitted } from './chat.ts'
import { estimateUsage } from './estimated-usage.ts'
import { errorEvent, type ErrorAnswer } from './errors.ts'
import type { UpstreamFailure } from '../upstream.ts'
import { brokenStream, failureAnswer, invalidAnswer, replacedAnswer } from './upstream-errors.ts'
import { providerCost, quantitiesOf, readUsage, tokenUsage, type TokenUsage } from './usage.ts'

export async function finishChat(exchange: Exchange, admitted: Admitted, answer: Answer, end: AnswerEnd): Promise<void> {
  if (answer.body.isGone) exchange.context.metrics.happened('client_gone')
  switch (end.kind) {
    case 'failed':
      exchange.context.log.warn({ request: exchange.requestId, upstream: admitted.model.target.config.name, failure: end.failure, err: end.error }, 'upstream failed')
      return releaseWith(exchange, admitted, failureAnswer(end.failure))
    case 'whole':
      return end.status >= 200 && end.status < 300 ? finishWhole(exchange, admitted, answer, end) : finishError(exchange, admitted, end)
    case 'streamed':
      return finishStream(exchange, admitted, answer, end)
    case 'passed':
      return finishPassed(exchange, admitted, answer, end)
  }
}

type Told = { readonly usage: TokenUsage; readonly model: string | null; readonly serviceTier: string | null; readonly isEstimated: boolean }
type Whole = Extract<AnswerEnd, { kind: 'whole' }>

async function finishWhole(exchange: Exchange, admitted: Admitted, answer: Answer, end: Whole): Promise<void> {
  const text = end.body.toString('latin1')
  const members = topLevelMembers(text)
  if (members === null) {
    exchange.context.log.warn({ request: exchange.requestId, upstream: admitted.model.target.config.name }, 'the upstream answered 200 with something that is not JSON')
    return releaseWith(exchange, admitted, invalidAnswer())
  }
  const reported = readUsage(valueOf(text, members, 'usage'))
  // Some providers put an error under status 200.
  if (reported === null && isObject(valueOf(text, members, 'error'))) return finishError(exchange, admitted, end)
  const told: Told = {
    usage: reported === null ? await estimateUsage(exchange.context, admitted, { kind: 'json', text }) : tokenUsage(reported),
    model: textOf(text, members, 'model'),
    serviceTier: textOf(text, members, 'service_tier'),
    isEstimated: reported === null,
  }
  const settled = settle(exchange, admitted, answer, told, 'complete')
  await settled?.settled.written
  if (answer.body.isGone) return
  const { response } = exchange
  const headers = [...clientHeaders(end.headers), 'content-length', String(end.body.length), 'x-request-id', exchange.requestId, ...chargeHeaders(admitted, settled)]
  if (exchange.context.isClosing()) headers.push('connection', 'close')
  response.writeHead(end.status, headers)
  response.end(text, 'latin1')
}

async function finishStream(exchange: Exchange, admitted: Admitted, answer: Answer, end: Extract<AnswerEnd, { kind: 'streamed' }>): Promise<void> {
  const rest = end.meter.finish()
  const observed = end.meter.observed()
  const { usage } = observed
  const ending = answer.body.isGone ? 'client_gone' : end.failure !== null ? end.failure : observed.hasError ? 'error' : observed.isDone ? 'complete' : 'early'
  if (usage === null && observed.pieces === 0 && ending !== 'complete' && ending !== 'client_gone') return releaseStream(exchange, admitted, answer, end.failure, rest)
  const told: Told = {
    usage: usage === null ? await estimateUsage(exchange.context, admitted, { kind: 'pieces', ...observed }) : tokenUsage(usage),
    model: observed.model,
    serviceTier: observed.serviceTier,
    isEstimated: usage === null,
  }
  const settled = settle(exchange, admitted, answer, told, ending)
  await settled?.settled.written
  endStream(exchange, answer, end.failure, end.held + rest)
}

/** A stream that broke, failed or ended before any piece of an answer: the customer got nothing and pays nothing. */
function releaseStream(exchange: Exchange, admitted: Admitted, answer: Answer, failure: UpstreamFailure | null, rest: string): void {
  exchange.context.node.release(admitted.authorization.reservation)
  endStream(exchange, answer, failure, rest)
}

/** `rest` is the end marker, or an event that broke off: before an error it is left out, because it would swallow it. */
function endStream(exchange: Exchange, answer: Answer, failure: UpstreamFailure | null, rest: string): void {
  if (failure === null) return answer.body.end(rest)
  exchange.context.metrics.happened('stream_broken')
  answer.body.end(errorEvent(brokenStream(failure)))
}

/** An answer too large to hold has passed already; its usage stands near its end. */
async function finishPassed(exchange: Exchange, admitted: Admitted, answer: Answer, end: Extract<AnswerEnd, { kind: 'passed' }>): Promise<void> {
  const at = end.tail.lastIndexOf('"usage"')
  const members = at < 0 ? null : topLevelMembers(`{${end.tail.slice(at)}`)
  const reported = members === null ? null : readUsage(valueOf(`{${end.tail.slice(at)}`, members, 'usage'))
  const told: Told = {
    usage: reported === null ? await estimateUsage(exchange.context, admitted, { kind: 'pieces', text: end.tail, textLength: exchange.context.limits.jsonBufferBytesMax, pieces: 1 }) : tokenUsage(reported),
    model: null,
    serviceTier: null,
    isEstimated: reported === null,
  }
  await settle(exchange, admitted, answer, told, end.failure ?? 'complete')?.settled.written
  if (end.failure === null) answer.body.end('')
  else exchange.response.destroy()
}

/** An error costs nothing, unless the provider says that it does. */
async function finishError(exchange: Exchange, admitted: Admitted, end: Whole): Promise<void> {
  const text = end.body.toString('latin1')
  const reported = readUsage(valueOf(text, topLevelMembers(text) ?? [], 'usage'))
  let headers: readonly string[] = decisionHeaders(admitted.authorization)
  if (reported === null) {
    exchange.context.node.release(admitted.authorization.reservation)
  } else {
    const settled = settle(exchange, admitted, null, { usage: tokenUsage(reported), model: null, serviceTier: null, isEstimated: false }, 'error')
    await settled?.settled.written
    headers = chargeHeaders(admitted, settled)
  }
  const replaced = replacedAnswer(end.status, text)
  if (replaced === null) return sendJson(exchange, end.status, end.body, [...withoutType(clientHeaders(end.headers)), ...headers], end.headers['content-type'])
  exchange.context.metrics.happened('upstream_account_refused')
  exchange.context.log.error({ request: exchange.requestId, upstream: admitted.model.target.config.name, status: end.status }, replaced.message)
  sendError(exchange, replaced, headers)
}

function releaseWith(exchange: Exchange, admitted: Admitted, error: ErrorAnswer): void {
  exchange.context.metrics.happened('upstream_failed')
  exchange.context.node.release(admitted.authorization.reservation)
  sendError(exchange, error, decisionHeaders(admitted.authorization))
}

type Booked = { readonly settled: Settled; readonly usage: Usage }

/** Books what was used, also where it exceeds the hold: it happened. Null when the node refused it, which loses revenue and is logged with all figures. */
function settle(exchange: Exchange, admitted: Admitted, answer: Answer | null, told: Told, ending: string): Booked | null {
  const { context } = exchange
  const { reservation } = admitted.authorization
  const usage = usageOf(exchange, admitted, answer, told, ending)
  noteOddities(exchange, admitted, told, usage)
  const settled = context.node.settle(reservation, usage)
  if (settled.kind === 'settled') return { settled, usage }
  context.metrics.happened('settle_failed')
  context.log.error({ request: exchange.requestId, reservation, code: settled.code, quantities: usage.quantities }, `usage was not settled: ${settled.message}`)
  return null
}

function usageOf(exchange: Exchange, admitted: Admitted, answer: Answer | null, told: Told, ending: string): Usage {
  const now = exchange.context.clock.now()
  const { model, known, request } = admitted
  const { startedAt } = exchange
  const { usage } = told
  return {
    quantities: quantitiesOf(usage),
    dimensions: told.model === null ? admitted.dimensions : { ...admitted.dimensions, model_returned: told.model.slice(0, 256) },
    cost: providerCost(known.catalog, usage, { modelReturned: told.model, modelAsked: model.upstreamModel, serviceTier: told.serviceTier, at: now }),
    estimated: told.isEstimated,
    context: {
      request_id: exchange.requestId,
      ending,
      stream: request.isStream,
      latency_ms: now - startedAt,
      first_byte_ms: answer === null || answer.firstByteAt === 0 ? null : answer.firstByteAt - startedAt,
      reasoning_tokens: usage.reasoning,
      service_tier: told.serviceTier,
    },
  }
}

function noteOddities(exchange: Exchange, admitted: Admitted, told: Told, usage: Usage): void {
  const { metrics, log } = exchange.context
  const { model, bound } = admitted
  if (told.isEstimated) metrics.happened('usage_estimated')
  if (told.usage.isOdd) metrics.happened('usage_odd')
  if (usage.cost === null) {
    metrics.happened('cost_unknown')
    log.warn({ request: exchange.requestId, model: told.model ?? model.upstreamModel, service_tier: told.serviceTier }, 'provider cost unknown: the rate card has no price for it')
  }
  if (told.usage.input + told.usage.cachedInput > bound.inputTokens || told.usage.output > bound.outputTokens) {
    metrics.happened('hold_exceeded')
    log.warn({ request: exchange.requestId, model: model.upstreamModel, bound, quantities: usage.quantities }, 'the provider used more than the upper bound that was held')
  }
}

function chargeHeaders(admitted: Admitted, booked: Booked | null): string[] {
  const { authorization, key } = admitted
  if (booked === null) return decisionHeaders(authorization)
  const { settled, usage } = booked
  const { currency, charge, balance } = settled
  const headers = [
    'x-tollgate-decision', `allow; reservation=${settled.reservation as ReservationId}`,
    'x-tollgate-estimate', formatUnits(authorization.estimate, currency),
    'x-tollgate-charge', formatUnits(charge, currency),
    'x-tollgate-currency', currency,
  ]
  if (!settled.isFinal || usage.estimated) headers.push('x-tollgate-charge-estimated', 'true')
  if (balance !== null) headers.push('x-tollgate-balance', formatUnits(balance, currency))
  if (key.showsCost && usage.cost !== null) headers.push('x-tollgate-cost', usage.cost.amount, 'x-tollgate-cost-currency', usage.cost.currency)
  return headers
}

function valueOf(text: string, members: readonly Member[], name: string): unknown {
  const member = memberNamed(members, name)
  if (member === undefined) return undefined
  try {
    return JSON.parse(text.slice(member.valueStart, member.valueEnd))
  } catch {
    return undefined
  }
}

function textOf(text: string, members: readonly Member[], name: string): string | null {
  const value = valueOf(text, members, name)
  return typeof value === 'string' ? value : null
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function withoutType(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < headers.length; index += 2) if (headers[index] !== 'content-type') kept.push(headers[index]!, headers[index + 1]!)
  return kept
}
