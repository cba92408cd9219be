// Prices by event: percentage, cost and margin, amounts that the event gives, outcomes.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { formatUnits, parseUnits, units, ZERO, type Money, type Units } from '../money.ts'
import { instant } from '../time.ts'
import { sumOfLines } from './line.ts'
import { isInsideOutcome } from './outcome.ts'
import { NOTHING_FREE_USED, percentageCharge } from './percentage.ts'
import type { EventPriceModel, EventPriceOf } from './price.ts'
import { boundEvent, chargeEvent, explainCharge, type EventFact } from './rate-one.ts'
import { ONE, parsePercent, parseRatio, type Ratio } from './ratio.ts'

const usd = (text: string) => parseUnits(text, 'USD')
const money = (text: string, asset = 'USD'): Money => ({ asset, units: parseUnits(text, asset) })
const fact = (rest: Partial<EventFact>): EventFact => ({ amount: null, result: null, cost: null, costUncached: null, exchange: null, ...rest })
const percentage = (percent: string, rest: Partial<EventPriceOf<'percentage'>> = {}): EventPriceOf<'percentage'> => ({ model: 'percentage', rate: parsePercent(percent, 'rate'), fixed: ZERO, freeEvents: null, freeAmount: null, minimum: null, maximum: null, ...rest })
const costPlus = (margin: string, rest: Partial<EventPriceOf<'cost_plus'>> = {}): EventPriceOf<'cost_plus'> => ({ model: 'cost_plus', currency: 'USD', margin: parsePercent(margin, 'margin'), cacheSavings: 'passed_on', minimum: null, ...rest })
const show = (amount: Units | null) => (amount === null ? null : formatUnits(amount, 'USD'))

/** The charges of events in turn. */
const inTurn = (price: EventPriceOf<'percentage'>, amounts: readonly string[]) => {
  let used = NOTHING_FREE_USED
  return amounts.map((amount) => {
    const charge = percentageCharge(price, usd(amount), used)
    used = charge.used
    return show(charge.amount)
  })
}

test('percentage: the share, the fixed part, then the bounds of the event', () => {
  const check = (price: EventPriceOf<'percentage'>, amounts: readonly string[], expected: readonly string[]) => expect.soft(inTurn(price, amounts)).toEqual(expected)
  check(percentage('3.1'), ['7', '0', '100'], ['0.217', '0', '3.1'])
  check(percentage('3.1', { fixed: usd('0.3') }), ['20', '0', '100'], ['0.92', '0', '3.4'])
  check(percentage('4', { fixed: usd('1'), minimum: usd('1.5'), maximum: usd('9') }), ['5', '60', '5000', '0'], ['1.5', '3.4', '9', '0'])
})

test('percentage: free units are used up in turn, and the event that straddles their end is split there', () => {
  const check = (price: EventPriceOf<'percentage'>, amounts: readonly string[], expected: readonly string[]) => expect.soft(inTurn(price, amounts)).toEqual(expected)
  check(percentage('10', { fixed: usd('1'), freeAmount: usd('40') }), ['15', '70', '10'], ['0', '5.5', '2'])
  check(percentage('10', { fixed: usd('1'), freeEvents: 2 }), ['15', '70', '10'], ['0', '0', '2'])
  check(percentage('10', { fixed: usd('1'), freeEvents: 3, freeAmount: usd('700') }), ['60', '120', '200', '300'], ['0', '0', '0', '31'])
  check(percentage('10', { freeEvents: 3, freeAmount: usd('140') }), ['60', '120', '200'], ['0', '4', '20'])
  check(percentage('10', { freeAmount: usd('30'), minimum: usd('2') }), ['20', '15'], ['0', '2'])
})

test('cost-plus: cost and margin, multiplied first and divided once, at least the minimum', () => {
  const check = (price: EventPriceModel, of: Partial<EventFact>, expected: string | null) => expect.soft(show(chargeEvent(price, fact(of), NOTHING_FREE_USED).amount)).toBe(expected)
  check(costPlus('45'), { cost: money('0.01') }, '0.0145')
  check(costPlus('0'), { cost: money('0.01') }, '0.01')
  check(costPlus('45', { minimum: usd('0.02') }), { cost: money('0.01') }, '0.02')
  check(costPlus('45', { minimum: usd('0.001') }), { cost: money('0.01') }, '0.0145')
  check(costPlus('45'), { cost: null }, null)
  check(costPlus('45'), { cost: money('0.01'), costUncached: money('0.05') }, '0.0145')
  check(costPlus('45', { cacheSavings: 'kept' }), { cost: money('0.01'), costUncached: money('0.05') }, '0.0725')
  check(costPlus('45', { cacheSavings: 'kept' }), { cost: money('0.01') }, null)
})

test('cost-plus: a cost in another currency needs the exchange rate between the two', () => {
  const exchange = { from: 'EUR', to: 'USD', at: instant(0), rate: parseRatio('1.25', 'rate') }
  const check = (of: Partial<EventFact>, expected: string | null) => expect.soft(show(chargeEvent(costPlus('10'), fact(of), NOTHING_FREE_USED).amount)).toBe(expected)
  check({ cost: money('2', 'EUR'), exchange }, '2.75')
  check({ cost: money('2', 'EUR') }, null)
  check({ cost: money('2', 'EUR'), exchange: { ...exchange, from: 'GBP' } }, null)
  check({ cost: money('2', 'EUR'), exchange: { ...exchange, to: 'GBP' } }, null)
})

test('dynamic: what the event says, within bounds; what says nothing is unpriced', () => {
  const price: EventPriceModel = { model: 'dynamic', minimum: usd('1'), maximum: usd('9') }
  expect(['0.5', '3', '12'].map((given) => show(chargeEvent(price, fact({ amount: usd(given) }), NOTHING_FREE_USED).amount))).toEqual(['1', '3', '9'])
  expect(chargeEvent(price, fact({}), NOTHING_FREE_USED).amount).toBeNull()
})

test('outcome: only the results that are named cost, and what leads to them is inside', () => {
  const price: EventPriceOf<'outcome'> = { model: 'outcome', amount: usd('2.5'), chargedOn: ['succeeded'], features: ['agents'] }
  expect(['succeeded', 'failed'].map((result) => show(chargeEvent(price, fact({ result }), NOTHING_FREE_USED).amount))).toEqual(['2.5', '0'])
  expect(chargeEvent(price, fact({}), NOTHING_FREE_USED).amount).toBe(0n)
  expect([{ run: 'run_1', feature: 'agents' }, { run: 'run_1', feature: 'chat' }, { run: 'run_1', feature: null }, { run: null, feature: 'agents' }].map((usage) => isInsideOutcome(price, usage))).toEqual([true, false, false, false])
  expect(isInsideOutcome({ ...price, features: [] }, { run: 'run_1', feature: null })).toBe(true)
})

const amount = fc.bigInt({ min: 0n, max: 10n ** 16n }).map(units)
const share = fc.bigInt({ min: 0n, max: 3n * ONE }).map((value) => value as Ratio)
const bounds = fc.tuple(fc.option(amount), fc.option(amount)).map(([a, b]) => (a !== null && b !== null && a > b ? { minimum: b, maximum: a } : { minimum: a, maximum: b }))
const percentages = fc.record({ rate: share, fixed: fc.oneof(fc.constant(ZERO), amount), freeEvents: fc.option(fc.nat(4)), freeAmount: fc.option(amount), bounds }).map(({ bounds: within, ...of }): EventPriceOf<'percentage'> => ({ model: 'percentage', ...of, ...within }))
const anyPrice: fc.Arbitrary<EventPriceModel> = fc.oneof(
  percentages,
  fc.record({ margin: share, minimum: fc.option(amount), cacheSavings: fc.constantFrom('passed_on' as const, 'kept' as const) }).map((of) => ({ model: 'cost_plus' as const, currency: 'USD', ...of })),
  bounds.map((within) => ({ model: 'dynamic' as const, ...within })),
  amount.map((each) => ({ model: 'outcome' as const, amount: each, chargedOn: ['succeeded'], features: [] })),
)
const facts = fc.record({ amount, cost: amount, more: amount, result: fc.constantFrom('succeeded', 'failed') }).map((of): EventFact => ({
  amount: of.amount, result: of.result, cost: { asset: 'USD', units: of.cost }, costUncached: { asset: 'USD', units: units(of.cost + of.more) }, exchange: null,
}))
const used = fc.record({ events: fc.nat(6), amount })

test('a charge is never negative, never above its bound, and its lines sum to it', () => {
  fc.assert(fc.property(anyPrice, facts, used, (price, of, before) => {
    const charge = chargeEvent(price, of, before).amount!
    expect(charge >= 0n).toBe(true)
    expect(charge <= boundEvent(price, of)!).toBe(true)
    expect(sumOfLines(explainCharge(price, of, before))).toBe(charge)
  }), { numRuns: 1_000 })
})

test('the bound grows with what may be told', () => {
  fc.assert(fc.property(anyPrice, facts, facts, (price, small, large) => {
    const least = (a: Units | null, b: Units | null) => (a !== null && b !== null && a > b ? b : a)
    const most = (a: Units | null, b: Units | null) => (a !== null && b !== null && a > b ? a : b)
    const join = (pick: typeof least): EventFact => ({ ...small, amount: pick(small.amount, large.amount), cost: { asset: 'USD', units: pick(small.cost!.units, large.cost!.units)! }, costUncached: { asset: 'USD', units: pick(small.costUncached!.units, large.costUncached!.units)! } })
    expect(chargeEvent(price, join(least), NOTHING_FREE_USED).amount! <= boundEvent(price, join(most))!).toBe(true)
  }), { numRuns: 500 })
})

test('free units given to a period never exceed what it has, and without bounds and fixed part the charges are the share of the rest', () => {
  fc.assert(fc.property(share, amount, fc.array(amount, { maxLength: 8 }), (rate, freeAmount, events) => {
    const price = percentage('0', { rate, freeAmount })
    let position = NOTHING_FREE_USED
    let charged = 0n
    let free = 0n
    for (const event of events) {
      const charge = percentageCharge(price, event, position)
      position = charge.used
      charged += charge.amount
      free += charge.free
    }
    const total = events.reduce((sum, event) => sum + event, 0n)
    expect(free).toBe(total < freeAmount ? total : freeAmount)
    const off = charged * ONE - (total - free) * rate
    expect((off < 0n ? -off : off) * 2n <= ONE * BigInt(Math.max(1, events.length))).toBe(true)
  }))
})

test('negative amounts are a programmer’s error', () => {
  expect(() => chargeEvent(percentage('1'), fact({ amount: units(-1n) }), NOTHING_FREE_USED)).toThrow('negative')
  expect(() => chargeEvent(costPlus('1'), fact({ cost: { asset: 'USD', units: units(-1n) } }), NOTHING_FREE_USED)).toThrow('negative')
  expect(() => chargeEvent({ model: 'dynamic', minimum: null, maximum: null }, fact({ amount: units(-1n) }), NOTHING_FREE_USED)).toThrow('negative')
})
