import { costOfUsage, instant, readProviderUsage, units, type Catalog, type Rate } from '@tollgate/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { chatUsageReader } from './usage.ts'
import { usualCost, usualUsage } from './usual-usage.ts'

const figure = fc.oneof({ weight: 8, arbitrary: fc.nat(300) }, { weight: 1, arbitrary: fc.constantFrom(undefined, null, -1, 1.5, '7', 2 ** 60) })
const usage = fc.record(
  {
    prompt_tokens: figure,
    completion_tokens: figure,
    total_tokens: figure,
    prompt_tokens_details: fc.oneof(fc.record({ cached_tokens: figure, audio_tokens: fc.constantFrom(0, 0, 0, 3) }, { requiredKeys: [] }), fc.constant(null)),
    completion_tokens_details: fc.record({ reasoning_tokens: figure, audio_tokens: fc.constantFrom(0, 0, 0, 3), accepted_prediction_tokens: fc.nat(9), rejected_prediction_tokens: fc.nat(9) }, { requiredKeys: [] }),
    reasoning_tokens: figure,
    prompt_cache_hit_tokens: figure,
  },
  { requiredKeys: ['prompt_tokens', 'completion_tokens'] },
).chain((told) => fc.boolean().map((adds) => {
  const { prompt_tokens: prompt, completion_tokens: completion } = told
  return adds && typeof prompt === 'number' && typeof completion === 'number' ? { ...told, total_tokens: prompt + completion } : told
}))
/** Nearly always of the usual kind. */
const plain = fc.tuple(fc.nat(300), fc.nat(300), fc.nat(40), fc.nat(40)).map(([prompt, completion, cached, reasoning]) => ({
  prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 }, completion_tokens_details: { reasoning_tokens: reasoning },
}))
const event = fc.record({
  model: fc.constantFrom('m', 'm', 'm-2025-01-01', 'unknown', '', null),
  service_tier: fc.constantFrom('default', null, 'flex', 'auto'),
  usage: fc.oneof({ weight: 6, arbitrary: usage }, { weight: 6, arbitrary: plain }, { weight: 1, arbitrary: fc.constantFrom(null, 7, [], {}) }),
  choices: fc.constantFrom([], [], undefined, undefined, [{ usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 } }]),
}, { requiredKeys: ['model', 'usage'] })
const provider = fc.constantFrom('openai', 'xai', 'perplexity', 'google', 'deepseek')

test('what is read as usual is read the same by core', () => {
  let usual = 0
  fc.assert(
    fc.property(event, provider, (one, from) => {
      const read = usualUsage(one)
      if (read === null) return
      usual += 1
      expect(read).toEqual(readProviderUsage({ surface: 'chat', provider: from, events: [one] }))
    }),
    { numRuns: 3_000 },
  )
  expect(usual).toBeGreaterThan(100)
})

test('any stream of events is read as core reads it', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 4 }), provider, (events, from) => {
      const reader = chatUsageReader(from)
      for (const one of events) reader.add(one)
      expect(reader.usage()).toEqual(readProviderUsage({ surface: 'chat', provider: from, events }))
    }),
    { numRuns: 2_000 },
  )
})

test('what is priced as usual is priced the same by core', () => {
  const rate: Rate = { provider: 'p', model: 'm', from: instant(0), currency: 'USD', perMillion: new Map([['input', units(3_000_000n)], ['cached_input', units(1_000_001n)], ['output', units(7_000_000n)]]), contextWindow: 1, outputMax: 1 }
  const catalog = { rateCard: new Map([['m', [rate]]]) } as unknown as Catalog
  let usual = 0
  fc.assert(
    fc.property(event, fc.constantFrom('m', 'other'), (one, modelAsked) => {
      const read = readProviderUsage({ surface: 'chat', provider: 'openai', events: [one] })
      const cost = usualCost(catalog, read, { modelAsked, at: instant(1) })
      if (cost === null) return
      usual += 1
      expect(cost).toEqual(costOfUsage(read, { card: catalog.rateCard, terms: [], at: instant(1), modelAsked, class: {} }).cost)
    }),
    { numRuns: 3_000 },
  )
  expect(usual).toBeGreaterThan(100)
})
