// Prices that dimensions choose: which entry wins, what each entry's charges sum to, credits, and no silent zero.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { formatUnits, parseUnits, units } from '../money.ts'
import { NONE, quantity, type Quantity } from '../quantity.ts'
import { sumOfLines } from './line.ts'
import type { Dimensions } from './matrix.ts'
import type { MatrixEntry, PriceModel, SelectedPriceModel } from './price.ts'
import { boundSelected, chargeSelected, explainSelected, selectPrice } from './rate-selected.ts'
import { rateTotal } from './rate.ts'

const each = (amount: string): PriceModel => ({ model: 'per_unit', amount: parseUnits(amount, 'USD'), per: quantity(1n) })
const entry = <Value>(id: string, when: Readonly<Record<string, readonly string[]>>, value: Value): MatrixEntry<Value> => ({ id, when: new Map(Object.entries(when)), value })

const matrix: SelectedPriceModel = {
  model: 'matrix', otherwise: each('1'),
  entries: [
    entry('large', { model: ['large', 'huge'] }, each('5')),
    entry('large_eu', { model: ['large'], region: ['eu'] }, each('6')),
    entry('eu', { region: ['eu'] }, each('2')),
    entry('large_too', { model: ['large'] }, each('9')),
  ],
}

test('the entry that matches most conditions wins, of equals the first, then the default, then nothing', () => {
  const check = (dimensions: Dimensions, expected: string | null, price = matrix) => expect.soft(selectPrice(price, dimensions)?.entry ?? null, JSON.stringify(dimensions)).toBe(expected)
  check({ model: 'large' }, 'large')
  check({ model: 'huge', region: 'eu' }, 'large')
  check({ model: 'large', region: 'eu' }, 'large_eu')
  check({ model: 'small', region: 'eu' }, 'eu')
  check({ model: 'small' }, 'otherwise')
  check({}, 'otherwise')
  check({ model: 'small' }, null, { ...matrix, otherwise: null })
  check({ model: 'huge' }, 'large', { ...matrix, otherwise: null })
})

test('unpriced usage has no charge and no bound, never zero', () => {
  const price: SelectedPriceModel = { ...matrix, otherwise: null }
  expect(chargeSelected(price, quantity(3n), { model: 'small' }, () => NONE)).toBeNull()
  expect([boundSelected(price, quantity(3n), { model: 'small' }), boundSelected(price, quantity(3n), {})]).toEqual([null, null])
  expect(explainSelected(price, quantity(3n), { model: 'small' }, () => NONE)).toEqual([])
})

test('credits: quantity × multiplier, at the scale of credits', () => {
  const credits: SelectedPriceModel = {
    model: 'credits', per: quantity(1_000n), otherwise: null,
    entries: [entry('small', { model: ['small'] }, parseUnits('1', 'credits')), entry('large', { model: ['large'] }, parseUnits('12.5', 'credits')), entry('large_out', { model: ['large'], token: ['output'] }, parseUnits('50', 'credits'))],
  }
  const burn = (used: bigint, dimensions: Dimensions) => {
    const charge = chargeSelected(credits, quantity(used), dimensions, () => NONE)
    return charge === null ? null : `${charge.entry} ${formatUnits(charge.amount, 'credits')}`
  }
  expect([burn(2_500n, { model: 'small' }), burn(2_500n, { model: 'large' }), burn(10n, { model: 'large', token: 'output' }), burn(10n, { model: 'other' })]).toEqual(['small 2.5', 'large 31.25', 'large_out 0.5', null])
})

const amount = fc.bigInt({ min: 0n, max: 10n ** 14n }).map(units)
const count = fc.bigInt({ min: 0n, max: 10n ** 6n }).map(quantity)
const models: fc.Arbitrary<PriceModel> = fc.oneof(
  fc.record({ model: fc.constant('per_unit' as const), amount, per: fc.bigInt({ min: 1n, max: 10n ** 6n }).map(quantity) }),
  fc.record({ model: fc.constant('package' as const), amount, size: fc.bigInt({ min: 1n, max: 1_000n }).map(quantity) }),
  fc.record({ low: amount, high: amount, flat: amount, upTo: fc.bigInt({ min: 1n, max: 10n ** 5n }).map(quantity) }).map(({ low, high, flat, upTo }) => ({ model: 'graduated' as const, per: quantity(1n), tiers: [{ upTo, amount: low, flat: units(0n) }, { upTo: null, amount: high, flat }] })),
)
const word = fc.constantFrom('a', 'b', 'c')
const conditions = fc.dictionary(fc.constantFrom('model', 'region', 'tier'), fc.uniqueArray(word, { minLength: 1, maxLength: 2 }), { maxKeys: 3 })
const dimensions = fc.dictionary(fc.constantFrom('model', 'region', 'tier', 'other'), word, { maxKeys: 4 })
const matrices: fc.Arbitrary<SelectedPriceModel> = fc.record({ values: fc.array(fc.tuple(conditions, models), { maxLength: 5 }), otherwise: fc.option(models) }).map(({ values, otherwise }) => ({
  model: 'matrix', otherwise, entries: values.map(([when, value], index) => entry(`entry_${index}`, when, value)),
}))
const creditPrices: fc.Arbitrary<SelectedPriceModel> = fc.record({ per: fc.bigInt({ min: 1n, max: 10n ** 4n }).map(quantity), values: fc.array(fc.tuple(conditions, amount), { maxLength: 5 }), otherwise: fc.option(amount) }).map(({ per, values, otherwise }) => ({
  model: 'credits', per, otherwise, entries: values.map(([when, value], index) => entry(`entry_${index}`, when, value)),
}))
const anyPrice = fc.oneof(matrices, creditPrices)

function rateAll(price: SelectedPriceModel, events: readonly (readonly [Quantity, Dimensions])[]): { readonly charged: bigint; readonly positions: ReadonlyMap<string, bigint>; readonly unpriced: number } {
  const positions = new Map<string, bigint>()
  let charged = 0n
  let unpriced = 0
  for (const [used, of] of events) {
    const charge = chargeSelected(price, used, of, (id) => quantity(positions.get(id) ?? 0n))
    if (charge === null) {
      unpriced += 1
      continue
    }
    charged += charge.amount
    positions.set(charge.entry, charge.before + used)
  }
  return { charged, positions, unpriced }
}

test('the charges of a period are R(total) of each entry, in whatever order the events came', () => {
  const orders = fc.array(fc.tuple(count, dimensions), { maxLength: 12 }).chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })))
  fc.assert(fc.property(anyPrice, orders, (price, [one, other]) => {
    const first = rateAll(price, one)
    const second = rateAll(price, other)
    expect(second).toEqual({ ...first, positions: new Map([...second.positions].map(([id]) => [id, first.positions.get(id)])) })
    const choices = new Map(one.map(([, of]) => selectPrice(price, of)).flatMap((selected) => (selected === null ? [] : [[selected.entry, selected.price] as const])))
    let total = 0n
    for (const [id, position] of first.positions) total += rateTotal(choices.get(id)!, quantity(position)) - rateTotal(choices.get(id)!, NONE)
    expect(first.charged).toBe(total)
  }), { numRuns: 300 })
})

test('the bound covers the charge, for known and for unknown dimensions, and the lines sum to the charge', () => {
  fc.assert(fc.property(anyPrice, count, count, dimensions, (price, before, added, of) => {
    const charge = chargeSelected(price, added, of, () => before)
    const known = boundSelected(price, added, of)
    expect(known === null).toBe(charge === null)
    if (charge === null) return
    expect(charge.amount <= known!).toBe(true)
    const unknown = boundSelected(price, added, {})
    if (unknown !== null) expect(charge.amount <= unknown).toBe(true)
    expect(sumOfLines(explainSelected(price, added, of, () => before))).toBe(charge.amount)
  }), { numRuns: 300 })
})
