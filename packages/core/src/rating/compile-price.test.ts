// Documents of prices outside the catalog: what compiles to what, and what is refused with its path.

import { expect, test } from 'vitest'
import { InputError } from '../assert.ts'
import { compileEventPrice, compileRecurringPrice, compileSelectedPrice } from './compile-price.ts'
import type { EventPriceDocument, SelectedPriceDocument } from './price-document.ts'

const USD = { currency: 'USD', path: 'price' }
const percentage: EventPriceDocument = { model: 'percentage', percent: '2.9', fixed: '0.3', free_events: null, free_amount: null, minimum: null, maximum: null }
const each = (amount: string) => ({ model: 'per_unit' as const, amount, per: '1' })
const fieldOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return error instanceof InputError ? `${error.code} ${error.field}` : String(error)
  }
  return 'accepted'
}

test('percent become ratios and amounts units', () => {
  expect(compileEventPrice(percentage, USD)).toEqual({ model: 'percentage', rate: 29_000_000n, fixed: 300_000_000_000n, freeEvents: null, freeAmount: null, minimum: null, maximum: null })
  expect(compileEventPrice({ model: 'cost_plus', margin_percent: '45', cache_savings: 'passed_on', minimum: '0.01' }, USD)).toEqual({ model: 'cost_plus', currency: 'USD', margin: 450_000_000n, cacheSavings: 'passed_on', minimum: 10_000_000_000n })
  expect(compileRecurringPrice({ model: 'seat', amount: '30', timing: 'in_advance', removal: 'kept' }, USD)).toEqual({ model: 'seat', amount: 30_000_000_000_000n, timing: 'in_advance', removal: 'kept' })
  expect(compileSelectedPrice({ model: 'credits', per: '1000', entries: [{ id: 'large', when: { model: ['large'] }, credits: '12.5' }], otherwise: '1' }, { scale: 0, asset: 'credits', path: 'price' })).toEqual({
    model: 'credits', per: 1_000n, entries: [{ id: 'large', when: new Map([['model', ['large']]]), value: 12_500_000n }], otherwise: 1_000_000n,
  })
})

test('amounts below zero and bounds the wrong way round are refused with their path', () => {
  const check = (change: Partial<Extract<EventPriceDocument, { model: 'percentage' }>>, expected: string) => expect.soft(fieldOf(() => compileEventPrice({ ...percentage, ...change } as EventPriceDocument, USD))).toBe(expected)
  check({ percent: '-1' }, 'out_of_range price.percent')
  check({ fixed: '-1' }, 'out_of_range price.fixed')
  check({ minimum: '2', maximum: '1' }, 'out_of_range price.minimum')
  check({ free_amount: 'x' }, 'invalid_decimal price.free_amount')
})

test('entries that would answer the same usage are refused, those that exclude each other or differ in conditions are not', () => {
  const matrix = (...conditions: readonly Readonly<Record<string, readonly string[]>>[]): SelectedPriceDocument => ({ model: 'matrix', entries: conditions.map((when, index) => ({ id: `e${index}`, when, price: each('1') })), otherwise: null })
  const check = (document: SelectedPriceDocument, expected: string) => expect.soft(fieldOf(() => compileSelectedPrice(document, { scale: 0, asset: 'USD', path: 'price' }))).toBe(expected)
  check(matrix({ model: ['a'] }, { model: ['b'] }), 'accepted')
  check(matrix({ model: ['a'] }, { model: ['a'], region: ['eu'] }), 'accepted')
  check(matrix({ model: ['a'] }, { region: ['eu'] }), 'ambiguous_entries price.entries[1].when')
  check(matrix({ model: ['a', 'b'] }, { model: ['b'] }), 'ambiguous_entries price.entries[1].when')
  check({ ...matrix(), entries: [{ id: 'x', when: { model: ['a'] }, price: each('1') }, { id: 'x', when: { model: ['b'] }, price: each('1') }] } as SelectedPriceDocument, 'duplicate_id price.entries[1].id')
  check({ ...matrix(), entries: [{ id: 'otherwise', when: { model: ['a'] }, price: each('1') }] } as SelectedPriceDocument, 'duplicate_id price.entries[0].id')
})
