// What is deferred becomes revenue by the second: the same sum however often somebody looks, and nothing is left at the end.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { units, type Units } from '../money.ts'
import { DAY_MS, instant, type Instant } from '../time.ts'
import { isDeferred, recognisedBy, releasedByCredit, type Deferral } from './recognition.ts'

const START = instant(Date.UTC(2026, 1, 1))
const after = (days: number) => instant(START + Math.round(days * DAY_MS))
const over = (days: number, amount: bigint): Deferral => ({ amount: units(amount), span: { start: START, end: after(days) }, released: units(0n), basis: { at: START, recognised: units(0n) } })

test.each([
  ['before it begins', over(28, 2_800n), -1, 0n],
  ['after one of its days', over(28, 2_800n), 1, 100n],
  ['after half a day', over(28, 2_800n), 0.5, 50n],
  ['at its end', over(28, 2_801n), 28, 2_801n],
  ['long after', over(28, 2_801n), 90, 2_801n],
  ['below zero, the other way', over(28, -2_800n), 7, -700n],
  ['shorter than a second, only at its end', over(0.000_001, 5n), 0, 0n],
  ['after a note released half of what was left at the middle', { ...over(28, 2_800n), released: units(700n), basis: { at: after(14), recognised: units(1_400n) } }, 21, 1_750n],
  ['and all that is left of it at the end', { ...over(28, 2_800n), released: units(700n), basis: { at: after(14), recognised: units(1_400n) } }, 28, 2_100n],
] as const)('what is revenue %s', (_, deferral, days, expected) => {
  expect(recognisedBy(deferral, after(days))).toBe(expected)
})

const amounts = fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n }).map(units)
const lives = fc.record({
  amount: amounts,
  seconds: fc.integer({ min: 1, max: 366 * 86_400 }),
  looks: fc.array(fc.double({ min: 0, max: 1.2, noNaN: true }), { maxLength: 12 }),
  notes: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), share: fc.integer({ min: 1, max: 100 }) }), { maxLength: 3 }),
})

test('opening + added − recognised − released = closing at every look, revenue never runs back, and after the end nothing is deferred', () => {
  fc.assert(fc.property(lives, ({ amount, seconds, looks, notes }) => {
    const end = instant(START + seconds * 1_000)
    let deferral: Deferral = { amount, span: { start: START, end }, released: units(0n), basis: { at: START, recognised: units(0n) } }
    const moments = [...looks.map((at) => ({ at, share: 0 })), ...notes, { at: 1, share: 0 }].sort((a, b) => a.at - b.at)
    let recognised = 0n
    let [deferred, released] = [amount as bigint, 0n]
    for (const { at, share } of moments) {
      const now = instant(START + Math.floor(at * seconds) * 1_000) as Instant
      const due = recognisedBy(deferral, now)
      const step = due - recognised
      expect(step === 0n || step > 0n === amount - released > 0n).toBe(true)
      recognised += step
      deferred -= step
      if (share > 0) {
        const taken = releasedByCredit(units(deferred), { taken: units(BigInt(share)), creditable: units(100n) })
        deferral = { ...deferral, released: units(deferral.released + taken), basis: { at: now, recognised: due } }
        released += taken
        deferred -= taken
      }
      expect(deferred).toBe(amount - recognised - released)
      if (now >= end) expect(deferred).toBe(0n)
    }
  }))
})

test('a note over all that is left of a line leaves nothing deferred', () => {
  fc.assert(fc.property(amounts, fc.bigInt({ min: 1n, max: 10n ** 14n }), (deferred, left) => {
    expect(releasedByCredit(deferred, { taken: units(left), creditable: units(left) })).toBe(deferred)
    expect(() => releasedByCredit(deferred, { taken: units(left + 1n), creditable: left as Units })).toThrow('left of its line')
  }))
})

test('usage is never deferred; fees are, while some of their time is to come', () => {
  const period = { start: START, end: after(28) }
  expect((['fee', 'proration', 'true_up', 'item', 'usage', 'late_usage', 'credits'] as const).filter((kind) => isDeferred({ kind, period }, after(27)))).toEqual(['fee', 'proration', 'true_up', 'item'])
  expect(isDeferred({ kind: 'fee', period }, after(28))).toBe(false)
})
