// One subscription while it is folded: its working state, what each fact does to it, and its timers. Changes of state go through the
// table of state.ts only; what is announced is returned, never sent.

import { assert } from '../assert.ts'
import { instant, type Instant } from '../time.ts'
import type { Announcement, AnnouncementData } from './announcement.ts'
import type { AddOnQuantity, Fact, FactBody, FactSource, PlanChange, ProviderState, Terms } from './fact.ts'
import type { Calendar } from './fold.ts'
import { isOver, shownState, stepSubscription, type MachineEvent, type MachineState } from './state.ts'

export type Life = {
  readonly subscription: string
  readonly source: FactSource
  begun: boolean
  machine: MachineState
  plan: string
  seats: number
  addOns: readonly AddOnQuantity[]
  terms: Terms
  anchorAt: Instant
  startedAt: Instant
  trialEndsAt: Instant | null
  cancelAt: Instant | null
  resumesAt: Instant | null
  endsAt: Instant | null
  scheduled: { readonly id: string; readonly at: Instant; readonly change: PlanChange }[]
  /** Stages still to come since the first failed payment. */
  dunning: { readonly at: Instant; readonly day: number; readonly action: Terms['dunning'][number]['action']; readonly message: string | null }[]
  /** What the tenant is told ahead, still to come. */
  notices: { readonly at: Instant; readonly takesEffectAt: Instant }[]
  renewsAt: Instant | null
  reason: string
  /** Instant of the last thing that happened. */
  at: Instant
}

export type Timer = { readonly at: Instant; readonly kind: 'scheduled' | 'cancel' | 'term' | 'trial' | 'dunning' | 'resume' | 'renew' | 'notice' }

const EMPTY_TERMS: Terms = { dunning: [], trialNotices: [], trialEnd: 'activate', disputeLost: 'suspend', every: 'month' }

/** Before its first fact: nothing of it is seen yet. */
export function beginLife(subscription: string, facts: readonly Fact[]): Life {
  const own = facts.filter((fact) => fact.subscription === subscription)
  const first = own[0]!
  // The provider says when it began in each of its messages: whichever came first, the beginning is the same.
  const starts = own.flatMap(({ at, body }) => (body.kind === 'provider_state' ? [Math.min(body.startedAt, at)] : body.kind === 'started' ? [at] : []))
  const startedAt = instant(starts.length === 0 ? first.at : Math.min(...starts))
  return {
    subscription, source: first.source, begun: false, machine: { base: 'incomplete', blocks: [] }, plan: '', seats: 1, addOns: [], terms: EMPTY_TERMS,
    anchorAt: startedAt, startedAt, trialEndsAt: null, cancelAt: null, resumesAt: null, endsAt: null, scheduled: [], dunning: [], notices: [], renewsAt: null, reason: first.reason, at: instant(0),
  }
}

export function applyFact(life: Life, fact: Fact, calendar: Calendar): Announcement[] {
  life.at = fact.at
  const { body } = fact
  const heard: Announcement[] = []
  const tell = teller(life, heard, fact.reason)
  switch (body.kind) {
    case 'started':
      return begin(life, body, { tell, calendar, heard, reason: fact.reason })
    case 'provider_state':
      return mirror(life, body, { tell, calendar, heard, reason: fact.reason })
    case 'plan_changed':
      change(life, body.change, { tell, calendar })
      break
    case 'change_scheduled':
      if (isOver(life.machine.base)) break
      life.scheduled = [...life.scheduled.filter(({ id }) => id !== body.schedule), { id: body.schedule, at: body.takesEffectAt, change: body.change }].sort((a, b) => a.at - b.at)
      tell('subscription.change_scheduled', { schedule: body.schedule, takesEffectAt: body.takesEffectAt, ...changeData(body.change) })
      break
    case 'change_unscheduled':
      if (!life.scheduled.some(({ id }) => id === body.schedule)) break
      life.scheduled = life.scheduled.filter(({ id }) => id !== body.schedule)
      tell('subscription.change_unscheduled', { schedule: body.schedule })
      break
    case 'cancellation_scheduled':
      scheduleCancellation(life, body.takesEffectAt, tell)
      break
    case 'cancellation_unscheduled':
      scheduleCancellation(life, null, tell)
      break
    case 'trial_extended':
      if (life.machine.base !== 'trialing') break
      setTrial(life, body.trialEndsAt, calendar)
      tell('subscription.trial_extended', { takesEffectAt: body.trialEndsAt })
      break
    case 'paused':
      life.resumesAt = body.resumesAt
      move(life, { kind: 'paused' }, { tell, calendar, reason: fact.reason })
      break
    case 'dispute_opened':
    case 'dispute_won':
    case 'dispute_lost':
    case 'hold_placed':
    case 'hold_lifted':
      move(life, { kind: body.kind, ref: body.ref, lost: life.terms.disputeLost }, { tell, calendar, reason: fact.reason })
      break
    default:
      move(life, { kind: body.kind }, { tell, calendar, reason: fact.reason })
  }
  return heard
}

/** What happens by itself next. Renewals change no state, never end, and can be left out. */
export function nextTimer(life: Life, { renewals, calendar }: { readonly renewals: boolean; readonly calendar: Calendar }): Timer | null {
  if (!life.begun || isOver(life.machine.base)) return null
  const { base } = life.machine
  const timers: { readonly at: Instant | null | undefined; readonly kind: Timer['kind'] }[] = [
    { kind: 'scheduled', at: life.scheduled[0]?.at },
    { kind: 'cancel', at: life.cancelAt },
    { kind: 'term', at: life.endsAt },
    { kind: 'trial', at: base === 'trialing' ? life.trialEndsAt : null },
    { kind: 'dunning', at: life.dunning[0]?.at },
    { kind: 'resume', at: base === 'paused' ? life.resumesAt : null },
    { kind: 'notice', at: base === 'trialing' ? life.notices[0]?.at : null },
  ]
  if (renewals) {
    life.renewsAt ??= calendar.nextPeriod(life.anchorAt, life.terms.every, life.at)
    timers.push({ kind: 'renew', at: base === 'trialing' || base === 'incomplete' ? null : life.renewsAt })
  }
  let next: Timer | null = null
  for (const { at, kind } of timers) if (at !== null && at !== undefined && (next === null || at < next.at)) next = { at, kind }
  return next
}

export function applyTimer(life: Life, timer: Timer, calendar: Calendar): Announcement[] {
  // A timer set in the past, such as a schedule that was recorded late, fires when it is seen.
  life.at = instant(Math.max(timer.at, life.at))
  const heard: Announcement[] = []
  const go = (event: MachineEvent, reason: string) => move(life, event, { tell: teller(life, heard, reason), calendar, reason })
  switch (timer.kind) {
    case 'scheduled': {
      const [due, ...later] = life.scheduled
      life.scheduled = later
      change(life, due!.change, { tell: teller(life, heard, 'a scheduled change took effect'), calendar })
      break
    }
    case 'cancel':
      go({ kind: 'cancelled' }, 'the scheduled cancellation took effect')
      break
    case 'term':
      go({ kind: 'term_ended' }, life.machine.base === 'incomplete' ? 'the first payment did not come in time' : 'the agreed term ended')
      break
    case 'trial':
      endTrial(life, go)
      break
    case 'dunning':
      dun(life, heard, go)
      break
    case 'resume':
      go({ kind: 'resumed' }, 'the pause ended as agreed')
      break
    case 'renew': {
      const start = life.renewsAt!
      life.renewsAt = calendar.nextPeriod(life.anchorAt, life.terms.every, start)
      if (life.machine.base === 'active' || life.machine.base === 'grace') teller(life, heard, 'a new billing period began')('subscription.renewed', { period: { start, end: life.renewsAt } })
      break
    }
    case 'notice':
      teller(life, heard, 'the trial ends soon')('subscription.trial_ending', { takesEffectAt: life.notices.shift()!.takesEffectAt })
  }
  return heard
}

type Tell = (name: string, data?: AnnouncementData) => void
type Context = { readonly tell: Tell; readonly calendar: Calendar; readonly reason: string }

function teller(life: Life, heard: Announcement[], reason: string): Tell {
  return (name, data = {}) => heard.push({ name, subscription: life.subscription, at: life.at, state: shownState(life.machine), plan: life.plan, reason, data })
}

function move(life: Life, event: MachineEvent, { tell, calendar, reason }: Context): void {
  const before = life.machine
  const { state, effects } = stepSubscription(before, event)
  life.machine = state
  const changed = state !== before
  if (changed) life.reason = reason
  for (const effect of effects) {
    if (effect.kind === 'start_dunning') life.dunning = life.terms.dunning.map((stage) => ({ ...stage, at: calendar.addDays(life.at, stage.day) }))
    if (effect.kind === 'stop_dunning') life.dunning = []
  }
  // A plan without a single day of grace passes through it in no time: only where it ends is told.
  if (state.base === 'grace' && life.dunning.some(({ action, at }) => action === 'suspend' && at <= life.at)) {
    life.machine = stepSubscription(state, { kind: 'grace_ended' }).state
    life.dunning = life.dunning.filter(({ action }) => action === 'cancel')
    if (shownState(before) !== shownState(life.machine)) tell('subscription.suspended')
    return
  }
  for (const effect of effects) if (effect.kind === 'announce') tell(effect.name, dataOf(life, effect.name))
  if (changed && isOver(state.base)) Object.assign(life, { scheduled: [], dunning: [], cancelAt: null, resumesAt: null, notices: [] })
}

function dataOf(life: Life, name: string): AnnouncementData {
  if (name === 'subscription.grace_entered') return { takesEffectAt: life.dunning.find(({ action }) => action === 'suspend')?.at ?? null }
  if (name === 'subscription.trial_started') return { takesEffectAt: life.trialEndsAt }
  return {}
}

function begin(life: Life, body: Extract<FactBody, { readonly kind: 'started' }>, context: Context & { readonly heard: Announcement[] }): Announcement[] {
  if (life.begun) return []
  const { plan, seats, addOns, terms, anchorAt, endsAt } = body
  Object.assign(life, { plan, seats, addOns, terms, anchorAt, endsAt, begun: true })
  setTrial(life, body.trialEndsAt, context.calendar)
  if (body.awaitsPayment) context.tell('subscription.incomplete')
  else move(life, { kind: body.trialEndsAt === null ? 'activated' : 'trial_started' }, context)
  return withBeginning(life, context)
}

/** The beginning is told first, with the state in which it left it; that it is active needs no second word. */
function withBeginning(life: Life, { heard, reason }: { readonly heard: readonly Announcement[]; readonly reason: string }): Announcement[] {
  const beginning: Announcement[] = []
  teller(life, beginning, reason)('subscription.created', { plan: life.plan, seats: life.seats, addOns: life.addOns })
  return [...beginning, ...heard.filter(({ name }) => name !== 'subscription.activated')]
}

function setTrial(life: Life, endsAt: Instant | null, calendar: Calendar): void {
  life.trialEndsAt = endsAt
  life.notices = endsAt === null ? [] : life.terms.trialNotices.map((days) => ({ at: calendar.addDays(endsAt, -days), takesEffectAt: endsAt })).filter(({ at }) => at > life.at).sort((a, b) => a.at - b.at)
}

function endTrial(life: Life, go: (event: MachineEvent, reason: string) => void): void {
  // Of an agreement that a provider bills the provider decides what follows; until it is heard, access goes on.
  const end = life.source === 'tollgate' ? life.terms.trialEnd : 'activate'
  if (end === 'activate') {
    if (life.source === 'tollgate') anchor(life, life.at)
    go({ kind: 'trial_converted' }, 'the trial ended and the paid period began')
  } else if (end === 'pause') go({ kind: 'paused' }, 'the trial ended without a payment')
  else if (end === 'cancel') go({ kind: 'cancelled' }, 'the trial ended')
  else go({ kind: 'trial_ended' }, 'the trial ended')
}

function dun(life: Life, heard: Announcement[], go: (event: MachineEvent, reason: string) => void): void {
  const stage = life.dunning.shift()
  assert(stage !== undefined, 'a stage of dunning that is not there')
  const day = `day ${stage.day} after the failed payment`
  if (stage.action === 'suspend') go({ kind: 'grace_ended' }, `nothing was paid until ${day}`)
  else if (stage.action === 'cancel') go({ kind: 'cancelled' }, `nothing was paid until ${day}`)
  else teller(life, heard, `${day}: the tenant is told`)('subscription.payment_reminder', { day: stage.day, takesEffectAt: life.dunning.find(({ action }) => action === 'suspend')?.at ?? null, ...(stage.message === null ? {} : { message: stage.message }) })
}

/** New plan, seats and add-ons at once; only what differs is told. */
function change(life: Life, { plan, seats, addOns, terms }: PlanChange, { tell, calendar }: Pick<Context, 'tell' | 'calendar'>): void {
  if (terms !== undefined) {
    const isOtherLength = terms.every !== life.terms.every
    life.terms = terms
    if (isOtherLength) life.renewsAt = null
    // A period of another length begins here. Of what a provider bills the provider says where periods begin.
    if (isOtherLength && life.source === 'tollgate') anchorTo(life, life.at, calendar)
  }
  if (plan !== undefined && plan !== life.plan) {
    life.plan = plan
    tell('subscription.plan_changed', { plan })
  }
  if (seats !== undefined && seats !== life.seats) {
    life.seats = seats
    tell('subscription.seats_changed', { seats })
  }
  if (addOns !== undefined && !isSameAddOns(addOns, life.addOns)) {
    life.addOns = addOns
    tell('subscription.add_ons_changed', { addOns })
  }
}

function changeData({ plan, seats, addOns }: PlanChange): AnnouncementData {
  return { ...(plan === undefined ? {} : { plan }), ...(seats === undefined ? {} : { seats }), ...(addOns === undefined ? {} : { addOns }) }
}

function scheduleCancellation(life: Life, at: Instant | null, tell: Tell): void {
  if (isOver(life.machine.base) || life.cancelAt === at) return
  life.cancelAt = at
  if (at === null) tell('subscription.cancellation_unscheduled')
  else tell('subscription.cancellation_scheduled', { takesEffectAt: at })
}

/** Which event brings the machine to what the provider shows. */
const EVENT_OF: Readonly<Record<ProviderState['status'], Extract<MachineEvent, { readonly kind: unknown }>['kind'] | null>> = {
  incomplete: null, trialing: 'trial_started', active: 'activated', past_due: 'payment_failed', unpaid: 'collection_stopped', paused: 'paused', cancelled: 'cancelled', expired: 'term_ended',
}

/** Takes over what the provider shows. */
function mirror(life: Life, body: Extract<FactBody, { readonly kind: 'provider_state' }>, context: Context & { readonly heard: Announcement[] }): Announcement[] {
  const { after } = body
  if (!life.begun) {
    Object.assign(life, { begun: true, plan: after.plan, seats: after.seats, addOns: after.addOns, terms: body.terms, anchorAt: after.periodStart ?? life.startedAt })
    if (after.status === 'incomplete') context.tell('subscription.incomplete')
    take(life, after, context)
    return withBeginning(life, context)
  }
  change(life, { plan: after.plan, seats: after.seats, addOns: after.addOns, terms: body.terms }, context)
  take(life, after, context)
  return context.heard
}

function take(life: Life, state: ProviderState, context: Context): void {
  if (state.periodStart !== null) anchorTo(life, state.periodStart, context.calendar)
  if (state.trialEndsAt !== life.trialEndsAt) setTrial(life, state.trialEndsAt, context.calendar)
  life.resumesAt = state.resumesAt
  const kind = EVENT_OF[state.status]
  if (kind !== null && !(kind === 'payment_failed' && life.machine.base === 'incomplete')) move(life, { kind } as MachineEvent, context)
  if (state.status !== 'cancelled' && state.status !== 'expired') scheduleCancellation(life, state.cancelAt, context.tell)
}

/** A day 31 that the provider shows as 28 in February is no new anchor. */
function anchorTo(life: Life, periodStart: Instant, calendar: Calendar): void {
  if (periodStart === life.anchorAt) return
  const isBoundary = periodStart > life.anchorAt && calendar.nextPeriod(life.anchorAt, life.terms.every, instant(periodStart - 1)) === periodStart
  if (!isBoundary) anchor(life, periodStart)
}

function anchor(life: Life, at: Instant): void {
  life.anchorAt = at
  life.renewsAt = null
}

function isSameAddOns(a: readonly AddOnQuantity[], b: readonly AddOnQuantity[]): boolean {
  const text = (list: readonly AddOnQuantity[]) => JSON.stringify([...list].sort((one, other) => (one.id < other.id ? -1 : 1)).map(({ id, quantity }) => [id, quantity]))
  return text(a) === text(b)
}
