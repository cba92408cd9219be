// Which entry of the rate card speaks for a model name.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { compileRateCard } from '../catalog/compile-rates.ts'
import type { RateDocument } from '../catalog/document.ts'
import { instant } from '../time.ts'
import { comparePatterns, matchesPattern, matchRate } from './rate-match.ts'

const day = (text: string) => instant(Date.parse(`${text}T00:00:00Z`))
const rate = (model: string, from: string, rest: Partial<RateDocument> = {}): RateDocument => ({ provider: 'p', model, aliases: [], from, currency: 'USD', per_million: { input: '1' }, context_window: 1, output_max: 1, ...rest })

const card = compileRateCard([
  rate('tiny', '2026-01-01', { aliases: ['tiny-latest'], patterns: ['tiny*'] }),
  rate('tiny', '2026-03-01', { patterns: ['tiny*'] }),
  rate('tiny-pro', '2026-01-01', { patterns: ['tiny-pro*', '*/tiny-pro'] }),
  rate('any-tiny', '2026-01-01', { patterns: ['*tiny*', '*tiny-pro*'] }),
])

test('an id or alias comes first, then the family of a snapshot, then the pattern that says most', () => {
  const check = (model: string, at: string, expected: string | null) => {
    const match = matchRate(card, model, day(at))
    expect.soft(match === null ? null : `${match.rate.model}@${new Date(match.rate.from).toISOString().slice(0, 10)} ${match.by} ${match.name}`, `${model} ${at}`).toBe(expected)
  }
  check('tiny', '2026-02-01', 'tiny@2026-01-01 id tiny')
  check('tiny', '2026-03-01', 'tiny@2026-03-01 id tiny')
  check('tiny-latest', '2026-04-01', 'tiny@2026-01-01 alias tiny-latest')
  check('tiny-2026-01-15', '2026-02-01', 'tiny@2026-01-01 family tiny')
  check('tiny-8b', '2026-02-01', 'tiny@2026-01-01 pattern tiny*')
  check('tiny-8b', '2026-03-01', 'tiny@2026-03-01 pattern tiny*')
  check('tiny-pro-8b', '2026-02-01', 'tiny-pro@2026-01-01 pattern tiny-pro*')
  check('acme/tiny-pro', '2026-02-01', 'tiny-pro@2026-01-01 pattern */tiny-pro')
  check('acme/tiny-pro-8b', '2026-02-01', 'any-tiny@2026-01-01 pattern *tiny-pro*')
  check('acme/tiny', '2026-02-01', 'any-tiny@2026-01-01 pattern *tiny*')
  check('tiny', '2025-12-31', null)
  check('huge', '2026-02-01', null)
})

test('only the star is special in a pattern', () => {
  const check = (pattern: string, name: string, expected: boolean) => expect.soft(matchesPattern(pattern, name), `${pattern} ${name}`).toBe(expected)
  for (const [pattern, name] of [['a*', 'a'], ['a*', 'abc'], ['*', ''], ['*b*', 'abc'], ['a*c', 'abc'], ['a*b*c', 'aXbYc'], ['**', 'x'], ['a.c*', 'a.c1'], ['gpt-5', 'gpt-5'], ['*x*y*', 'xxyy']] as const) check(pattern, name, true)
  for (const [pattern, name] of [['a*', 'ba'], ['a.c*', 'abc1'], ['a*a', 'a'], ['ab*ba', 'aba'], ['*b*', 'ac'], ['gpt-5', 'gpt-5-mini'], ['a*b*c', 'acb'], ['*x*y*', 'yx']] as const) check(pattern, name, false)
})

test('a pattern matches what it is made of, and a hostile one ends at once', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '-'), { maxLength: 4 }).map((list) => list.join(''))
  fc.assert(fc.property(fc.array(letters, { minLength: 1, maxLength: 5 }), fc.array(letters, { minLength: 5, maxLength: 5 }), (parts, fillers) => {
    expect(matchesPattern(parts.join('*'), parts.reduce((name, part, index) => name + fillers[index]! + part))).toBe(true)
  }))
  const start = performance.now()
  matchesPattern('*a'.repeat(100), 'a'.repeat(99) + 'b'.repeat(10_000))
  expect(performance.now() - start).toBeLessThan(200)
})

test('patterns are ordered alike from every side', () => {
  const patterns = ['gpt-5', 'gpt-5*', 'gpt*', '*gpt-5-mini*', '*mini', 'a*', 'b*']
  fc.assert(fc.property(fc.shuffledSubarray(patterns, { minLength: patterns.length }), (shuffled) => {
    expect([...shuffled].sort(comparePatterns)).toEqual(['gpt-5', 'gpt-5*', 'gpt*', 'a*', 'b*', '*gpt-5-mini*', '*mini'])
  }))
})
