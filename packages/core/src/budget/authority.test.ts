// The authority's rules: what may be lent out of a headroom, and that it never becomes negative by lending.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { LEASE_UNITS_MAX } from '../limits.ts'
import { afterGrant, afterRecall, grantFrom, headroomOf, isExhausted, leaseFrom, type BudgetState, type LeaseState } from './authority.ts'
import type { BudgetUnit } from './budget.ts'

const tokens: BudgetUnit = { kind: 'meters', meters: ['input'], scale: 0, name: 'tokens' }
const usd: BudgetUnit = { kind: 'money', asset: 'USD' }
const withHeadroom = (headroom: bigint): BudgetState => ({ limit: 1_000n + headroom, settled: 600n, escrow: 400n })

type Asked = { readonly min: number; readonly need: number; readonly want: number }
const asked: fc.Arbitrary<Asked> = fc.tuple(fc.nat(2_000), fc.nat(2_000), fc.nat(100_000)).map(([a, b, c]) => {
  const [min = 0, need = 0, want = 0] = [a, b, c].sort((x, y) => x - y)
  return { min, need, want }
})
const states = fc.record({
  limit: fc.bigInt({ min: 0n, max: 10n ** 18n }),
  settled: fc.bigInt({ min: 0n, max: 10n ** 18n }),
  escrow: fc.bigInt({ min: 0n, max: 10n ** 17n }),
})

test('a lease is what the request needs if it is there, and beyond it at most half of what is left', () => {
  const check = (headroom: bigint, request: Asked, expected: number | null) =>
    expect.soft(grantFrom(withHeadroom(headroom), tokens, request), `${headroom} ${JSON.stringify(request)}`).toBe(expected)
  check(1_000n, { min: 10, need: 10, want: 320 }, 320)
  check(1_000n, { min: 100, need: 100, want: 3_200 }, 500)
  check(1_000n, { min: 700, need: 700, want: 22_400 }, 700)
  check(1_000n, { min: 1_000, need: 1_000, want: 32_000 }, 1_000)
  check(1_000n, { min: 1_001, need: 1_001, want: 32_032 }, null)
  check(1n, { min: 1, need: 1, want: 32 }, 1)
  check(0n, { min: 1, need: 1, want: 32 }, null)
  check(-5n, { min: 1, need: 1, want: 32 }, null)
})

test('where another source pays the rest, the request gets all that is left in one call', () => {
  const check = (headroom: bigint, need: number, expected: number | null) =>
    expect.soft(grantFrom(withHeadroom(headroom), tokens, { min: 0, need, want: need * 32 }), `${headroom} ${need}`).toBe(expected)
  check(1_000n, 3_000, 1_000)
  check(1n, 3_000, 1)
  check(0n, 3_000, 0)
  check(1_000n, 10, 320)
  check(-5n, 10, 0)
})

test('any series of grants leaves the headroom at zero or above, and each is at least its min', () => {
  fc.assert(
    fc.property(fc.constantFrom(tokens, usd), states, fc.array(asked, { maxLength: 30 }), (unit, start, requests) => {
      let state: BudgetState = start
      for (const request of requests) {
        const granted = grantFrom(state, unit, request)
        if (granted === null) continue
        expect(granted >= request.min && granted <= Math.max(request.want, 0) && granted <= LEASE_UNITS_MAX).toBe(true)
        state = afterGrant(state, unit, granted)
        expect(granted === 0 || headroomOf(state) >= 0n).toBe(true)
      }
    }),
    { numRuns: 300 },
  )
})

test('whoever spills is told that nothing is left as soon as nothing can be granted, so that it never asks in a circle', () => {
  fc.assert(
    fc.property(fc.constantFrom(tokens, usd), states, fc.integer({ min: 1, max: 10 ** 9 }), (unit, start, need) => {
      const granted = grantFrom(start, unit, { min: 0, need, want: need * 32 })
      if (granted === null || granted === LEASE_UNITS_MAX) throw new Error('refused or capped')
      const after = granted === 0 ? start : afterGrant(start, unit, granted)
      if (granted < need) expect(isExhausted(after, unit)).toBe(true)
    }),
  )
})

test('a remainder below one hold unit counts as nothing', () => {
  const dust: BudgetState = { limit: 999n, settled: 0n, escrow: 0n }
  expect([grantFrom(dust, usd, { min: 0, need: 5, want: 5 }), isExhausted(dust, usd)]).toEqual([0, true])
  expect(isExhausted({ ...dust, limit: 1_000n }, usd)).toBe(false)
})

test('no lease is larger than numbers can add safely, however large the budget', () => {
  const vast: BudgetState = { limit: 10n ** 25n, settled: 0n, escrow: 0n }
  expect(grantFrom(vast, usd, { min: 1, need: 1, want: Number.MAX_SAFE_INTEGER })).toBe(LEASE_UNITS_MAX / 2)
  expect(grantFrom(vast, usd, { min: LEASE_UNITS_MAX, need: LEASE_UNITS_MAX, want: LEASE_UNITS_MAX })).toBe(LEASE_UNITS_MAX)
  expect(grantFrom(vast, usd, { min: LEASE_UNITS_MAX + 1, need: LEASE_UNITS_MAX + 1, want: LEASE_UNITS_MAX + 1 })).toBeNull()
})

test('a grant beyond the headroom, and a request out of order, stop the program', () => {
  expect(() => afterGrant(withHeadroom(10n), tokens, 11)).toThrow('exceeds the headroom')
  for (const wrong of [
    { min: 5, need: 4, want: 9 },
    { min: 5, need: 5, want: 4 },
    { min: -1, need: 1, want: 1 },
  ])
    expect(() => grantFrom(withHeadroom(10n), tokens, wrong)).toThrow('min ≤ need ≤ want')
})

const leased = (part: Partial<LeaseState>): LeaseState => ({
  limit: 1_000n,
  settled: 0n,
  escrow: 0n,
  lease: { granted: 0n, used: 0n },
  othersEscrow: 0n,
  sharers: 1,
  ...part,
})

test('a lease grows by what its node used beyond it, without asking the headroom again', () => {
  const overrun = leased({ settled: 130n, escrow: 0n, lease: { granted: 100n, used: 130n } })
  expect(leaseFrom(overrun, tokens, { min: 80, need: 80, want: 80 })).toEqual({
    granted: 80,
    leaseGranted: 180n,
    escrow: 50n,
    exhausted: false,
    recallable: false,
  })
  const empty = leased({ limit: 130n, settled: 130n, lease: { granted: 100n, used: 130n } })
  expect(leaseFrom(empty, tokens, { min: 30, need: 30, want: 960 })).toMatchObject({ granted: 30, leaseGranted: 130n, escrow: 0n, exhausted: true })
  expect(leaseFrom(empty, tokens, { min: 31, need: 31, want: 992 })).toBeNull()
})

test('whoever gets less than it needs while others hold some is told to recall first', () => {
  const check = (part: Partial<LeaseState>, request: Asked, expected: unknown) =>
    expect.soft(leaseFrom(leased(part), tokens, request)).toMatchObject(expected as object)
  check({ escrow: 900n, othersEscrow: 900n }, { min: 0, need: 300, want: 9_600 }, { granted: 100, exhausted: false, recallable: true })
  check({ escrow: 900n, othersEscrow: 0n }, { min: 0, need: 300, want: 9_600 }, { granted: 100, exhausted: true, recallable: false })
  check({ escrow: 500n, othersEscrow: 500n }, { min: 0, need: 300, want: 9_600 }, { granted: 300, exhausted: false, recallable: false })
})

test('after a recall a request misses what its own node has given back, too', () => {
  const need = { min: 80, need: 80, want: 2_560 }
  expect(afterRecall(need, tokens, { before: 100n, now: 100n })).toEqual(need)
  expect(afterRecall(need, tokens, { before: 100n, now: 130n })).toEqual(need)
  expect(afterRecall(need, tokens, { before: 100n, now: 40n })).toEqual({ min: 140, need: 140, want: 2_620 })
  // Where another source pays the rest, any part will do.
  expect(afterRecall({ min: 0, need: 80, want: 80 }, tokens, { before: 100n, now: 0n })).toEqual({ min: 0, need: 180, want: 180 })
})

test('over any series of acquires by any nodes E = Σ(G − U) and the headroom stays at zero or above', () => {
  const calls = fc.array(fc.record({ node: fc.nat(2), request: asked, share: fc.nat(130) }), { maxLength: 40 })
  fc.assert(
    fc.property(calls, fc.bigInt({ min: 0n, max: 100_000n }), (list, limit) => {
      const leases = [0, 1, 2].map(() => ({ granted: 0n, used: 0n }))
      const open = ({ granted, used }: { granted: bigint; used: bigint }) => (granted > used ? granted - used : 0n)
      const escrowOf = () => leases.reduce((sum, lease) => sum + open(lease), 0n)
      let settled = 0n
      for (const { node, request, share } of list) {
        const lease = leases[node]!
        const escrow = escrowOf()
        const step = leaseFrom({ limit, settled, escrow, lease, othersEscrow: escrow - open(lease), sharers: 1 }, tokens, request)
        if (step === null) continue
        lease.granted = step.leaseGranted
        expect(escrowOf()).toBe(step.escrow)
        expect(step.granted === 0 || settled + step.escrow <= limit || step.escrow === escrow).toBe(true)
        const used = (open(lease) * BigInt(share)) / 100n
        lease.used += used
        settled += used
      }
    }),
    { numRuns: 300 },
  )
})
