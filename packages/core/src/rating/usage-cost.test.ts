// What an answer cost: variants of a rate, the operator's terms, several models in one answer, and no silent zero.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { compileRateCard, compileTerms } from '../catalog/compile-rates.ts'
import type { ProviderTermsDocument, RateDocument, RateVariantDocument } from '../catalog/document.ts'
import { formatUnits } from '../money.ts'
import { instant } from '../time.ts'
import type { Buckets } from '../usage/bucket.ts'
import type { ProviderUsage } from '../usage/usage.ts'
import { costOf, rateInForce } from './cost.ts'
import { termsInForce } from './provider-terms.ts'
import { costOfUsage, explainUsageCost, uncachedCostOf, type CostContext } from './usage-cost.ts'

const AT = instant(Date.parse('2026-03-01T00:00:00Z'))
const rate = (rest: Partial<RateDocument> = {}): RateDocument => ({
  provider: 'acme', model: 'm', aliases: [], from: '2026-01-01', currency: 'USD', per_million: { input: '3', cached_input: '0.3', cache_write_5m: '3.75', cache_write_1h: '6', output: '15' }, context_window: 1, output_max: 1, ...rest,
})
const usage = (buckets: Buckets, rest: Partial<ProviderUsage> = {}): ProviderUsage => ({ model: 'm', tier: 'standard', region: null, labels: {}, buckets, elsewhere: [], total: { counted: 0, stated: null }, problems: [], ...rest })
const context = (rates: readonly RateDocument[], rest: Partial<CostContext> = {}): CostContext => ({ card: compileRateCard(rates), terms: [], at: AT, modelAsked: null, class: {}, ...rest })
const cost = (of: ProviderUsage, where: CostContext) => {
  const { cost: money, missing } = costOfUsage(of, where)
  return money === null ? `unknown: ${missing.join(', ')}` : formatUnits(money.units, money.asset)
}

test('without the provider’s cache all that was read from it or written to it is plain input', () => {
  const { cost: money } = uncachedCostOf(usage({ input: 1_000, cached_input: 4_000, cache_write_5m: 100, cache_write_1h: 10, output: 500 }), context([rate()]))
  // 5,110 at 3 and 500 at 15.
  expect(money).toEqual({ asset: 'USD', units: 22_830_000_000n })
})

test('each bucket at its price, divided once; a reasoning price of its own holds where there is one', () => {
  const check = (rates: Partial<RateDocument>, buckets: Buckets, expected: string) => expect.soft(cost(usage(buckets), context([rate(rates)]))).toBe(expected)
  check({}, { input: 1_000, cached_input: 4_000, cache_write_5m: 100, cache_write_1h: 10, output: 500 }, '0.012135')
  check({}, { output: 100, reasoning: 900 }, '0.015')
  check({ per_million: { input: '3', output: '15', reasoning: '5' } }, { output: 100, reasoning: 900 }, '0.006')
  check({ per_unit: { web_search_requests: '0.01' } }, { input: 1_000, web_search_requests: 3 }, '0.033')
  check({ per_unit: { requests: '0.005', web_search_requests: '0.01' } }, { input: 1_000 }, '0.008')
  check({}, { input: 1 }, '0.000003')
})

test('what has no price is named, and the cost of the whole is unknown', () => {
  expect(cost(usage({ input: 10, audio_input: 5, web_search_requests: 1 }), context([rate()]))).toBe('unknown: m audio_input, m web_search_requests')
  expect(cost(usage({ input: 10, cache_write_1h: 5 }), context([rate({ per_million: { input: '3', cache_write_5m: '3.75' } })]))).toBe('unknown: m cache_write_1h')
  expect(cost(usage({ input: 10 }, { model: 'x' }), context([rate()]))).toBe('unknown: model x')
  expect(cost(usage({ input: 10 }, { model: null }), context([rate()]))).toBe('unknown: model unknown')
  expect(cost(usage({ input: 10 }, { problems: [{ code: 'missing_count', field: 'output_tokens', message: '' }] }), context([rate()]))).toBe('unknown: usage')
  expect(cost(usage({ input: 1_000_000 }, { problems: [{ code: 'total_mismatch', field: 'total_tokens', message: '' }] }), context([rate()]))).toBe('3')
})

test('the model that answered decides; the one asked for speaks where the other is not known', () => {
  const rates = [rate(), rate({ model: 'small', per_million: { input: '1' } })]
  expect(cost(usage({ input: 1_000_000 }), context(rates, { modelAsked: 'small' }))).toBe('3')
  expect(cost(usage({ input: 1_000_000 }, { model: null }), context(rates, { modelAsked: 'small' }))).toBe('1')
  expect(cost(usage({ input: 1_000_000 }, { model: 'm-internal-7' }), context(rates, { modelAsked: 'small' }))).toBe('1')
})

const LONG: RateVariantDocument = { input_above: 200_000, per_million: { input: '6', cached_input: '0.6', output: '22.5' } }

test('a long context has its own prices for the whole request, by input read, cached input included', () => {
  const where = context([rate({ variants: [LONG, { input_above: 500_000, per_million: { input: '9', output: '30' } }] })])
  expect(cost(usage({ input: 200_000 }), where)).toBe('0.6')
  expect(cost(usage({ input: 200_001 }), where)).toBe('1.200006')
  expect(cost(usage({ input: 1, cached_input: 200_000, output: 1_000_000 }), where)).toBe('22.620006')
  expect(cost(usage({ input: 200_000, output: 900_000 }), where)).toBe('14.1')
  expect(cost(usage({ input: 500_001, output: 1 }), where)).toBe('4.500039')
  expect(cost(usage({ input: 150_000, output: 60_000 }), context([rate({ variants: [{ total_above: 200_000, per_million: { input: '1', output: '2' } }] })]))).toBe('0.27')
})

test('a variant with prices holds whole: what it leaves out has no price, except what is counted one by one', () => {
  const where = context([rate({ per_unit: { web_search_requests: '0.01' }, variants: [LONG] })])
  expect(cost(usage({ input: 300_000, cache_write_5m: 1 }), where)).toBe('unknown: m cache_write_5m')
  expect(cost(usage({ input: 300_000, web_search_requests: 2 }), where)).toBe('1.82')
})

test('a service tier has its own price or none, never the standard one', () => {
  const batch: RateVariantDocument = { when: { service_tier: ['batch', 'flex'] }, factor: '0.5' }
  const priority: RateVariantDocument = { when: { service_tier: ['priority'] }, per_million: { input: '6', output: '30' } }
  const where = context([rate({ variants: [batch, priority] })])
  const check = (tier: string, expected: string, given: Partial<CostContext['class']> = {}) => expect.soft(cost(usage({ input: 1_000_000 }, { tier }), { ...where, class: given }), tier).toBe(expected)
  check('standard', '3')
  check('batch', '1.5')
  check('flex', '1.5')
  check('priority', '6')
  check('scale', 'unknown: m service_tier scale')
  check('standard', '1.5', { tier: 'batch' })
  expect(cost(usage({ input: 1_000_000 }, { tier: 'flex' }), context([rate()]))).toBe('unknown: m service_tier flex')
  expect(costOf(rateInForce(where.card, 'm', AT)!, { input: 1 }, { tier: 'scale', region: null, labels: {} })).toBeNull()
})

test('factors multiply, on tokens and not on tools, over whichever prices hold', () => {
  const where = context([rate({ per_unit: { web_search_requests: '0.01' }, variants: [LONG, { when: { service_tier: ['batch'] }, factor: '0.5' }, { when: { region: ['us'] }, factor: '1.1' }] })])
  const check = (buckets: Buckets, rest: Partial<ProviderUsage>, expected: string) => expect.soft(cost(usage(buckets, rest), where)).toBe(expected)
  check({ input: 100_000, web_search_requests: 1 }, { region: 'us' }, '0.34')
  check({ input: 100_000, web_search_requests: 1 }, { region: 'us', tier: 'batch' }, '0.175')
  check({ input: 1_000_000 }, { region: 'us', tier: 'batch' }, '3.3')
  check({ input: 1_000_000 }, { region: 'eu', tier: 'batch' }, '3')
})

test('the variant that asks most of a request holds', () => {
  const images = context([rate({ model: 'm', per_million: {}, per_unit: { images: '0.04' }, variants: [
    { when: { quality: ['high'] }, per_unit: { images: '0.08' } }, { when: { quality: ['high'], size: ['1792x1024'] }, per_unit: { images: '0.12' } }, { when: { quality: ['high'] }, per_unit: { images: '0.99' } },
  ] })])
  const check = (labels: Readonly<Record<string, string>>, expected: string) => expect.soft(cost(usage({ images: 2 }, { labels }), images)).toBe(expected)
  check({}, '0.08')
  check({ quality: 'high' }, '0.16')
  check({ quality: 'high', size: '1792x1024' }, '0.24')
  check({ quality: 'low', size: '1792x1024' }, '0.08')
  expect(cost(usage({ images: 1 }), { ...images, class: { labels: { quality: 'high' } } })).toBe('0.08')
})

test('the operator’s terms take their share off the whole, the most specific ones, from their day on', () => {
  const terms = (list: readonly Partial<ProviderTermsDocument>[]) => compileTerms(list.map((part) => ({ provider: 'acme', from: '2026-01-01', discount_percent: '10', ...part })))
  const check = (list: readonly Partial<ProviderTermsDocument>[], expected: string) => expect.soft(cost(usage({ input: 1_000_000, web_search_requests: 100 }), context([rate({ per_unit: { web_search_requests: '0.01' } })], { terms: terms(list) })), JSON.stringify(list)).toBe(expected)
  check([], '4')
  check([{}], '3.6')
  check([{ provider: 'other' }], '4')
  check([{ from: '2026-03-02' }], '4')
  check([{ models: ['x*'] }], '4')
  check([{}, { models: ['m*'], discount_percent: '50' }], '2')
  check([{}, { from: '2026-02-01', discount_percent: '25' }], '3')
  check([{ discount_percent: '100' }], '0')
  expect(termsInForce(terms([{ models: ['*'] }, { models: ['m'] }]), { provider: 'acme', model: 'm', at: AT })?.models).toEqual(['m'])
})

test('other models inside an answer are billed at their own prices, and one without a price makes the whole unknown', () => {
  const both = [rate(), rate({ model: 'b', per_million: { input: '100', output: '500' } })]
  const answer = usage({ input: 1_000_000 }, { elsewhere: [{ model: 'b', kind: 'advisor', buckets: { input: 10_000, output: 1_000 } }] })
  expect(cost(answer, context(both))).toBe('4.5')
  expect(cost(answer, context([rate()]))).toBe('unknown: model b')
  expect(cost(answer, context([rate(), rate({ model: 'b', currency: 'EUR', per_million: { input: '1', output: '1' } })]))).toBe('unknown: exchange rate between USD and EUR')
})

test('the lines of an explained cost name list price, factor and discount, and sum to it', () => {
  const where = context([rate({ per_unit: { web_search_requests: '0.01' }, variants: [{ when: { service_tier: ['batch'] }, factor: '0.5' }] })], { terms: compileTerms([{ provider: 'acme', from: '2026-01-01', discount_percent: '10' }]) })
  const { cost: total, lines, applied, discount } = explainUsageCost(usage({ input: 1_000, reasoning: 7, web_search_requests: 2 }, { tier: 'batch' }), where)
  const text = (amount: bigint | null) => (amount === null ? null : formatUnits(amount as NonNullable<typeof total>['units'], 'USD'))
  expect(lines.map(({ kind, bucket, quantity, price, per, pricedAs, amount }) => [kind, bucket, quantity, text(price), per, pricedAs, text(amount)])).toEqual([
    ['bucket', 'input', 1_000, '3', 1_000_000n, 'input', '0.0015'],
    ['bucket', 'reasoning', 7, '15', 1_000_000n, 'output', '0.0000525'],
    ['bucket', 'web_search_requests', 2, '0.01', 1n, 'web_search_requests', '0.02'],
    ['discount', null, null, null, null, null, '-0.00215525'],
  ])
  expect([text(total!.units), applied.length, discount]).toEqual(['0.01939725', 1, 100_000_000n])
  const unknown = explainUsageCost(usage({ input: 1, audio_output: 2 }), where)
  expect([unknown.cost, unknown.lines.map(({ bucket, price }) => [bucket, text(price)])]).toEqual([null, [['input', '3'], ['audio_output', null]]])
})

const amount = fc.integer({ min: 0, max: 10 ** 9 }).map((number) => `${Math.floor(number / 10 ** 6)}.${String(number % 10 ** 6).padStart(6, '0')}`)
const anyRate = fc.record({ input: amount, output: amount, cached: fc.option(amount), factor: fc.option(amount), long: fc.option(amount) }).map((of) => rate({
  per_million: { input: of.input, output: of.output, ...(of.cached === null ? {} : { cached_input: of.cached }) },
  variants: [...(of.factor === null ? [] : [{ when: { region: ['us'] }, factor: of.factor }]), ...(of.long === null ? [] : [{ input_above: 1_000, per_million: { input: of.long, output: of.long } }])],
}))
const anyUsage = fc.record({ buckets: fc.record({ input: fc.nat(5_000), cached_input: fc.nat(5_000), output: fc.nat(5_000), reasoning: fc.nat(5_000) }), region: fc.constantFrom(null, 'us') }).map(({ buckets, region }) => usage(buckets, { region }))
const anyTerms = fc.option(fc.integer({ min: 0, max: 100 })).map((percent) => (percent === null ? [] : compileTerms([{ provider: 'acme', from: '2026-01-01', discount_percent: String(percent) }])))

test('explained or not, a cost is the same, its lines sum to it, and it is never negative', () => {
  fc.assert(fc.property(anyRate, anyUsage, anyTerms, (document, told, terms) => {
    const where = context([document], { terms })
    const plain = costOfUsage(told, where)
    const explained = explainUsageCost(told, where)
    expect(explained.cost).toEqual(plain.cost)
    expect(explained.lines.reduce((sum, line) => sum + (line.amount ?? 0n), 0n)).toBe(plain.cost!.units)
    expect(plain.cost!.units >= 0n).toBe(true)
    if (terms.length === 0) expect(costOf(rateInForce(where.card, 'm', AT)!, told.buckets, { tier: 'standard', region: told.region, labels: {} })).toEqual(plain.cost)
  }), { numRuns: 300 })
})

test('moving tokens into a cache never makes a request dearer when the cache has no price, and a price of its own is used when it has', () => {
  fc.assert(fc.property(amount, fc.nat(10 ** 6), fc.nat(10 ** 6), (input, fresh, cached) => {
    const where = context([rate({ per_million: { input, output: '1' } })])
    expect(costOfUsage(usage({ input: fresh, cached_input: cached }), where).cost).toEqual(costOfUsage(usage({ input: fresh + cached }), where).cost)
  }))
})
