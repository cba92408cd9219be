// A subscription's facts folded into its past, present and future. Each case is a life in a line, and its history is read back in one.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { formatInstant, instant, type Instant } from '../time.ts'
import { calendarOf } from './calendar.ts'
import type { Fact, FactBody, ProviderState, Terms } from './fact.ts'
import { fold } from './fold.ts'
import { segmentAt } from './timeline.ts'

const DAY = 86_400_000
const T0 = Date.parse('2026-01-10T10:00:00Z')
const day = (days: number): Instant => instant(T0 + days * DAY)
const TERMS: Terms = {
  dunning: [
    { day: 0, action: 'notify', message: null },
    { day: 3, action: 'notify', message: 'last call' },
    { day: 7, action: 'suspend', message: null },
    { day: 20, action: 'cancel', message: null },
  ],
  trialNotices: [3],
  trialEnd: 'activate',
  disputeLost: 'suspend',
  every: 'month',
}

const fact = (at: number, body: FactBody, more: Partial<Fact> = {}): Fact => ({ id: `${at} ${JSON.stringify(body)}`, subscription: 'sub_1', source: 'tollgate', at: day(at), reason: body.kind, body, ...more })
const started = (more: Partial<Extract<FactBody, { kind: 'started' }>> = {}, terms: Partial<Terms> = {}): FactBody => ({
  kind: 'started', plan: 'pro', seats: 1, addOns: [], terms: { ...TERMS, ...terms }, anchorAt: day(0), trialEndsAt: null, awaitsPayment: false, endsAt: null, ...more,
})
const failed: FactBody = { kind: 'payment_failed', invoice: 'in_1' }
const paid: FactBody = { kind: 'payment_succeeded', invoice: 'in_1' }

/** `created@0 grace_entered@5 …`, renewals left out unless asked for. */
function history(facts: readonly Fact[], until: number, renewals = false): string {
  return fold(facts, day(until), calendarOf('UTC')).announcements
    .filter(({ name }) => renewals || name !== 'subscription.renewed')
    .map(({ name, at }) => `${name.replace('subscription.', '')}@${(at - T0) / DAY}`)
    .join(' ')
}

function states(facts: readonly Fact[]): string {
  return fold(facts, day(0), calendarOf('UTC')).segments.map(({ state, plan, from }) => `${state} ${plan}@${(from - T0) / DAY}`).join(' · ')
}

test('grace runs by the days of the plan, tells on its days, and ends in suspension, then in cancellation', () => {
  const life = [fact(0, started()), fact(5, failed)]
  expect(history(life, 100)).toBe('created@0 grace_entered@5 payment_reminder@5 payment_reminder@8 suspended@12 cancelled@25')
  expect(history(life, 8)).toBe('created@0 grace_entered@5 payment_reminder@5 payment_reminder@8')
  expect(states(life)).toBe('active pro@0 · grace pro@5 · suspended pro@12 · cancelled pro@25')
})

test('a payment ends grace and suspension, and another failure starts grace anew', () => {
  expect(history([fact(0, started()), fact(5, failed), fact(6, paid), fact(9, failed)], 10)).toBe('created@0 grace_entered@5 payment_reminder@5 recovered@6 grace_entered@9 payment_reminder@9')
  expect(history([fact(0, started()), fact(5, failed), fact(14, paid)], 40)).toBe('created@0 grace_entered@5 payment_reminder@5 payment_reminder@8 suspended@12 recovered@14')
})

test('a plan without grace suspends at once', () => {
  expect(history([fact(0, started({}, { dunning: [{ day: 0, action: 'suspend', message: null }] })), fact(5, failed)], 6)).toBe('created@0 suspended@5')
})

test('a trial is told to end, and its end does what the plan says', () => {
  const end = (trialEnd: Terms['trialEnd']) => history([fact(0, started({ trialEndsAt: day(14) }, { trialEnd }))], 30)
  expect(end('activate')).toBe('created@0 trial_started@0 trial_ending@11 trial_converted@14')
  expect(end('pause')).toBe('created@0 trial_started@0 trial_ending@11 paused@14')
  expect(end('cancel')).toBe('created@0 trial_started@0 trial_ending@11 cancelled@14')
  expect(end('expire')).toBe('created@0 trial_started@0 trial_ending@11 expired@14')
})

test('the paid period of a converted trial counts from its end', () => {
  const life = [fact(0, started({ trialEndsAt: day(14) }))]
  expect(history(life, 50, true)).toBe('created@0 trial_started@0 trial_ending@11 trial_converted@14 renewed@45')
  expect(segmentAt(fold(life, day(20), calendarOf('UTC')).segments, day(20))?.anchorAt).toBe(day(14))
})

test('what waits for its first payment is paid or expires', () => {
  const life = [fact(0, started({ awaitsPayment: true, endsAt: day(1) }))]
  expect(history(life, 5)).toBe('created@0 incomplete@0 expired@1')
  expect(history([fact(0, started({ awaitsPayment: true })), fact(0.5, failed), fact(0.7, paid)], 5)).toBe('created@0 incomplete@0 activated@0.7')
})

test('a dispute hides what is under it, and what happened meanwhile is shown when it ends', () => {
  const opened = fact(4, { kind: 'dispute_opened', ref: 'dp_1' })
  const won = fact(9, { kind: 'dispute_won', ref: 'dp_1' })
  expect(history([fact(0, started()), opened, won], 10)).toBe('created@0 disputed@4 dispute_resolved@9')
  expect(history([fact(0, started()), opened, fact(5, failed), won], 10)).toBe('created@0 disputed@4 payment_reminder@5 payment_reminder@8 grace_entered@9')
  const lost = fact(9, { kind: 'dispute_lost', ref: 'dp_1' })
  expect(history([fact(0, started()), opened, lost], 10)).toBe('created@0 disputed@4 suspended@9')
  expect(history([fact(0, started({}, { disputeLost: 'cancel' })), opened, lost], 10)).toBe('created@0 disputed@4 cancelled@9')
  expect(history([fact(0, started({}, { disputeLost: 'nothing' })), opened, lost], 10)).toBe('created@0 disputed@4 dispute_resolved@9')
})

test('a hold of the operator suspends until it is lifted, also while a payment comes', () => {
  expect(history([fact(0, started()), fact(1, { kind: 'hold_placed', ref: 'operator' }), fact(2, paid), fact(3, { kind: 'hold_lifted', ref: 'operator' })], 9)).toBe('created@0 suspended@1 recovered@3')
})

test('scheduled changes and cancellations take effect by themselves, unless they are taken back', () => {
  const downgrade = fact(3, { kind: 'change_scheduled', schedule: 'a', takesEffectAt: day(31), change: { plan: 'free' } })
  expect(states([fact(0, started()), downgrade])).toBe('active pro@0 · active pro@3 · active free@31')
  expect(history([fact(0, started()), downgrade], 40)).toBe('created@0 change_scheduled@3 plan_changed@31')
  expect(history([fact(0, started()), downgrade, fact(4, { kind: 'change_unscheduled', schedule: 'a' })], 40)).toBe('created@0 change_scheduled@3 change_unscheduled@4')
  const ends = fact(3, { kind: 'cancellation_scheduled', takesEffectAt: day(31) })
  expect(history([fact(0, started()), ends], 40)).toBe('created@0 cancellation_scheduled@3 cancelled@31')
  expect(history([fact(0, started()), ends, fact(5, { kind: 'cancellation_unscheduled' })], 40)).toBe('created@0 cancellation_scheduled@3 cancellation_unscheduled@5')
  expect(history([fact(0, started()), fact(3, { kind: 'cancelled' }), fact(6, { kind: 'reactivated' })], 40)).toBe('created@0 cancelled@3 reactivated@6')
})

test('a pause ends when it was agreed to end', () => {
  expect(history([fact(0, started()), fact(3, { kind: 'paused', resumesAt: day(10) })], 40)).toBe('created@0 paused@3 resumed@10')
})

test('seats and add-ons are told when they differ', () => {
  const change = (at: number, seats: number, quantity: number): Fact => fact(at, { kind: 'plan_changed', change: { seats, addOns: [{ id: 'more', quantity }] } })
  expect(history([fact(0, started()), change(1, 5, 2), change(2, 5, 2), change(3, 4, 2)], 9)).toBe('created@0 seats_changed@1 add_ons_changed@1 seats_changed@3')
})

test('renewals follow the calendar over a change of clocks and the ends of months', () => {
  const anchorAt = instant(Date.parse('2026-01-31T01:30:00Z'))
  const life: Fact[] = [{ ...fact(0, started({ anchorAt })), at: anchorAt }]
  const { announcements, nextAt } = fold(life, instant(Date.parse('2026-05-01T00:00:00Z')), calendarOf('Europe/Berlin'))
  expect(announcements.filter(({ name }) => name === 'subscription.renewed').map(({ at }) => formatInstant(at).slice(0, 16))).toEqual(['2026-02-28T01:30', '2026-03-31T00:30', '2026-04-30T00:30'])
  expect(formatInstant(nextAt!)).toBe('2026-05-31T00:30:00.000Z')
})

const STATE: ProviderState = { status: 'active', plan: 'pro', seats: 1, addOns: [], trialEndsAt: null, periodStart: null, cancelAt: null, resumesAt: null }
let messages = 0
const shown = (at: number, after: Partial<ProviderState>, before: Partial<ProviderState> | null, stage: 'created' | 'changed' | 'ended' = 'changed', subscription = 'sub_p'): Fact => ({
  id: `evt_${(messages += 1)}`, subscription, source: 'stripe', at: day(at), reason: `the provider shows ${after.status ?? 'active'}`,
  body: { kind: 'provider_state', after: { ...STATE, ...after }, before: before === null ? null : { ...STATE, ...before }, stage, terms: TERMS, fetched: false, startedAt: day(0) },
})

const LIFE: readonly Fact[] = [
  shown(0, { status: 'trialing', trialEndsAt: day(14) }, null, 'created'),
  shown(14, { status: 'active', trialEndsAt: day(14) }, { status: 'trialing', trialEndsAt: day(14) }),
  shown(45, { status: 'past_due', trialEndsAt: day(14) }, { status: 'active', trialEndsAt: day(14) }),
  { ...fact(45, failed), subscription: 'sub_p' },
  { ...fact(47, paid), subscription: 'sub_p' },
  shown(47, { status: 'active', trialEndsAt: day(14) }, { status: 'past_due', trialEndsAt: day(14) }),
  shown(60, { status: 'active', plan: 'team', trialEndsAt: day(14) }, { status: 'active', trialEndsAt: day(14) }),
  { ...fact(70, { kind: 'dispute_opened', ref: 'dp_1' }), subscription: 'sub_p' },
  { ...fact(80, { kind: 'dispute_won', ref: 'dp_1' }), subscription: 'sub_p' },
  shown(90, { status: 'active', plan: 'team', trialEndsAt: day(14), cancelAt: day(104) }, { status: 'active', plan: 'team', trialEndsAt: day(14) }),
  shown(104, { status: 'cancelled', plan: 'team', trialEndsAt: day(14) }, null, 'ended'),
]

test('a life as the provider tells it', () => {
  expect(history(LIFE, 120)).toBe(
    'created@0 trial_started@0 trial_ending@11 trial_converted@14 grace_entered@45 payment_reminder@45 recovered@47 plan_changed@60 disputed@70 dispute_resolved@80 cancellation_scheduled@90 cancelled@104',
  )
})

test('any order and any repetition of the facts gives the same history', () => {
  const expected = fold(LIFE, day(120), calendarOf('UTC'))
  fc.assert(
    fc.property(fc.shuffledSubarray([...LIFE], { minLength: LIFE.length }), fc.array(fc.constantFrom(...LIFE), { maxLength: 5 }), (order, again) => {
      expect(fold([...order, ...again], day(120), calendarOf('UTC'))).toEqual(expected)
    }),
  )
})

test('messages of one second are ordered by what each says was before it', () => {
  const incomplete = shown(0, { status: 'incomplete' }, null, 'created')
  const active = shown(0, { status: 'active' }, { status: 'incomplete' })
  const seats = shown(0, { status: 'active', seats: 3 }, { status: 'active' })
  fc.assert(
    fc.property(fc.shuffledSubarray([incomplete, active, seats], { minLength: 3 }), (order) => {
      const { segments, undecided } = fold(order, day(1), calendarOf('UTC'))
      expect(segments.at(-1)).toMatchObject({ state: 'active', seats: 3 })
      expect(undecided).toEqual([])
    }),
  )
})

test('where a second cannot be ordered the more generous state stands, and the provider is to be asked', () => {
  const one = shown(5, { status: 'past_due' }, null)
  const other = shown(5, { status: 'active' }, null)
  for (const order of [[one, other], [other, one]]) {
    const { segments, undecided } = fold([shown(0, {}, null, 'created'), ...order], day(6), calendarOf('UTC'))
    expect(segments.at(-1)?.state).toBe('active')
    expect(undecided).toEqual([{ subscription: 'sub_p', at: day(5) }])
  }
})

test('of two agreements the one that gives more counts, of equals the later one', () => {
  const free = fact(0, started({ plan: 'free' }))
  const lives = [free, shown(3, {}, null, 'created'), shown(20, { status: 'cancelled' }, null, 'ended')].map((one) => (one.body.kind === 'provider_state' ? { ...one, body: { ...one.body, startedAt: day(3) } } : one))
  expect(states(lives)).toBe('active free@0 · active pro@3 · active free@20')
})

test('a fold is at rest: the same facts a moment later tell nothing more, until what is due next', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 130 * 24 }), (hours) => {
      const now = instant(T0 + hours * 3_600_000)
      const { announcements, nextAt } = fold(LIFE, now, calendarOf('America/Santiago'))
      expect(announcements.every(({ at }) => at <= now)).toBe(true)
      if (nextAt === null) return
      expect(nextAt).toBeGreaterThan(now)
      expect(fold(LIFE, instant(nextAt - 1), calendarOf('America/Santiago')).announcements).toEqual(announcements)
      expect(fold(LIFE, nextAt, calendarOf('America/Santiago')).segments).toEqual(fold(LIFE, now, calendarOf('America/Santiago')).segments)
    }),
  )
})
