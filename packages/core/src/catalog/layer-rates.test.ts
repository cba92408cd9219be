import { expect, test } from 'vitest'
import { compileRateCard } from './compile-rates.ts'
import { layerRates } from './layer-rates.ts'
import type { RateDocument } from './document.ts'
import { matchRate } from '../rating/rate-match.ts'

const at = (day: string) => Date.parse(`${day}T12:00:00Z`) as never
const rate = (provider: string, model: string, from: string, input: string, more: Partial<RateDocument> = {}): RateDocument => ({
  provider, model, aliases: [], from, currency: 'USD', per_million: { input }, context_window: 1000, output_max: 100, ...more,
})

/** The input price that speaks for `model` on a day. */
function speaks(layers: Partial<Parameters<typeof layerRates>[0]>, model: string, day: string, provider: string | null = null): string | null {
  const layered = layerRates({ catalog: [], imported: [], shipped: [], ...layers })
  const match = matchRate(compileRateCard(layered.map((entry) => entry.rate)), model, at(day), provider)
  return match === null ? null : String(match.rate.perMillion.get('input'))
}
const units = (dollars: number) => `${dollars}000000000000`

test('a name that the catalog has is the catalog’s alone, before its first day too', () => {
  const layers = { catalog: [rate('p', 'm', '2026-06-01', '3')], imported: [rate('p', 'm', '2026-07-01', '4')], shipped: [rate('p', 'm', '2026-01-01', '1')] }
  expect(speaks(layers, 'm', '2026-08-01')).toBe(units(3))
  expect(speaks(layers, 'm', '2026-02-01')).toBeNull()
})

test('an alias or a pattern of the catalog takes the name as well', () => {
  const shipped = [rate('p', 'claude-x', '2026-01-01', '1')]
  expect(speaks({ catalog: [rate('me', 'mine', '2026-01-01', '9', { aliases: ['claude-x'] })], shipped }, 'claude-x', '2026-02-01')).toBe(units(9))
  expect(speaks({ catalog: [rate('me', 'mine', '2026-01-01', '9', { patterns: ['claude-*'] })], shipped }, 'claude-x', '2026-02-01')).toBe(units(9))
})

test('of imported and shipped entries the newest that has begun speaks, on the same day the imported one', () => {
  const shipped = [rate('p', 'm', '2026-01-01', '1'), rate('p', 'm', '2026-09-01', '5')]
  expect(speaks({ shipped, imported: [rate('p', 'm', '2026-03-01', '2')] }, 'm', '2026-02-01')).toBe(units(1))
  expect(speaks({ shipped, imported: [rate('p', 'm', '2026-03-01', '2')] }, 'm', '2026-04-01')).toBe(units(2))
  expect(speaks({ shipped, imported: [rate('p', 'm', '2026-03-01', '2')] }, 'm', '2026-09-01')).toBe(units(5))
  expect(speaks({ shipped, imported: [rate('p', 'm', '2026-09-01', '6')] }, 'm', '2026-09-01')).toBe(units(6))
})

test('where two providers sell a model of one name, the one that is named chooses, and one that does not sell it has no price', () => {
  const imported = [rate('p', 'm', '2026-01-01', '1'), rate('q', 'm', '2026-02-01', '2')]
  expect(speaks({ imported }, 'm', '2026-03-01', 'p')).toBe(units(1))
  expect(speaks({ imported }, 'm', '2026-03-01', 'q')).toBe(units(2))
  expect(speaks({ imported }, 'm', '2026-03-01', 'r')).toBeNull()
})
