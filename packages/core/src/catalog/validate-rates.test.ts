// What may stand in a rate card beyond one price for a name: patterns, units, variants, the operator's own terms.

import { expect, test } from 'vitest'
import { compileCatalog } from './compile.ts'
import type { CatalogDocument, ProviderTermsDocument, RateDocument } from './document.ts'
import { formatCatalogPath } from './problem.ts'
import { validateCatalog } from './validate.ts'

const RATE: RateDocument = { provider: 'acme', model: 'm', aliases: [], from: '2026-01-01', currency: 'USD', per_million: { input: '1', output: '2' }, context_window: 10, output_max: 5 }
const TERMS: ProviderTermsDocument = { provider: 'acme', from: '2026-01-01', discount_percent: '12.5' }
const documentOf = (rates: readonly RateDocument[], terms?: readonly ProviderTermsDocument[], model = 'm'): CatalogDocument => ({
  currency: 'USD', features: [{ id: 'chat', name: 'Chat', kind: 'metered' }], meters: [], plans: [], credit_assets: [], rate_card: rates, ...(terms === undefined ? {} : { provider_terms: terms }),
  gateway: { feature: 'chat', models: [{ name: 'fast', upstream: null, model }] },
})
const problems = (document: CatalogDocument) => validateCatalog(document).map(({ level, code, path }) => `${level} ${code} ${formatCatalogPath(path)}`)

const FULL: RateDocument = {
  ...RATE, patterns: ['m-*'], per_unit: { requests: '0.001', web_search_requests: '0.01' },
  variants: [{ when: { service_tier: ['batch'] }, factor: '0.5' }, { input_above: 200_000, per_million: { input: '2', output: '3' } }, { when: { quality: ['high'] }, per_unit: { images: '0.1' } }],
}

test('all of it together is sound, and compiles', () => {
  expect(problems(documentOf([FULL], [TERMS]))).toEqual([])
  const { rateCard, providerTerms } = compileCatalog(documentOf([FULL], [TERMS]), 1)
  expect(rateCard.get('m')?.[0]).toMatchObject({ perUnit: new Map([['requests', 1_000_000_000n], ['web_search_requests', 10_000_000_000n]]), variants: [{ factor: 500_000_000n }, { inputAbove: 200_000, factor: null }, {}] })
  expect(rateCard.matchers?.map(({ pattern, rates }) => [pattern, rates.length])).toEqual([['m-*', 1]])
  expect(providerTerms).toEqual([{ provider: 'acme', models: ['*'], from: Date.parse('2026-01-01'), discount: 125_000_000n }])
})

test('a rate without any of it compiles to what it was before', () => {
  const { rateCard, providerTerms } = compileCatalog(documentOf([RATE]), 1)
  expect(Object.keys(rateCard.get('m')![0]!)).toEqual(['provider', 'model', 'from', 'currency', 'perMillion', 'contextWindow', 'outputMax'])
  expect([rateCard.matchers, providerTerms]).toEqual([undefined, undefined])
})

test('a gateway model, and one that a plan names, may be known by a pattern', () => {
  const plan = { id: 'p', name: 'P', public: true, period: 'month' as const, fee: null, entitlements: [{ feature: 'chat', value: null, models: ['m-2-large', 'x-2'] }], prices: [], allowances: [], limits: [], funding: [] }
  expect(problems({ ...documentOf([FULL]), plans: [plan] }).filter((problem) => problem.includes('unknown_model'))).toEqual(['warning unknown_model plans[0].entitlements[0].models[1]'])
  expect(problems(documentOf([FULL], undefined, 'm-2-large'))).toEqual([])
  expect(problems(documentOf([FULL], undefined, 'n-2-large'))).toEqual(['error no_rate gateway.models[0].model'])
})

const WRONG: readonly (readonly [title: string, rate: Partial<RateDocument>, expected: readonly string[]])[] = [
  ['a pattern without a star', { patterns: ['m-2'] }, ['error invalid_pattern rate_card[0].patterns[0]']],
  ['a pattern for everything', { patterns: ['**'] }, ['error invalid_pattern rate_card[0].patterns[0]']],
  ['a pattern with a space', { patterns: ['m *'] }, ['error invalid_name rate_card[0].patterns[0]']],
  ['a variant that always holds', { variants: [{ factor: '0.5' }] }, ['error variant_unconditional rate_card[0].variants[0]']],
  ['a variant with a factor and prices', { variants: [{ input_above: 5, factor: '0.5', per_million: { input: '1' } }] }, ['error variant_mixed rate_card[0].variants[0]']],
  ['a variant with neither', { variants: [{ input_above: 5 }] }, ['error variant_mixed rate_card[0].variants[0]']],
  ['a condition that nothing meets', { variants: [{ when: { region: [] }, factor: '0.5' }] }, ['error empty_list rate_card[0].variants[0].when.region']],
  ['a length of no tokens', { variants: [{ input_above: 0, factor: '2' }] }, ['error out_of_range rate_card[0].variants[0].input_above']],
  ['a negative factor', { variants: [{ input_above: 5, factor: '-1' }] }, ['error out_of_range rate_card[0].variants[0].factor']],
  ['a factor with too many digits', { variants: [{ input_above: 5, factor: '0.0000000001' }] }, ['error too_many_digits rate_card[0].variants[0].factor']],
  ['a negative price of a variant', { variants: [{ input_above: 5, per_million: { input: '-1' } }] }, ['error out_of_range rate_card[0].variants[0].per_million.input']],
  ['tokens priced one by one', { per_unit: { input: '1' } }, ['warning unknown_bucket rate_card[0].per_unit.input']],
  ['tools priced per million', { per_million: { input: '1', images: '1' } }, ['warning unknown_bucket rate_card[0].per_million.images']],
]

test.each(WRONG)('tells %s', (_, change, expected) => {
  expect(problems(documentOf([{ ...RATE, ...change }]))).toEqual(expected)
})

test('one pattern from one day has one entry', () => {
  const twin = (model: string, from: string): RateDocument => ({ ...RATE, model, from, patterns: ['m-*'] })
  expect(problems(documentOf([twin('m', '2026-01-01'), twin('n', '2026-01-01')]))).toEqual(['error duplicate_rate rate_card[1].patterns[0]'])
  expect(problems(documentOf([twin('m', '2026-01-01'), twin('n', '2026-02-01')]))).toEqual([])
})

test('models priced by the piece need no token price', () => {
  expect(problems(documentOf([{ ...RATE, per_million: {}, per_unit: { images: '0.04' } }]))).toEqual([])
})

test('terms are checked: day, share, provider', () => {
  const check = (change: Partial<ProviderTermsDocument>, expected: readonly string[]) => expect.soft(problems(documentOf([RATE], [{ ...TERMS, ...change }]))).toEqual(expected)
  check({}, [])
  check({ from: '2026-02-30' }, ['error invalid_date provider_terms[0].from'])
  check({ discount_percent: '101' }, ['error out_of_range provider_terms[0].discount_percent'])
  check({ discount_percent: 'x' }, ['error invalid_decimal provider_terms[0].discount_percent'])
  check({ provider: 'acne' }, ['warning unknown_provider provider_terms[0].provider'])
})
