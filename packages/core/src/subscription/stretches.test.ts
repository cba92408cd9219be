// Which time of a period fees are due for: from where the agreement first charges, without trials, and never of what a provider bills.

import { expect, test } from 'vitest'
import { instant } from '../time.ts'
import type { SubscriptionState } from './state.ts'
import { chargedStretches } from './stretches.ts'
import type { Segment } from './timeline.ts'

const PERIOD = { start: instant(100), end: instant(200) }
const segment = (from: number, state: SubscriptionState, more: Partial<Segment> = {}): Segment => ({
  from: instant(from), subscription: 'sub_1', source: 'tollgate', state, plan: 'pro', seats: 1, addOns: [], anchorAt: instant(100), startedAt: instant(0), reason: '', trialEndsAt: null, graceEndsAt: null, cancelAt: null, resumesAt: null, scheduled: [], blocks: [], ...more,
})

test.each<[string, readonly Segment[], readonly (readonly [number, number])[]]>([
  ['all of it, where nothing is known', [], [[100, 200]]],
  ['all of it, also before the first segment', [segment(150, 'active')], [[100, 200]]],
  ['none of a trial, and from its end on', [segment(100, 'trialing'), segment(130, 'active')], [[130, 200]]],
  ['a pause in mid-period too: nothing is given back', [segment(100, 'active'), segment(150, 'paused')], [[100, 200]]],
  ['none where it begins paused, and from where it runs again', [segment(50, 'active'), segment(90, 'paused'), segment(160, 'active')], [[160, 200]]],
  ['grace, and the wait for the first payment', [segment(100, 'incomplete'), segment(140, 'grace')], [[100, 200]]],
  ['none after an end before it', [segment(50, 'active'), segment(100, 'cancelled')], []],
  ['nothing of what a provider bills', [segment(50, 'active', { source: 'stripe' })], []],
  ['apart, where plan, add-ons or anchor change; together, where only the seats or the reason do', [segment(50, 'active'), segment(120, 'active', { seats: 3, reason: 'more' }), segment(140, 'active', { plan: 'team' }), segment(170, 'active', { plan: 'team', addOns: [{ id: 'support', quantity: 1 }] })], [[100, 140], [140, 170], [170, 200]]],
  ['what lies outside of it is left out', [segment(0, 'active'), segment(90, 'active', { plan: 'team' }), segment(200, 'active', { plan: 'pro' })], [[100, 200]]],
])('due: %s', (_, timeline, expected) => {
  expect(chargedStretches(timeline, PERIOD).map(({ start, end }) => [start, end])).toEqual(expected)
})
