// A node's slice of one budget: U + r ≤ G at each admission, and no hold is lost.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { instant } from '../time.ts'
import { freeOf, grant, hold, isRefused, openSlice, raised, release, settle, takeIdle, type Slice } from './slice.ts'

const fresh = (): Slice => openSlice({ budget: 'wallet:USD', periodStart: instant(0), periodEnd: instant(1_000) })

type Step = { readonly kind: 'grant' | 'hold' | 'take' | 'release' | 'settle'; readonly amount: number; readonly pick: number }
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('grant', 'hold', 'hold', 'hold', 'take', 'release', 'settle') as fc.Arbitrary<Step['kind']>,
    amount: fc.nat(1_000),
    pick: fc.nat(1_000),
  }),
  { maxLength: 200 },
)

test('under any sequence of grants, holds, releases, settles and recalls U + r ≤ G at each admission and the holds in flight are all accounted for', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const slice = fresh()
      const open: number[] = []
      let granted = 0
      let used = 0
      for (const { kind, amount, pick } of sequence) {
        const index = pick % Math.max(1, open.length)
        const held = open[index]
        if (kind === 'grant') {
          grant(slice, amount)
          granted += amount
        } else if (kind === 'take') {
          granted -= takeIdle(slice)
          expect(freeOf(slice) <= 0).toBe(true)
        } else if (kind === 'hold') {
          if (freeOf(slice) < amount) continue
          hold(slice, amount)
          open.push(amount)
          expect(slice.used + slice.held <= slice.granted).toBe(true)
        } else if (held !== undefined) {
          open.splice(index, 1)
          if (kind === 'release') release(slice, held)
          else settle(slice, held, amount)
          used += kind === 'settle' ? amount : 0
        }
        expect([slice.granted, slice.used, slice.held]).toEqual([granted, used, open.reduce((a, b) => a + b, 0)])
      }
    }),
    { numRuns: 300 },
  )
})

test('use within the hold never overruns the slice', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(1_000), fc.nat(1_000)), { maxLength: 50 }), (requests) => {
      const slice = fresh()
      grant(slice, 5_000)
      for (const [bound, used] of requests) {
        if (freeOf(slice) < bound) continue
        hold(slice, bound)
        settle(slice, bound, Math.min(bound, used))
        expect(freeOf(slice) >= 0).toBe(true)
      }
    }),
  )
})

test('use above the hold is booked, and blocks admissions until a lease covers it', () => {
  const slice = fresh()
  grant(slice, 100)
  hold(slice, 100)
  settle(slice, 100, 130)
  expect(freeOf(slice)).toBe(-30)
  expect(takeIdle(slice)).toBe(0)
  expect(() => hold(slice, 1)).toThrow('-30 free')
  hold(slice, 0)
  grant(slice, 31)
  hold(slice, 1)
  expect(freeOf(slice)).toBe(0)
})

test('a recall takes what no request holds, and nothing twice', () => {
  const slice = fresh()
  grant(slice, 100)
  hold(slice, 30)
  expect([takeIdle(slice), takeIdle(slice), slice.granted, slice.held]).toEqual([70, 0, 30, 30])
})

test('a refusal is believed until its time, for requests of its size and above', () => {
  const slice = fresh()
  slice.refused = { min: 50, until: instant(500) }
  const check = (missing: number, now: number, expected: boolean) => expect.soft(isRefused(slice, missing, instant(now)), `${missing} at ${now}`).toBe(expected)
  check(50, 0, true)
  check(51, 499, true)
  check(49, 0, false)
  check(50, 500, false)
  expect(isRefused(undefined, 50, instant(0))).toBe(false)
  expect(isRefused(fresh(), 50, instant(0))).toBe(false)
})

test('amounts that are none, and more released than held, stop the program', () => {
  for (const wrong of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
    const slice = fresh()
    grant(slice, 10)
    expect(() => grant(slice, wrong)).toThrow('not an amount')
    expect(() => hold(slice, wrong)).toThrow('not an amount')
    expect(() => settle(slice, 0, wrong)).toThrow('not an amount')
  }
  expect(() => release(fresh(), 1)).toThrow('more of wallet:USD released than held')
})

test('slices opened one after the other count each for itself', () => {
  const slices = Array.from({ length: 200 }, fresh)
  for (const [index, slice] of slices.entries()) {
    grant(slice, 1_000 + index)
    hold(slice, index)
    settle(slice, 0, 2 * index)
    slice.renewBelow = 3 * index
  }
  expect(slices.map(({ granted, held, used, renewBelow }) => [granted, held, used, renewBelow])).toEqual(slices.map((_, index) => [1_000 + index, index, 2 * index, 3 * index]))
})

test('what a slice would be with more leaves it as it is', () => {
  const slice = fresh()
  grant(slice, 100)
  hold(slice, 30)
  settle(slice, 10, 15)
  slice.lent = 5
  const more = raised(slice, 40, { min: 1, until: instant(9) })
  expect(more).toMatchObject({ budget: slice.budget, granted: 140, used: 15, held: 20, lent: 5, refused: { min: 1, until: 9 } })
  grant(more, 1)
  expect([slice.granted, slice.held, slice.used, slice.refused]).toEqual([100, 20, 15, null])
})
