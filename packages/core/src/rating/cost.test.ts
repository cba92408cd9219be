// Provider cost: the rate in force, disjoint buckets, and no silent zero.

import { expect, test } from 'vitest'
import type { Rate, RateCard } from '../catalog/catalog.ts'
import { formatUnits, parseUnits } from '../money.ts'
import { instant } from '../time.ts'
import { costOf, rateInForce } from './cost.ts'

const day = (text: string) => instant(Date.parse(`${text}T00:00:00Z`))
function rate(model: string, from: string, perMillion: Readonly<Record<string, string>>): Rate {
  return {
    provider: 'acme',
    model,
    from: day(from),
    currency: 'USD',
    perMillion: new Map(Object.entries(perMillion).map(([bucket, amount]) => [bucket, parseUnits(amount, 'USD')])),
    contextWindow: 128_000,
    outputMax: 16_000,
  }
}
const newer = rate('tiny', '2026-02-01', { input: '0.2', output: '0.8' })
const older = rate('tiny', '2025-06-01', { input: '0.25', output: '2' })
const card: RateCard = new Map([
  ['tiny', [newer, older]],
  ['tiny-2025-08-07', [older]],
])

test('the rate in force is the newest that had begun, by exact name before family', () => {
  const check = (model: string, at: string, expected: Rate | null) => expect.soft(rateInForce(card, model, day(at)), `${model} ${at}`).toBe(expected)
  check('tiny', '2026-03-01', newer)
  check('tiny', '2026-02-01', newer)
  check('tiny', '2026-01-31', older)
  check('tiny', '2025-05-31', null)
  check('tiny-2025-08-07', '2026-03-01', older)
  check('tiny-2026-01-15', '2026-03-01', newer)
  check('tiny-20260115', '2026-03-01', newer)
  check('tiny-large', '2026-03-01', null)
  check('huge', '2026-03-01', null)
})

test('disjoint buckets add up, multiplied first and divided once', () => {
  const full = rate('full', '2026-01-01', { input: '0.25', cached_input: '0.025', output: '2', reasoning: '3' })
  const check = (buckets: Readonly<Record<string, number>>, expected: string) => expect.soft(formatUnits(costOf(full, buckets)!.units, 'USD')).toBe(expected)
  check({ input: 1_000, cached_input: 4_000, output: 500 }, '0.00135')
  check({ input: 1 }, '0.00000025')
  check({ reasoning: 1_000_000 }, '3')
  check({}, '0')
  check({ input: 0, video: 0 }, '0')
})

test('a used bucket without a price makes the cost unknown, except a cache and reasoning that cost as their kin', () => {
  expect(formatUnits(costOf(older, { cached_input: 1_000_000 })!.units, 'USD')).toBe('0.25')
  expect(formatUnits(costOf(older, { reasoning: 1_000_000 })!.units, 'USD')).toBe('2')
  expect(costOf(older, { input: 10, audio_input: 1 })).toBeNull()
  expect(costOf(rate('none', '2026-01-01', {}), { cached_input: 1 })).toBeNull()
})
