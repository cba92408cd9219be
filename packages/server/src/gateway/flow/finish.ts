// The end of an admitted request: turns what came from the provider into usage, settles or releases the hold, and ends the
// client's answer when the settlement is written. The policy table of docs/concepts/disconnects.md is this file.

import { outputTokens, type ProviderUsage } from '@tollgate/core'
import { idHeaders, sendError, sendJson, type Exchange } from '../exchange.ts'
import { clientHeaders } from '../headers.ts'
import { memberNamed, topLevelMembers, type Member } from '../json-splice.ts'
import type { UpstreamFailure } from '../upstream.ts'
import { decisionHeaders } from './admitted.ts'
import type { AnswerEnd } from './answer.ts'
import type { Called } from './called.ts'
import { keepAnswer } from '../cache/keep.ts'
import { openJob, ownFile, unfinishedId } from '../background/open.ts'
import { withOwnResultsUrl } from '../background/results-url.ts'
import { unavailable, type ErrorAnswer } from '../refusal.ts'
import { estimateTokens, type ObservedAnswer } from './estimated-usage.ts'
import { chargeHeaders, recordFailure, settle, type Told } from './settle.ts'
import { brokenStream, failureAnswer, invalidAnswer, replacedAnswer } from './upstream-errors.ts'
import { countedUsage, fixedUsage, usableUsage } from './usage.ts'

export async function finish(exchange: Exchange, called: Called, end: AnswerEnd): Promise<void> {
  if (called.answer.body.isGone) exchange.context.metrics.happened('client_gone')
  switch (end.kind) {
    case 'failed':
      exchange.context.log.warn({ request: exchange.requestId, upstream: called.model.target.config.name, failure: end.failure, err: end.error }, 'upstream failed')
      return releaseWith(exchange, called, failureAnswer(end.failure))
    case 'whole':
      return end.status >= 200 && end.status < 300 ? finishWhole(exchange, called, end) : finishError(exchange, called, end)
    case 'streamed':
      return finishStream(exchange, called, end)
    case 'passed':
      return finishPassed(exchange, called, end)
  }
}

type Whole = Extract<AnswerEnd, { kind: 'whole' }>

async function finishWhole(exchange: Exchange, called: Called, end: Whole): Promise<void> {
  const text = end.body.toString('latin1')
  const members = topLevelMembers(text)
  if (members === null) {
    exchange.context.log.warn({ request: exchange.requestId, upstream: called.model.target.config.name }, 'the upstream answered 200 with something that is not JSON')
    return releaseWith(exchange, called, invalidAnswer())
  }
  if (called.request.background !== undefined) {
    if (called.request.background === 'file') {
      if (!(await ownFile(exchange, called, valueOf(text, members, 'id')))) return releaseWith(exchange, called, unavailable('The file cannot be kept right now, so it was deleted again. Try again in a moment.'))
    }
    const id = called.request.background === 'file' ? null : unfinishedId(called.request.background, { id: valueOf(text, members, 'id'), status: valueOf(text, members, 'status'), processing_status: valueOf(text, members, 'processing_status') })
    if (id !== null) return finishBackground(exchange, called, end, id)
  }
  readBodyUsage(called, text, members)
  const reported = called.reader.usage()
  const usable = usableUsage(reported, called.surface)
  // Some providers put an error under status 200.
  if (isErrorBody(usable, text, members)) return finishError(exchange, called, end)
  const told = usable === null ? await countedFor(exchange, called, reported, { kind: 'json', text }) : { usage: usable, isEstimated: false }
  const booked = settle(exchange, called, told, 'complete')
  await booked?.settled.written
  if (called.place !== undefined) keepAnswer(exchange, called, { contentType: end.headers['content-type'], body: text, usage: told.usage, booked })
  if (called.answer.body.isGone) return
  const { response } = exchange
  const headers = [...clientHeaders(end.headers), 'content-length', String(end.body.length), ...idHeaders(exchange), ...chargeHeaders(called, booked)]
  if (called.place !== undefined) headers.push('x-tollgate-cache', 'miss')
  if (exchange.context.isClosing()) headers.push('connection', 'close')
  response.writeHead(end.status, headers)
  response.end(text, 'latin1')
}

/** The work goes on: its hold stands, the keeper settles it when it has ended. */
async function finishBackground(exchange: Exchange, called: Called, end: Whole, id: string): Promise<void> {
  const isKept = await openJob(exchange, called, called.request.background!, id)
  if (!isKept) return releaseWith(exchange, called, unavailable('What runs in the background cannot be kept right now, so it was cancelled. Try again in a moment.'))
  sendJson(exchange, end.status, withOwnResultsUrl(end.body, id), [...withoutType(clientHeaders(end.headers)), ...decisionHeaders(called.authorization, called.known)], end.headers['content-type'])
}

async function finishStream(exchange: Exchange, called: Called, end: Extract<AnswerEnd, { kind: 'streamed' }>): Promise<void> {
  const rest = end.held + end.meter.finish()
  const observed = end.meter.observed()
  const isGone = called.answer.body.isGone
  const ending = isGone ? 'client_gone' : end.failure !== null ? end.failure : observed.hasError ? 'error' : observed.isDone ? 'complete' : 'early'
  // A stream that broke, failed or ended before any piece of an answer: the customer got nothing and pays nothing.
  const isEmpty = observed.pieces === 0 && ending !== 'complete' && ending !== 'client_gone'
  const reported = called.reader.usage()
  const usable = usableUsage(reported, called.surface)
  if (usable === null && isEmpty) {
    recordFailure(exchange, called, { status: 200, error: end.failure === null ? 'upstream_error' : brokenStream(end.failure).code, ending })
  } else {
    const named = { ...reported, model: reported.model ?? observed.model }
    const isPartial = usable !== null && (observed.isPartial || (observed.pieces > 0 && outputTokens(usable.buckets) === 0))
    const told = usable === null
      ? await countedFor(exchange, called, named, { kind: 'pieces', ...observed })
      : isPartial ? await completed(exchange, called, usable, { kind: 'pieces', ...observed }) : { usage: usable, isEstimated: false }
    const booked = settle(exchange, called, told, ending)
    await booked?.settled.written
    if (called.copy !== undefined && called.copy.text !== null && ending === 'complete') keepAnswer(exchange, called, { contentType: called.answer.contentType, body: called.copy.text + rest, usage: told.usage, booked })
  }
  endStream(exchange, called, end.failure, rest)
}

/** `rest` is the end marker, or an event that broke off: before an error it is left out, because it would swallow it. */
function endStream(exchange: Exchange, called: Called, failure: UpstreamFailure | null, rest: string): void {
  if (failure === null) return called.answer.body.end(rest)
  exchange.context.metrics.happened('stream_broken')
  const { shape } = called.surface
  const error = brokenStream(failure)
  called.answer.body.end(called.answer.isArray ? `,${shape.body(error, exchange.requestId)}]` : shape.event(error, exchange.requestId))
}

/** An answer too large to hold has passed already; its usage stands near its end. */
async function finishPassed(exchange: Exchange, called: Called, end: Extract<AnswerEnd, { kind: 'passed' }>): Promise<void> {
  const at = end.tail.lastIndexOf('"usage"')
  const text = at < 0 ? '' : `{${end.tail.slice(at)}`
  readBodyUsage(called, text, topLevelMembers(text) ?? [])
  const reported = called.reader.usage()
  const usable = usableUsage(reported, called.surface)
  const observed: ObservedAnswer = { kind: 'pieces', text: end.tail, textLength: exchange.context.limits.jsonBufferBytesMax, pieces: 1 }
  const told = usable === null ? await countedFor(exchange, called, reported, observed) : { usage: usable, isEstimated: false }
  await settle(exchange, called, told, end.failure ?? 'complete')?.settled.written
  if (end.failure === null) called.answer.body.end('')
  else exchange.response.destroy()
}

/** An error costs nothing, unless the provider says that it does. */
async function finishError(exchange: Exchange, called: Called, end: Whole): Promise<void> {
  const text = end.body.toString('latin1')
  readBodyUsage(called, text, topLevelMembers(text) ?? [])
  const usage = usableUsage(called.reader.usage(), called.surface)
  const replaced = replacedAnswer(end.status, text)
  let headers: readonly string[] = decisionHeaders(called.authorization, called.known)
  if (usage === null) {
    recordFailure(exchange, called, { status: replaced?.status ?? end.status, error: replaced?.code ?? 'upstream_error', ending: 'error' })
  } else {
    const booked = settle(exchange, called, { usage, isEstimated: false }, 'error')
    await booked?.settled.written
    headers = chargeHeaders(called, booked)
  }
  if (replaced === null) return sendJson(exchange, end.status, end.body, [...withoutType(clientHeaders(end.headers)), ...headers], end.headers['content-type'])
  exchange.context.metrics.happened('upstream_account_refused')
  exchange.context.log.error({ request: exchange.requestId, upstream: called.model.target.config.name, status: end.status }, replaced.message)
  sendError(exchange, replaced, headers)
}

function releaseWith(exchange: Exchange, called: Called, error: ErrorAnswer): void {
  exchange.context.metrics.happened('upstream_failed')
  recordFailure(exchange, called, { status: error.status, error: error.code, ending: 'error' })
  sendError(exchange, error, decisionHeaders(called.authorization, called.known))
}

/** Usage that the request decides, or that we count, because the provider told none that could be used. */
async function countedFor(exchange: Exchange, called: Called, reported: ProviderUsage, observed: ObservedAnswer): Promise<Told> {
  const fixed = called.request.fixed?.(called.model.rate)
  if (fixed !== undefined && fixed.countsOutput !== true) return { usage: fixedUsage(reported, fixed, 0), isEstimated: fixed.isEstimated }
  const tokens = await estimateTokens(exchange.context, called, observed)
  return { usage: fixed === undefined ? countedUsage(reported, tokens) : fixedUsage(reported, fixed, tokens.output), isEstimated: true }
}

/** Usage that a stream told before it broke off: the input stands, the output is at least what was seen. */
async function completed(exchange: Exchange, called: Called, usage: ProviderUsage, observed: ObservedAnswer): Promise<Told> {
  const { output } = await estimateTokens(exchange.context, called, observed)
  const more = Math.max(0, output - outputTokens(usage.buckets))
  return { usage: { ...usage, buckets: { ...usage.buckets, output: (usage.buckets['output'] ?? 0) + more } }, isEstimated: true }
}

function readBodyUsage({ surface, reader }: Called, text: string, members: readonly Member[]): void {
  reader.add(surface.answer.tell({ value: (name) => valueOf(text, members, name), text: (name) => textOf(text, members, name) }))
}

function isErrorBody(usable: ProviderUsage | null, text: string, members: readonly Member[]): boolean {
  if (usable !== null) return false
  const error = valueOf(text, members, 'error')
  return typeof error === 'object' && error !== null
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

const QUOTE = 0x22

/** A plain string is cut out as it is: parsing it would cost more than all else that is read here. */
function textOf(text: string, members: readonly Member[], name: string): string | null {
  const member = memberNamed(members, name)
  if (member === undefined || text.charCodeAt(member.valueStart) !== QUOTE) return null
  const raw = text.slice(member.valueStart + 1, member.valueEnd - 1)
  return raw.includes('\\') ? ((valueOf(text, members, name) as string | undefined) ?? null) : raw
}

function withoutType(headers: readonly string[]): string[] {
  const kept: string[] = []
  for (let index = 0; index < headers.length; index += 2) if (headers[index] !== 'content-type') kept.push(headers[index]!, headers[index + 1]!)
  return kept
}
