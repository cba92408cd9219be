// The readers of public price lists, on texts in their shape: exact digits, conditions as variants, what is passed over, and no text
// that breaks them.

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileRateCard, costOf, matchRate, validateRates, type RateDocument } from '@tollgate/core'
import { comparePrices } from './compare-rates.ts'
import { diffRates, type DiffOptions } from './diff-rates.ts'
import { shippedRates } from './effective-rates.ts'
import { plainDecimal } from './list-json.ts'
import { readPriceList } from './read-list.ts'

const read = (content: unknown) => readPriceList({ name: 'list.json', content: typeof content === 'string' ? content : JSON.stringify(content) }, { from: '2026-11-01' })
const byModel = (list: ReturnType<typeof read>, model: string): RateDocument | undefined => list.rates.find(({ rate }) => rate.model === model)?.rate

test.each([
  ['1.75e-06', 6, '1.75'], ['0.00000175', 6, '1.75'], ['3e-7', 6, '0.3'], ['15', 0, '15'], ['0.010', 0, '0.01'], ['35', -3, '0.035'], ['1E2', 0, '100'], ['0', 6, '0'],
  ['-1', 6, null], ['abc', 6, null], ['1e99', 6, null], ['', 0, null],
])('%s shifted by %i places is %s, without a float', (text, shift, expected) => {
  expect(plainDecimal(text, shift)).toBe(expected)
})

const LITELLM = `{
  "sample_spec": { "litellm_provider": "one of them" },
  "nova-2": {
    "litellm_provider": "openai", "mode": "chat", "max_input_tokens": 272000, "max_output_tokens": 128000, "supports_vision": true,
    "input_cost_per_token": 1.75e-06, "output_cost_per_token": 1.4e-05, "cache_read_input_token_cost": 1.75e-07,
    "input_cost_per_token_flex": 8.75e-07, "output_cost_per_token_flex": 7e-06, "input_cost_per_token_above_200k_tokens": 3.5e-06, "output_cost_per_token_above_200k_tokens": 2.1e-05,
    "input_cost_per_token_batches": 8.75e-07, "search_context_cost_per_query": { "search_context_size_medium": 0.01 }, "regional_processing_uplift_multiplier_eu": 1.1
  },
  "groq/llama": { "litellm_provider": "groq", "mode": "chat", "max_tokens": 8192, "input_cost_per_token": 5e-08, "output_cost_per_token": 8e-08 },
  "free": { "litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0 },
  "gap": { "litellm_provider": "groq", "mode": "chat", "input_cost_per_token": 1e-06, "output_cost_per_token": 0 },
  "clip": { "litellm_provider": "openai", "mode": "video_generation", "output_cost_per_second": 0.1 }
}`

test('LiteLLM’s map: prices per million exactly, tiers and lengths as variants, what is free or not metered passed over', () => {
  const list = read(LITELLM)
  expect(list).toMatchObject({ source: 'litellm', skipped: { 'no provider': 1, 'no price': 1, 'mode video_generation': 1 } })
  expect(byModel(list, 'nova-2')).toMatchObject({
    provider: 'openai', per_million: { input: '1.75', output: '14', cached_input: '0.175', image_input: '1.75' }, per_unit: { web_search_requests: '0.01' }, context_window: 400_000, output_max: 128_000,
    variants: [
      { when: { service_tier: ['flex'] }, per_million: { input: '0.875', output: '7', image_input: '0.875' } },
      { input_above: 200_000, per_million: { input: '3.5', output: '21', image_input: '3.5' } },
      { when: { service_tier: ['batch'] }, per_million: { input: '0.875', image_input: '0.875' } },
      { when: { region: ['eu'] }, factor: '1.1' },
    ],
  })
  expect(byModel(list, 'gap')?.per_million).toEqual({ input: '1' })
  expect(byModel(list, 'llama')).toMatchObject({ provider: 'groq', per_million: { input: '0.05', output: '0.08' } })
})

test('genai-prices: the dated price in force, tiers above a length whole, plain beginnings as patterns', () => {
  const list = read([{ id: 'x-ai', models: [
    { id: 'star-1', match: { or: [{ equals: 'star-1-fast' }, { starts_with: 'star-1-' }, { contains: 'star' }] }, context_window: 131072, prices: { input_mtok: { base: 3, tiers: [{ start: 128000, price: 6 }] }, output_mtok: 15 } },
    { id: 'star-2', match: { equals: 'star-2' }, prices: [{ prices: { input_mtok: 1, output_mtok: 2 } }, { constraint: { start_date: '2026-02-01' }, prices: { input_mtok: 0.5, output_mtok: 1.5 } }] },
    { id: 'star-3', match: { equals: 'star-3' }, prices: {} },
  ] }])
  expect(list).toMatchObject({ source: 'genai-prices', skipped: { 'no price': 1 } })
  expect(byModel(list, 'star-1')).toMatchObject({ provider: 'xai', aliases: ['star-1-fast'], patterns: ['star-1-*'], per_million: { input: '3', output: '15' }, variants: [{ input_above: 128_000, per_million: { input: '6', output: '15' } }] })
  expect(byModel(list, 'star-2')).toMatchObject({ from: '2026-02-01', per_million: { input: '0.5', output: '1.5' } })
})

test('models.dev: cost per million, limits, and what a longer context costs', () => {
  const list = read({ google: { id: 'google', models: { 'gem-3': {
    cost: { input: 1.25, output: 10, cache_read: 0.31, input_audio: 3, context_over_200k: { input: 2.5, output: 15, cache_read: 0.625 } }, limit: { context: 1048576, output: 65536 }, modalities: { input: ['text', 'image'] },
  } } } })
  expect(list.source).toBe('models.dev')
  expect(byModel(list, 'gem-3')).toMatchObject({
    provider: 'google', per_million: { input: '1.25', output: '10', cached_input: '0.31', audio_input: '3', image_input: '1.25' }, context_window: 1_048_576, output_max: 65_536,
    variants: [{ input_above: 200_000, per_million: { input: '2.5', output: '15', cached_input: '0.625', audio_input: '3', image_input: '2.5' } }],
  })
})

test('our own format is YAML, and its mistakes are told', () => {
  const own = 'source: finance\nrates:\n  - { provider: openai, model: m, from: 2026-11-01, per_million: { input: 1, output: 2 }, context_window: 1000, output_max: 100 }\n'
  expect(read(own)).toMatchObject({ source: 'finance', rates: [{ rate: { model: 'm', source: 'finance', per_million: { input: '1' } } }] })
  expect(() => read(own.replace('from: 2026-11-01', 'from: yesterday'))).toThrow(/no day/)
  expect(() => read('rates: [')).toThrow(/list\.json: line/)
  expect(() => read({ some: 'thing' })).toThrow(/no price list that is known here/)
})

test('no JSON breaks a reader: each entry that it makes is a valid rate', () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.record({ litellm_provider: fc.string(), mode: fc.constantFrom('chat', 'embedding', 'x'), input_cost_per_token: fc.oneof(fc.double(), fc.string(), fc.constant(1e-6)), max_tokens: fc.oneof(fc.integer(), fc.string()) }, { requiredKeys: ['litellm_provider'] })), (value) => {
    if (Object.keys(value).length === 0) return
    for (const { rate } of read(value).rates) expect(validateRates([rate]).filter(({ level }) => level === 'error')).toEqual([])
  }))
})

const OPTIONS: DiffOptions = { from: '2026-11-01', providers: 'all', prefer: null }
const rate = (model: string, input: string, more: Partial<RateDocument> = {}): RateDocument => ({ provider: 'p', model, aliases: [], from: '2026-01-01', currency: 'USD', per_million: { input, output: '10' }, context_window: 1000, output_max: 100, ...more })
const listOf = (source: string, ...rates: RateDocument[]) => ({ source, skipped: {}, rates: rates.map((one) => ({ rate: one, assumed: [] })) })

test('the diff tells what is added, changed by how much, no longer listed and the same', () => {
  const card = [{ layer: 'shipped' as const, rate: rate('a', '1') }, { layer: 'shipped' as const, rate: rate('b', '1') }, { layer: 'imported' as const, rate: rate('c', '1', { source: 's, 2026-10-01' }) }]
  const diff = diffRates(card, [listOf('s', rate('a', '1.125'), rate('b', '1.0'), rate('d', '2'))], OPTIONS)
  expect(diff.same).toBe(1)
  expect(diff.changes.map(({ action, model, perMille, prices }) => [action, model, perMille, prices.map(({ price, percent }) => `${price} ${percent}`)])).toEqual([
    ['changed', 'a', 125n, ['input 12.5']], ['added', 'd', 0n, ['input null', 'output null']], ['removed', 'c', 0n, []],
  ])
  expect(diff.changes[0]!.rate).toMatchObject({ from: '2026-11-01', source: 's, 2026-11-01' })
})

test('sources that disagree are shown and not merged, unless one is preferred', () => {
  const lists = [listOf('s', rate('a', '1')), listOf('t', rate('a', '2'))]
  expect(diffRates([], lists, OPTIONS).changes).toMatchObject([{ action: 'disagreeing', rate: null, sources: [{ source: 's', perMillion: { input: '1' } }, { source: 't', perMillion: { input: '2' } }] }])
  expect(diffRates([], lists, { ...OPTIONS, prefer: 't' }).changes).toMatchObject([{ action: 'added', rate: { per_million: { input: '2' } } }])
  const imported = [{ layer: 'imported' as const, rate: rate('a', '1', { source: 's, 2026-10-01' }) }]
  expect(diffRates(imported, [listOf('t', rate('a', '2'))], OPTIONS).changes).toMatchObject([{ action: 'disagreeing', rate: null }])
  expect(diffRates(imported, [listOf('s', rate('a', '2'))], OPTIONS).changes).toMatchObject([{ action: 'changed', perMille: 1000n }])
})

test('what the catalog names itself is marked, and a provider that was not asked for is passed over', () => {
  expect(diffRates([{ layer: 'catalog', rate: rate('a', '1') }], [listOf('s', rate('a', '2'))], { ...OPTIONS, providers: null }).changes).toMatchObject([{ action: 'added', isOverridden: true }])
  expect(diffRates([], [listOf('s', rate('a', '2'))], { ...OPTIONS, providers: ['q'] })).toEqual({ changes: [], same: 0, passedOver: 1 })
})

test('a percentage is rounded away from zero, so that no threshold is passed unseen', () => {
  const percent = (before: string, after: string) => comparePrices(rate('a', before), rate('a', after))[0]?.percent ?? null
  expect(percent('3', '3.3001')).toBe('10.1')
  expect(percent('3', '2.6999')).toBe('-10.1')
  expect(percent('0', '1')).toBeNull()
  expect(percent('1.50', '1.5')).toBeNull()
})

test('the shipped card is valid, says where each price comes from, and costs a request of every text model', () => {
  const rates = shippedRates()
  expect(rates.length).toBeGreaterThanOrEqual(60)
  expect(validateRates(rates)).toEqual([])
  expect(rates.filter(({ source }) => source === undefined || !/\d{4}-\d{2}-\d{2}/.test(source))).toEqual([])
  const card = compileRateCard(rates)
  for (const { model, per_million: prices } of rates) {
    const match = matchRate(card, model, Date.parse('2026-11-25') as never)
    expect(match?.rate.model, model).toBe(model)
    if (prices['output'] !== undefined) expect(costOf(match!.rate, { input: 1000, cached_input: 10, output: 100 }), model).not.toBeNull()
  }
})
