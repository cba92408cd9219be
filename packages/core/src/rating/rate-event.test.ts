// One event: what allowances pay, what the prices charge for the rest, and what has no price.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { Meter, Plan } from '../catalog/catalog.ts'
import type { Measured } from '../meter/measure.ts'
import { formatUnits, parseUnits } from '../money.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'
import type { CumulativePrice } from './price.ts'
import { allowanceBudget, coverByAllowances, rateEvent, type Coverage } from './rate-event.ts'
import { rateTotal } from './rate.ts'
import { START, type Position } from './position.ts'
import type { RatedUsage } from './rate-usage.ts'

type PlanParts = {
  readonly allowances?: readonly { readonly id: string; readonly meters: readonly string[] }[]
  readonly prices?: readonly CumulativePrice[]
  readonly funding?: Plan['funding']
}

function planOf(parts: PlanParts): Plan {
  const prices = parts.prices ?? []
  return {
    id: 'pro',
    name: 'Pro',
    public: true,
    period: 'month',
    currency: 'USD', inCurrency: new Map(), asset: 'USD',
    outcomes: [],
    needsUncachedCost: false,
    excluded: [],
    recurring: [],
    entitlements: new Map(),
    limits: [],
    prices,
    pricesByMeter: new Map(prices.map((price) => [price.meter, [price]])),
    allowances: (parts.allowances ?? []).map((allowance) => ({ ...allowance, name: allowance.id, quantity: NONE, scale: 0 })),
    funding: parts.funding ?? ['allowance', 'wallet'],
  }
}

const price = (meter: string, perThousand: string): CumulativePrice => ({
  id: `${meter}_price`,
  name: meter,
  meter,
  scale: 0,
  asset: 'USD',
  when: new Map(),
  model: 'per_unit',
  amount: parseUnits(perThousand, 'USD'),
  per: quantity(1000n),
})
const measured = (amounts: Readonly<Record<string, number>>): Measured[] =>
  Object.entries(amounts).map(([id, amount]) => ({
    meter: { id, name: id, unit: 'token', eventType: 'ai.request', aggregation: 'sum', properties: [id], filter: new Map(), scale: 0 } satisfies Meter,
    quantity: quantity(BigInt(amount)),
  }))
const left =
  (amounts: Readonly<Record<string, number>>) =>
  (allowance: string): Quantity =>
    quantity(BigInt(amounts[allowance] ?? 0))
const written = (coverage: readonly Coverage[]) => coverage.map(({ budget, meter, quantity: amount }) => `${budget} ${meter} ${amount}`)
const NOTHING_TOLD: RatedUsage = { feature: null, run: null, dimensions: {}, quantities: {}, cost: null }
const at = (billable: bigint): Position => ({ billable: quantity(billable), included: NONE, events: 0 })
const one = [{ id: 'tokens', meters: ['input', 'output'] }]

test('an event that straddles the end of its allowance is split exactly there', () => {
  const plan = planOf({ allowances: one, prices: [price('input', '2'), price('output', '8')] })
  const usage = measured({ input: 1_000, output: 3_000 })
  const coverage = coverByAllowances(plan, NOTHING_TOLD, usage, left({ tokens: 1_600 }))
  expect(written(coverage)).toEqual(['allowance:tokens input 1000', 'allowance:tokens output 600'])
  const rated = rateEvent({ plan, measured: usage, coverage, usage: NOTHING_TOLD, before: () => START })
  expect(rated.charges.map((charge) => [charge.price, charge.quantity, charge.included, formatUnits(charge.amount, 'USD')])).toEqual([
    ['input_price', 1000n, 1000n, '0'],
    ['output_price', 3000n, 600n, '19.2'],
  ])
  expect(formatUnits(rated.amount, 'USD')).toBe('19.2')
  expect(rated.unpriced).toEqual([])
})

test('meters that share an allowance draw in the order that the allowance names, whatever the order of the event', () => {
  const check = (meters: readonly string[], used: Readonly<Record<string, number>>, remainder: number, expected: readonly string[]) => {
    const plan = planOf({ allowances: [{ id: 'tokens', meters }] })
    expect.soft(written(coverByAllowances(plan, NOTHING_TOLD, measured(used), left({ tokens: remainder })))).toEqual(expected)
  }
  check(['input', 'output'], { output: 5, input: 5 }, 7, ['allowance:tokens input 5', 'allowance:tokens output 2'])
  check(['output', 'input'], { output: 5, input: 5 }, 7, ['allowance:tokens output 5', 'allowance:tokens input 2'])
  check(['input', 'output'], { output: 5 }, 7, ['allowance:tokens output 5'])
  check(['input', 'output'], { input: 5, output: 5 }, 0, [])
  check(['input', 'output'], { input: 5, output: 5 }, 5, ['allowance:tokens input 5'])
  check(['input'], { output: 5 }, 7, [])
})

test('a second allowance pays what the first left', () => {
  const plan = planOf({
    allowances: [
      { id: 'welcome', meters: ['input'] },
      { id: 'tokens', meters: ['input', 'output'] },
    ],
  })
  expect(written(coverByAllowances(plan, NOTHING_TOLD, measured({ input: 10, output: 4 }), left({ welcome: 6, tokens: 7 })))).toEqual([
    'allowance:welcome input 6',
    'allowance:tokens input 4',
    'allowance:tokens output 3',
  ])
})

test('an overdrawn allowance pays nothing, and one that does not fund the plan pays nothing', () => {
  const overdrawn = () => quantity(-5n)
  expect(coverByAllowances(planOf({ allowances: one }), NOTHING_TOLD, measured({ input: 3 }), overdrawn)).toEqual([])
  expect(coverByAllowances(planOf({ allowances: one, funding: ['wallet'] }), NOTHING_TOLD, measured({ input: 3 }), left({ tokens: 9 }))).toEqual([])
})

test('units that an allowance includes but that have no price beyond it are reported, not charged zero', () => {
  const plan = planOf({ allowances: one, prices: [price('input', '2')] })
  const usage = measured({ input: 10, output: 10 })
  const beyond = rateEvent({ plan, measured: usage, coverage: coverByAllowances(plan, NOTHING_TOLD, usage, left({ tokens: 15 })), usage: NOTHING_TOLD, before: () => START })
  expect(beyond.unpriced).toEqual(['output'])
  const within = rateEvent({ plan, measured: usage, coverage: coverByAllowances(plan, NOTHING_TOLD, usage, left({ tokens: 20 })), usage: NOTHING_TOLD, before: () => START })
  expect([within.unpriced, within.amount]).toEqual([[], 0n])
  expect(within.charges.map(({ meter, included }) => [meter, included])).toEqual([
    ['input', 10n],
    ['output', 10n],
  ])
})

test('a meter that the plan does not mention is measured and neither charged nor reported', () => {
  const rated = rateEvent({
    plan: planOf({ allowances: one, prices: [price('input', '2')] }),
    measured: measured({ requests: 1 }),
    coverage: [],
    usage: NOTHING_TOLD, before: () => START,
  })
  expect(rated).toEqual({ charges: [], amount: 0n, unpriced: [], isFinal: true })
})

test('an event is rated from the aggregate that it met, and the charge tells which that was', () => {
  const tiered: CumulativePrice = {
    id: 'output_price',
    name: 'output',
    meter: 'output',
    scale: 0,
    asset: 'USD',
    when: new Map(),
    model: 'graduated',
    per: quantity(1n),
    tiers: [
      { upTo: quantity(100n), amount: parseUnits('2', 'USD'), flat: parseUnits('0', 'USD') },
      { upTo: null, amount: parseUnits('1', 'USD'), flat: parseUnits('5', 'USD') },
    ],
  }
  const rated = rateEvent({
    plan: planOf({ prices: [tiered] }),
    measured: measured({ output: 20 }),
    coverage: [],
    usage: NOTHING_TOLD,
    before: ({ id }) => at(id === 'output_price' ? 90n : 0n),
  })
  expect(rated.charges).toMatchObject([{ before: { billable: 90n }, quantity: 20n, included: 0n }])
  expect(formatUnits(rated.amount, 'USD')).toBe('35')
})

test('where an aggregate falls, what was charged last comes back first, then what an allowance paid', () => {
  const plan = planOf({ allowances: one, prices: [price('input', '2')] })
  const standing = { billable: quantity(30n), included: quantity(50n), events: 3 }
  const fall = (by: bigint) => rateEvent({ plan, usage: NOTHING_TOLD, measured: [{ ...measured({ input: 1 })[0]!, quantity: quantity(-by) }], coverage: [], before: () => standing })
  expect([fall(20n), fall(45n)].map(({ charges: [charge], amount, unpriced }) => [charge!.quantity, charge!.included, formatUnits(amount, 'USD'), unpriced])).toEqual([[-20n, 0n, '-0.04', []], [-45n, -15n, '-0.06', []]])
})

test('more coverage than usage is a programmer’s error', () => {
  const plan = planOf({ allowances: one, prices: [price('input', '2')] })
  const coverage: Coverage[] = [{ budget: 'allowance:tokens', meter: 'input', quantity: quantity(6n) }]
  expect(() => rateEvent({ plan, measured: measured({ input: 5 }), coverage, usage: NOTHING_TOLD, before: () => START })).toThrow('more of input is covered')
})

test('over any sequence of events an allowance pays all of its units before a price is asked, and included and billable units sum to the used', () => {
  const events = fc.array(fc.record({ input: fc.integer({ min: 0, max: 400 }), output: fc.integer({ min: 0, max: 400 }) }), { maxLength: 20 })
  fc.assert(
    fc.property(events, fc.integer({ min: 0, max: 3_000 }), (list, included) => {
      const plan = planOf({ allowances: one, prices: [price('input', '2'), price('output', '8')] })
      const billable = new Map<string, bigint>()
      let remainder = BigInt(included)
      let charged = 0n
      let usedInAll = 0n
      for (const event of list) {
        const usage = measured(event)
        const coverage = coverByAllowances(plan, NOTHING_TOLD, usage, () => quantity(remainder))
        const rated = rateEvent({ plan, measured: usage, coverage, usage: NOTHING_TOLD, before: ({ id }) => at(billable.get(id) ?? 0n) })
        for (const { budget, quantity: amount } of coverage) {
          expect(budget).toBe(allowanceBudget('tokens'))
          remainder -= amount
        }
        for (const charge of rated.charges) {
          billable.set(charge.price, (billable.get(charge.price) ?? 0n) + charge.quantity - charge.included)
          usedInAll += charge.quantity
        }
        expect(remainder >= 0n && (rated.amount === 0n || remainder === 0n)).toBe(true)
        charged += rated.amount
      }
      const inAll = [...billable.values()].reduce((a, b) => a + b, 0n)
      expect(inAll + BigInt(included) - remainder).toBe(usedInAll)
      expect(charged).toBe(plan.prices.reduce((sum: bigint, price_) => sum + rateTotal(price_ as CumulativePrice, quantity(billable.get(price_.id) ?? 0n)), 0n))
    }),
  )
})
