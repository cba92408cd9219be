// Asks a provider for an admitted request, and asks again where nothing of an answer had come: another key, another upstream that
// lists the model, or after a while the same one. Bounds: attempts by the upstream's setting, all within a minute, and a share of the
// good answers, so that an outage is not made worse. The hold is raised for another upstream before it is asked; the attempt that
// counts is the one that `finish` gets, so that a request is settled once whatever was tried.

import { setTimeout as delay } from 'node:timers/promises'
import { jittered } from '../../platform/jitter.ts'
import { AnswerCopy } from '../cache/keep.ts'
import type { Exchange } from '../exchange.ts'
import { decisionHeaders, type Admitted } from '../flow/admitted.ts'
import { Answer, type AnswerEnd } from '../flow/answer.ts'
import type { Called } from '../flow/called.ts'
import { upstreamHeaders } from '../headers.ts'
import type { SurfaceRequest } from '../surface.ts'
import type { Target, TargetKey } from '../upstreams.ts'
import { boundQuantities } from '../usage-bound.ts'
import { chooseKey, chooseTarget, routingOf } from './choose.ts'
import { answered, enter, failed, isResting, REST_MS_MAX, takeRetry } from './health.ts'
import { verdictOf, type Verdict } from './verdict.ts'

export type Attempted = { readonly called: Called; readonly end: AnswerEnd }

/** Further attempts where nothing is set: with a client's own two that is nine. */
const RETRIES_DEFAULT = 2
/** No attempt begins later than this after its request: by then its client has gone. */
const RETRY_WITHIN_MS = 60_000
/** Wait before the same key is asked again, doubled each time; what asks for a longer one is passed on to the client. */
const WAIT_MS = 200
const WAIT_MS_MAX = 2_000
/** How long a key rests that was refused, or limited without saying for how long. */
const REFUSED_MS = 60_000
const LIMITED_MS = 1_000

export async function attempt(exchange: Exchange, admitted: Admitted): Promise<Attempted> {
  const called = ask(exchange, admitted, null)
  const end = await called.answer.ended
  const verdict = verdictOf(end, called.answer)
  if (verdict.kind !== 'fine') return again(exchange, { called, end, verdict })
  answered(called.model.target.health)
  return { called, end }
}

type Failed = Attempted & { readonly verdict: Verdict }

async function again(exchange: Exchange, first: Failed): Promise<Attempted> {
  const { context } = exchange
  const { retries } = routingOf(first.called.model.target)
  const asked = new Set<unknown>()
  let last = first
  for (let count = 0; ; count++) {
    note(exchange, last)
    asked.add(last.called.upstreamKey ?? last.called.model.target)
    if (!last.verdict.mayRepeat || count >= (retries ?? RETRIES_DEFAULT)) return last
    const next = nextOf(exchange, last, { asked, count, maySame: retries !== null })
    if (next === null || context.clock.now() - exchange.startedAt > RETRY_WITHIN_MS || !takeRetry(first.called.model.target.health)) return last
    if (next.waitMs > 0) await delay(next.waitMs)
    const admitted = await routed(exchange, last.called, next.target)
    if (admitted === null || exchange.response.destroyed || context.isClosing()) return last
    context.metrics.happened('upstream_retry')
    const { model, answer, upstreamKey, earlier } = last.called
    const told = { upstream: model.target.config.name, key: upstreamKey?.name ?? null, what: last.verdict.what, attempts: answer.attempts }
    const called = ask(exchange, { ...admitted, earlier: [...(earlier ?? []), told] }, next.key)
    const end = await called.answer.ended
    const verdict = verdictOf(end, called.answer)
    last = { called, end, verdict }
    if (verdict.kind !== 'fine') continue
    answered(model.target.health)
    return last
  }
}

/** Sends it; what rests is not asked, and has failed at once. */
function ask(exchange: Exchange, admitted: Admitted, wanted: TargetKey | null): Called {
  const { context } = exchange
  const { surface, request, model, authorization, place } = admitted
  const { target } = model
  const reader = surface.openReader(target.config.provider, request)
  const streamHeaders = () => {
    const told = decisionHeaders(authorization, admitted.known)
    return place === undefined ? told : [...told, 'x-tollgate-cache', 'miss']
  }
  const answer = new Answer(exchange, { surface, request, reader, streamHeaders, stopsWhenGone: admitted.known.catalog.stopsWhenGone === true })
  const upstreamKey = target.keys === null ? null : (wanted ?? pinnedKey(target.keys, request) ?? chooseKey(target.keys, context.clock.now()))
  const copy = place === undefined || !request.isStream ? null : new AnswerCopy()
  if (copy !== null) answer.body.copiesTo(copy)
  const called = { ...admitted, reader, answer, upstreamKey, ...(copy === null ? {} : { copy }) }
  if (!enter(target.health, context.clock.now())) {
    answer.onFailure('resting', new Error(`${target.config.name} failed several times in a row and rests for a moment`))
    return called
  }
  // A long stream that tries whether a rest is over has told it with its head.
  if (target.health.isTried) answer.tellsGood(() => answered(target.health))
  const { timeouts } = target
  const sent = request.ask(model.upstreamModel, authorization.degrade)
  answer.startedWith(
    target.upstream.send(
      {
        path: target.pathOf(sent.path, model.upstreamModel),
        headers: upstreamHeaders(exchange.request.headers, upstreamKey === null ? target : { ...target, headers: upstreamKey.headers }, sent.contentType),
        body: sent.body,
        headTimeoutMs: request.isStream ? timeouts.firstByteMs : timeouts.answerMs,
        idleTimeoutMs: timeouts.idleMs,
      },
      answer,
    ),
  )
  return called
}

function pinnedKey(keys: readonly TargetKey[], { pinned }: SurfaceRequest): TargetKey | undefined {
  return pinned === undefined ? undefined : keys.find(({ name }) => name === pinned.key)
}

/** What the failure says of key and upstream. One that nobody could stand in for rests only where it cannot be reached: a 500 may be the request's own doing. */
function note(exchange: Exchange, { called, verdict }: Failed): void {
  const { context } = exchange
  const { model: { target }, upstreamKey } = called
  const now = context.clock.now()
  if (verdict.kind === 'failing') {
    const isOwn = verdict.what === '500' && called.model.rivals.length === 0
    if (verdict.what === 'resting' || isOwn || !failed(target.health, now, verdict.what)) return
    context.metrics.happened('upstream_resting')
    context.log.warn({ upstream: target.config.name, failure: verdict.what, failures: target.health.failures, rests_ms: target.health.restsUntil - now }, 'an upstream rests: it failed several times in a row')
  } else if (upstreamKey !== null) {
    upstreamKey.restsUntil = now + (verdict.kind === 'refused' ? REFUSED_MS : Math.min(REST_MS_MAX, verdict.retryAfterMs ?? LIMITED_MS))
    upstreamKey.why = verdict.what
    context.log.warn({ upstream: target.config.name, key: upstreamKey.name, status: verdict.what, rests_ms: upstreamKey.restsUntil - now }, 'a key of an upstream rests')
  }
}

type Next = { readonly target: Target; readonly key: TargetKey | null; readonly waitMs: number }

/** Where a request goes next: what failed by its key tries another key first, what failed as a whole another upstream. */
function nextOf(exchange: Exchange, { called, verdict }: Failed, { asked, count, maySame }: { readonly asked: ReadonlySet<unknown>; readonly count: number; readonly maySame: boolean }): Next | null {
  const now = exchange.context.clock.now()
  const { target, rivals } = called.model
  const isPinned = called.request.pinned !== undefined
  const otherKey = () => {
    const keys = (target.keys ?? []).filter((key) => !asked.has(key) && key.restsUntil <= now)
    return keys.length === 0 || isPinned || isResting(target.health, now) ? null : { target, key: chooseKey(keys, now), waitMs: 0 }
  }
  const otherUpstream = () => {
    const others = rivals.filter((rival) => rival !== target && !(rival.keys ?? [rival]).every((one) => asked.has(one)) && !isResting(rival.health, now))
    if (others.length === 0 || isPinned) return null
    const chosen = chooseTarget(others, now)
    const keys = chosen.keys?.filter((key) => !asked.has(key)) ?? []
    return { target: chosen, key: keys.length === 0 ? null : chooseKey(keys, now), waitMs: 0 }
  }
  const same = () => {
    const waitMs = verdict.retryAfterMs ?? jittered(WAIT_MS * 2 ** count)
    const isWorth = verdict.kind === 'failing' || (verdict.kind === 'limited' && verdict.retryAfterMs !== null)
    return maySame && isWorth && waitMs <= WAIT_MS_MAX && !isResting(target.health, now + waitMs) ? { target, key: called.upstreamKey, waitMs } : null
  }
  return (verdict.kind === 'failing' ? (otherUpstream() ?? otherKey()) : (otherKey() ?? otherUpstream())) ?? same()
}

/** The request as it may go to that upstream: its hold covers what prices and limits make of it there. Null where it is not admitted so. */
async function routed(exchange: Exchange, called: Called, target: Target): Promise<Admitted | null> {
  const { model, dimensions, bound, known, surface, authorization } = called
  if (target === model.target) return called
  const there = { ...dimensions, provider: target.config.provider, upstream: target.config.name }
  const { node } = exchange.context
  const extended = await node.extend(authorization.reservation, { quantities: boundQuantities(bound, known.catalog, surface.event), dimensions: there })
  if (extended.kind !== 'allowed') return null
  await node.written()
  return { ...called, model: { ...model, target }, dimensions: there, authorization: { ...authorization, estimate: extended.estimate } }
}
