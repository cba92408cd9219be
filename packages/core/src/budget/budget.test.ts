// Exact amounts ↔ hold numbers: holds are rounded up, grants down, and nothing overflows in silence.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { LEASE_UNITS_MAX } from '../limits.ts'
import { exactToGrant, exactToHold, holdToExact, type BudgetUnit } from './budget.ts'

const usd: BudgetUnit = { kind: 'money', asset: 'USD' }
const credits: BudgetUnit = { kind: 'money', asset: 'credits' }
const tokens: BudgetUnit = { kind: 'meters', meters: ['input'], scale: 0, name: 'tokens' }
const anyUnit = fc.constantFrom(usd, credits, tokens)
const exact = fc.oneof(fc.bigInt({ min: 0n, max: 5_000n }), fc.bigInt({ min: 0n, max: 10n ** 30n }))

test('a grant never exceeds the headroom that it comes from', () => {
  fc.assert(
    fc.property(anyUnit, exact, (unit, headroom) => {
      const granted = exactToGrant(unit, headroom)
      expect(Number.isSafeInteger(granted) && granted >= 0).toBe(true)
      expect(holdToExact(unit, granted) <= headroom).toBe(true)
    }),
  )
})

test('a hold covers its amount, or is one that no lease can carry', () => {
  fc.assert(
    fc.property(anyUnit, exact, (unit, amount) => {
      const hold = exactToHold(unit, amount)
      expect(Number.isSafeInteger(hold)).toBe(true)
      expect(holdToExact(unit, hold) >= amount || hold > LEASE_UNITS_MAX).toBe(true)
    }),
  )
})

test('a negative headroom grants less than nothing, rounded away from zero', () => {
  const check = (unit: BudgetUnit, headroom: bigint, expected: number) => expect.soft(exactToGrant(unit, headroom)).toBe(expected)
  check(usd, 1_000n, 1)
  check(usd, 999n, 0)
  check(usd, -1n, -1)
  check(usd, -1_001n, -2)
  check(tokens, -7n, -7)
  check(credits, 7n, 7)
})

test('a budget of ten million euros or a trillion tokens still grants', () => {
  expect(exactToGrant(usd, 10_000_000n * 10n ** 12n)).toBe(Number.MAX_SAFE_INTEGER)
  expect(exactToGrant(tokens, 10n ** 21n)).toBe(Number.MAX_SAFE_INTEGER)
})
