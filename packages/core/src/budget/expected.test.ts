import { expect, test } from 'vitest'
import fc from 'fast-check'
import { EXPECTED_QUANTILE, observeShare, openShares, OBSERVATIONS_MIN, shareWithin } from './expected.ts'

test('nothing is said of a key before it was seen often enough', () => {
  const sketch = openShares()
  for (let index = 1; index < OBSERVATIONS_MIN; index++) observeShare(sketch, 0.1)
  expect(shareWithin(sketch)).toBeNull()
  observeShare(sketch, 0.1)
  expect(shareWithin(sketch)).toBeCloseTo(0.125)
})

test('the share covers at least the quantile of what was seen, and is at most one step above it', () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1.5, noNaN: true }), { minLength: OBSERVATIONS_MIN, maxLength: 500 }), (shares) => {
    const sketch = openShares()
    for (const share of shares) observeShare(sketch, share)
    const within = shareWithin(sketch)!
    expect(shares.filter((share) => share <= within).length).toBeGreaterThanOrEqual(Math.floor(shares.length * EXPECTED_QUANTILE))
    const sorted = [...shares].sort((a, b) => a - b)
    expect(within).toBeLessThanOrEqual(sorted[Math.ceil(shares.length * EXPECTED_QUANTILE) - 1]! + 1 / 32 + 1e-9)
  }))
})

test('what changed is learnt: old observations fade', () => {
  const sketch = openShares()
  for (let index = 0; index < 2_000; index++) observeShare(sketch, 0.9)
  for (let index = 0; index < 20_000; index++) observeShare(sketch, 0.1)
  expect(shareWithin(sketch)).toBeLessThan(0.2)
})
