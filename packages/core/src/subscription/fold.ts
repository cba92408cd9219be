// Folds the facts of a customer into what was, is and will be: segments of state and plan, and the announcements that the outbox
// carries. A function of the set of facts and the instant alone: order of arrival, repetition and delay change nothing. Timers (end of
// trial, stages of dunning, scheduled changes, renewals) fire in their place between the facts.

import { assert } from '../assert.ts'
import type { Instant } from '../time.ts'
import { isOver, precedence, shownState } from './state.ts'
import type { Announcement } from './announcement.ts'
import type { Fact } from './fact.ts'
import { applyFact, applyTimer, beginLife, nextTimer, type Life } from './life.ts'
import { orderFacts } from './order.ts'
import type { Segment } from './timeline.ts'

/** Arithmetic of the customer's calendar, given by the shell because it needs Temporal. */
export type Calendar = {
  readonly addDays: (at: Instant, days: number) => Instant
  /** The first boundary of the periods of this anchor after `at`. */
  readonly nextPeriod: (anchorAt: Instant, every: 'month' | 'year', at: Instant) => Instant
}

/** In place of a subscription: a fact about all of a customer's, such as a dispute; or about all that one provider bills. */
export const EVERY = '*'
export function everyOf(source: Fact['source']): string {
  return `*${source}`
}

function isShared(subscription: string): boolean {
  return subscription.startsWith(EVERY)
}

export type Folded = {
  /** In order of time, without gaps; the first also holds all time before it. Empty without facts. */
  readonly segments: readonly Segment[]
  /** All that was due up to now, in the order in which it happened. */
  readonly announcements: readonly Announcement[]
  /** When something happens by itself next; null for never. */
  readonly nextAt: Instant | null
  /** Instants whose messages could not be ordered: the provider should be asked. */
  readonly undecided: readonly { readonly subscription: string; readonly at: Instant }[]
}

/** Timers of one life up to a moment: a yearly notice list and a century of months stay far below it. */
const TIMERS_MAX = 10_000

export function fold(facts: readonly Fact[], now: Instant, calendar: Calendar): Folded {
  const grouped = Map.groupBy(facts, ({ subscription }) => subscription)
  const lives = [...grouped]
    .filter(([subscription]) => !isShared(subscription))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, own]) => foldLife([...own, ...(grouped.get(EVERY) ?? []), ...(grouped.get(everyOf(own[0]!.source)) ?? [])], own[0]!.subscription, now, calendar))
  const nexts = lives.flatMap(({ nextAt }) => (nextAt === null ? [] : [nextAt]))
  return {
    segments: merge(lives.map(({ segments }) => segments)),
    announcements: lives.flatMap(({ announcements }) => announcements).sort((a, b) => a.at - b.at),
    nextAt: nexts.length === 0 ? null : (Math.min(...nexts) as Instant),
    undecided: lives.flatMap(({ undecided }) => undecided),
  }
}

function foldLife(facts: readonly Fact[], subscription: string, now: Instant, calendar: Calendar): Folded {
  const { facts: ordered, undecided } = orderFacts(facts)
  const first = ordered[0]
  assert(first !== undefined, 'a subscription without facts')
  const life = beginLife(subscription, ordered)
  const walk: Walk = { life, calendar, facts: withBeginning(ordered, life.startedAt), segments: [], announcements: [] }
  const nextAt = advance(walk, { until: now, renewals: true })
  const announcements = [...walk.announcements]
  // Renewals go on for ever and change no state: what lies ahead is folded without them.
  advance(walk, { until: FOREVER, renewals: false })
  // What was read from the provider afterwards settles what its messages left open.
  const isOpen = (at: Instant) => !ordered.some(({ body, at: known }) => body.kind === 'provider_state' && body.fetched && known >= at)
  return { segments: walk.segments, announcements, nextAt, undecided: undecided.filter(isOpen).map((at) => ({ subscription, at })) }
}

type Walk = { readonly life: Life; readonly calendar: Calendar; readonly facts: Fact[]; readonly segments: Segment[]; readonly announcements: Announcement[] }

const FOREVER = Infinity as Instant

/** Facts and timers up to a moment, facts first where both fall on one instant. Returns when the next one is due. */
function advance({ life, calendar, facts, segments, announcements }: Walk, { until, renewals }: { readonly until: Instant; readonly renewals: boolean }): Instant | null {
  for (let turn = 0; ; turn++) {
    assert(turn < TIMERS_MAX, `subscription ${life.subscription} never comes to rest`)
    const [fact] = facts
    const timer = nextTimer(life, { renewals, calendar })
    const isFact = fact !== undefined && (timer === null || fact.at <= timer.at)
    const at = isFact ? fact.at : (timer?.at ?? null)
    if (at === null || at > until) return at
    announcements.push(...(isFact ? applyFact(life, facts.shift()!, calendar) : applyTimer(life, timer!, calendar)))
    note(segments, life)
  }
}

/** Where the first message that we have is not the first that was sent, it still says what was before it, and since when. */
function withBeginning(ordered: readonly Fact[], startedAt: Instant): Fact[] {
  const first = ordered.find(({ body }) => body.kind === 'provider_state')
  if (first?.body.kind !== 'provider_state' || (first.body.before === null && first.at === startedAt) || ordered.some(({ body }) => body.kind === 'started')) return [...ordered]
  const beginning: Fact = { ...first, id: `${first.id}:beginning`, at: startedAt, body: { ...first.body, after: first.body.before ?? first.body.after, before: null, stage: 'created' } }
  const index = ordered.findIndex(({ at }) => at >= startedAt)
  return [...ordered.slice(0, index), beginning, ...ordered.slice(index)]
}

/** A segment for each change of what is seen; several at one instant are one. */
function note(segments: Segment[], life: Life): void {
  if (!life.begun) return
  const segment: Segment = {
    from: segments.length === 0 ? life.startedAt : life.at,
    subscription: life.subscription,
    source: life.source,
    state: shownState(life.machine),
    plan: life.plan,
    seats: life.seats,
    addOns: life.addOns,
    anchorAt: life.anchorAt,
    startedAt: life.startedAt,
    reason: life.reason,
    trialEndsAt: life.machine.base === 'trialing' ? life.trialEndsAt : null,
    graceEndsAt: life.machine.base === 'grace' ? (life.dunning.find(({ action }) => action === 'suspend')?.at ?? null) : null,
    cancelAt: isOver(life.machine.base) ? null : life.cancelAt,
    resumesAt: life.machine.base === 'paused' ? life.resumesAt : null,
    scheduled: life.scheduled,
    blocks: life.machine.blocks,
  }
  const last = segments.at(-1)
  if (last !== undefined && JSON.stringify({ ...last, from: 0 }) === JSON.stringify({ ...segment, from: 0 })) return
  if (last?.from === segment.from) segments.pop()
  segments.push(segment)
}

/** One line out of several lives: at each instant the one that gives most, of equals the one that somebody bills, then the one that began last. */
function merge(lives: readonly (readonly Segment[])[]): Segment[] {
  if (lives.length === 1) return [...lives[0]!]
  const moments = [...new Set(lives.flatMap((segments) => segments.map(({ from }) => from)))].sort((a, b) => a - b)
  const merged: Segment[] = []
  for (const at of moments) {
    const running = lives.flatMap((segments) => segments.findLast(({ from }) => from <= at) ?? [])
    const best = running.reduce((one, other) => (isBetter(other, one) ? other : one))
    const last = merged.at(-1)
    if (last === undefined || last.subscription !== best.subscription || best.from === at) merged.push({ ...best, from: at })
  }
  return merged
}

function isBetter(a: Segment, b: Segment): boolean {
  const order = precedence(a.state) - precedence(b.state) || Number(a.source !== 'tollgate') - Number(b.source !== 'tollgate') || a.startedAt - b.startedAt
  return order === 0 ? a.subscription > b.subscription : order > 0
}
