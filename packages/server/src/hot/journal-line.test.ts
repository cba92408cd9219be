import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { UsageEvent } from '@tollgate/core'
import { decodeGroups, encodeGroup, encodeGroups, encodeLine, encodeSettled } from './journal-line.ts'

const SETTLED = new Set(['settled'] as const)
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const orNull = (of: fc.Arbitrary<string>) => fc.option(of, { nil: null })
const digits = fc.nat().map(String)
const record = <Value>(value: fc.Arbitrary<Value>) => fc.dictionary(text.filter((key) => key !== '__proto__'), value, { maxKeys: 4 })
const event = fc.record({
  id: fc.stringMatching(/^[a-z]{3}_[A-Za-z0-9_-]{1,60}$/), source: text, type: text, customer: text, time: fc.nat(), entity: orNull(text), feature: orNull(text), run: orNull(text), key: orNull(text),
  quantities: record(digits), dimensions: record(text), estimated: fc.boolean(), catalogVersion: fc.option(fc.nat(), { nil: null }),
  cost: fc.option(fc.oneof(fc.record({ amount: digits, currency: text }), fc.record({ amount: digits, currency: text, uncached: digits })), { nil: null }),
  settled: fc.option(fc.record({
    node: text, incarnation: fc.nat(), covered: fc.array(fc.record({ budget: text, meter: text, quantity: digits }), { maxLength: 3 }), booked: record(digits), scope: record(text),
  }, { requiredKeys: ['node', 'incarnation', 'covered'] }), { nil: null }),
  context: record(fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null))),
}) as unknown as fc.Arbitrary<UsageEvent>

test('a settled event reads back as it was, in its short form and as earlier versions wrote it', () => {
  fc.assert(fc.property(fc.array(event, { minLength: 1, maxLength: 5 }), (events) => {
    for (const encode of [encodeSettled, (one: UsageEvent) => encodeLine('settled', one)]) {
      const { records, torn } = decodeGroups(encodeGroup(events.map(encode)), SETTLED)
      expect(torn).toBe(false)
      expect(records.map(({ body }) => body)).toEqual(events.map((one): unknown => JSON.parse(JSON.stringify(one))))
    }
  }))
})

test('groups are the same bytes in a room that is used again, and in a buffer of their own where it is too small', () => {
  const groups = [['V {"reservation":"res_a"}\n', 'V {"reservation":"é€😀"}\n'], ['V {}\n']]
  const expected = Buffer.concat(groups.map(encodeGroup))
  for (const size of [0, 10, 4096]) expect(encodeGroups(groups, Buffer.alloc(size, 'x'))).toEqual(expected)
  expect(decodeGroups(expected, new Set(['void'] as const))).toMatchObject({ torn: false, records: [{ body: { reservation: 'res_a' } }, { body: { reservation: 'é€😀' } }, { body: {} }] })
})
