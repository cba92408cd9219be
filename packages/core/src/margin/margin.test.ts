import fc from 'fast-check'
import { expect, test } from 'vitest'
import { units } from '../money.ts'
import { parsePercent } from '../rating/ratio.ts'
import { instant } from '../time.ts'
import { amountOfSpan, formatShare, knownMarginShare, marginShare, marginsOf, marginSum, type MarginGroup, type Overhead } from './margin.ts'

const group = (of: Partial<Record<keyof MarginGroup, bigint>>): MarginGroup => ({ requests: 0n, uncosted: 0n, customers: 1n, ...of, uncostedCharges: units(of.uncostedCharges ?? 0n), charges: units(of.charges ?? 0n), other: units(of.other ?? 0n), cost: units(of.cost ?? 0n) })

test('margin is revenue less cost and every overhead', () => {
  const overheads: Overhead[] = [
    { kind: 'per_request', name: 'logs', amount: units(2n) }, { kind: 'of_cost', name: 'egress', percent: parsePercent('10', 'x') },
    { kind: 'of_revenue', name: 'payments', percent: parsePercent('3', 'x') }, { kind: 'shared', name: 'servers', amount: units(100n), key: 'revenue' },
  ]
  const [a, b] = marginsOf([group({ requests: 10n, charges: 600n, other: 150n, cost: 300n }), group({ requests: 5n, charges: 250n, cost: 100n })], overheads)
  // 20 + 30 + 22.5 → 23 + 75, and 10 + 10 + 7.5 → 8 + 25.
  expect([a!.overhead, a!.margin, b!.overhead, b!.margin]).toEqual([148n, 302n, 53n, 97n])
  expect(formatShare(marginShare(a!)!)).toBe('40.27')
})

test('what was charged without a known cost is no margin of what is known', () => {
  const [part, none] = marginsOf([group({ charges: 1_000n, uncostedCharges: 600n, cost: 300n }), group({ charges: 500n, uncostedCharges: 500n })], [])
  expect([part!, none!].map((one) => [marginShare(one), knownMarginShare(one)])).toEqual([[7_000n, 2_500n], [10_000n, null]])
  expect(knownMarginShare(marginSum([part!, none!]))).toBe(2_500n)
})

test('a group without revenue has no share, and one that is below zero bears no shared overhead', () => {
  expect(marginShare({ margin: units(-5n), revenue: units(0n) })).toBeNull()
  const shared: Overhead[] = [{ kind: 'shared', name: 'x', amount: units(90n), key: 'revenue' }]
  expect(marginsOf([group({ other: -50n }), group({ charges: 10n })], shared).map(({ overhead }) => overhead)).toEqual([0n, 90n])
  expect(marginsOf([group({}), group({}), group({})], shared).map(({ overhead }) => overhead)).toEqual([30n, 30n, 30n])
  expect(marginsOf([], shared)).toEqual([])
})

test('the groups sum to the whole, whatever they are grouped by', () => {
  const amounts = fc.bigInt({ min: 0n, max: 10n ** 15n })
  const groups = fc.array(fc.record({ requests: fc.bigInt({ min: 0n, max: 1_000n }), charges: amounts, other: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), cost: amounts }).map(group), { minLength: 1, maxLength: 20 })
  fc.assert(fc.property(groups, amounts, fc.constantFrom('revenue' as const, 'cost' as const, 'requests' as const, 'customers' as const), (rows, amount, key) => {
    const total = marginSum(marginsOf(rows, [{ kind: 'shared', name: 'x', amount: units(amount), key }, { kind: 'per_request', name: 'y', amount: units(3n) }]))
    expect(total.overhead).toBe(amount + 3n * total.requests)
    expect(total.margin).toBe(total.charges + total.other - total.cost - total.overhead)
  }))
})

test.each([
  ['2026-11-01', '2026-12-01', 3_000n, 3_000n],
  ['2026-11-01', '2026-11-16', 3_000n, 1_500n],
  ['2026-02-15', '2026-03-16', 2_800n, 1_400n + 1_355n],
  ['2026-01-01', '2027-01-01', 3_100n, 37_200n],
])('an amount a month from %s to %s is its share of days', (from, to, monthly, expected) => {
  expect(amountOfSpan(units(monthly), { start: instant(Date.parse(from)), end: instant(Date.parse(to)) })).toBe(expected)
})
