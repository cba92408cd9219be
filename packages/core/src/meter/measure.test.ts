// From an event to the quantities of its meters.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { Meter } from '../catalog/catalog.ts'
import { measure } from './measure.ts'
import { selects, type Measurable } from './reading.ts'

const meter = (id: string, part: Partial<Omit<Meter, 'filter'>> & { readonly filter?: Readonly<Record<string, readonly string[]>> } = {}): Meter => ({
  id,
  name: id,
  unit: 'token',
  eventType: 'ai.request',
  aggregation: 'sum',
  properties: [id],
  scale: 0,
  ...part,
  filter: new Map(Object.entries(part.filter ?? {})),
})
const event = (part: Partial<Measurable> = {}): Measurable => ({ type: 'ai.request', feature: 'chat', quantities: {}, dimensions: {}, ...part })
const read = (meters: readonly Meter[], of: Measurable) => measure(meters, of).map(({ meter: { id }, quantity }) => `${id} ${quantity}`)

test('a meter adds up its properties at its own scale, and passes over those that the event does not have', () => {
  const meters = [
    meter('tokens', { properties: ['input_tokens', 'output_tokens'] }),
    meter('seconds', { properties: ['gpu_seconds'], scale: 3 }),
    meter('images'),
  ]
  expect(read(meters, event({ quantities: { input_tokens: '1200', output_tokens: '34', gpu_seconds: '1.5' } }))).toEqual(['tokens 1234', 'seconds 1500'])
  expect(read(meters, event({ quantities: { output_tokens: '7' } }))).toEqual(['tokens 7'])
  expect(read(meters, event({ quantities: { input_tokens: '0', output_tokens: '0' } }))).toEqual([])
  expect(read(meters, event())).toEqual([])
})

test('a counting meter counts the event once, whatever it carries', () => {
  const meters = [meter('requests', { aggregation: 'count', properties: [] }), meter('runs', { aggregation: 'count', properties: [], scale: 2 })]
  expect(read(meters, event())).toEqual(['requests 1', 'runs 100'])
  expect(read(meters, event({ quantities: { requests: '500' } }))).toEqual(['requests 1', 'runs 100'])
})

test('a meter selects by type, feature and dimensions, and all of its filter must match', () => {
  const check = (filter: Readonly<Record<string, readonly string[]>>, of: Measurable, expected: boolean) =>
    expect.soft(selects(meter('tokens', { filter }), of), JSON.stringify(filter)).toBe(expected)
  const large = event({ dimensions: { model: 'large', region: 'eu' } })
  check({}, large, true)
  check({}, event({ type: 'agent.step' }), false)
  check({ model: ['large', 'huge'] }, large, true)
  check({ model: ['small'] }, large, false)
  check({ model: ['large'], region: ['us'] }, large, false)
  check({ model: ['large'], region: ['us', 'eu'] }, large, true)
  check({ tier: ['batch'] }, large, false)
  check({ feature: ['chat'] }, large, true)
  check({ feature: ['chat'] }, event({ feature: null }), false)
  check({ feature: ['chat'] }, event({ feature: 'images', dimensions: { feature: 'chat' } }), false)
  check({ model: [] }, large, false)
})

test('meters stand in the order of the catalog, and each sees the whole event', () => {
  const quantities = { input: '5', output: '6' }
  expect(read([meter('output'), meter('all', { properties: ['input', 'output'] }), meter('input')], event({ quantities }))).toEqual([
    'output 6',
    'all 11',
    'input 5',
  ])
})

test('a property that is no quantity of the meter’s scale is refused by name', () => {
  expect(() => read([meter('tokens')], event({ quantities: { tokens: '1.5' } }))).toThrow('tokens has 1 decimal places; at most 0')
  expect(() => read([meter('tokens')], event({ quantities: { tokens: '-1' } }))).toThrow('tokens must not be negative')
  expect(() => read([meter('tokens')], event({ quantities: { tokens: 'NaN' } }))).toThrow('tokens must be a plain decimal')
  expect(() => read([meter('constructor')], event())).toThrow('constructor must be')
})

test('what no meter selects is not read, so that it cannot refuse the event', () => {
  expect(read([meter('tokens', { filter: { model: ['large'] } })], event({ quantities: { tokens: 'many' } }))).toEqual([])
})

test('the quantity of a meter is the sum of its properties, in any order', () => {
  const amounts = fc.array(fc.nat(10 ** 9), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(amounts, (list) => {
      const properties = list.map((_, index) => `part_${index}`)
      const quantities = Object.fromEntries(list.map((amount, index) => [`part_${index}`, String(amount)]))
      const sum = list.reduce((a, b) => a + b, 0)
      const expected = sum === 0 ? [] : [`all ${sum}`]
      expect(read([meter('all', { properties })], event({ quantities }))).toEqual(expected)
      expect(read([meter('all', { properties: properties.toReversed() })], event({ quantities }))).toEqual(expected)
    }),
  )
})
