import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileCatalog } from './compile.ts'
import type { CatalogDocument, PlanDocument } from './document.ts'
import { quantity } from '../quantity.ts'
import type { PriceModelDocument, UsagePriceDocument } from '../rating/price-document.ts'
import { isCumulative } from '../rating/rate-usage.ts'
import { rateTotal } from '../rating/rate.ts'
import { nearest } from './nearest.ts'
import { formatCatalogPath } from './problem.ts'
import { validateCatalog } from './validate.ts'

const INPUT_PRICE: UsagePriceDocument = { id: 'input', name: 'Input', meter: 'input_tokens', model: 'per_unit', amount: '0.015', per: '1000' }
const OUTPUT_PRICE: UsagePriceDocument = { id: 'output', name: 'Output', meter: 'output_tokens', model: 'per_unit', amount: '0.03', per: '1000' }

const PRO: PlanDocument = {
  id: 'pro', name: 'Pro', public: true, period: 'month',
  fee: { id: 'fee', name: 'Plan fee', amount: '49' },
  entitlements: [{ feature: 'chat', value: null, models: ['*'] }],
  prices: [INPUT_PRICE, OUTPUT_PRICE],
  allowances: [{ id: 'tokens', name: 'Tokens', meters: ['input_tokens', 'output_tokens'], quantity: '500000' }],
  limits: [{ id: 'daily', name: 'Daily requests', meters: ['requests'], quantity: '200', window: 'day', enforcement: 'hard' }],
  funding: ['allowance', 'overage'],
}

const SOUND: CatalogDocument = {
  currency: 'USD',
  features: [
    { id: 'chat', name: 'Chat', kind: 'metered' },
    { id: 'seats', name: 'Seats', kind: 'value' },
    { id: 'sso', name: 'Single sign-on', kind: 'boolean' },
  ],
  meters: [
    { id: 'input_tokens', name: 'Input', unit: 'token', event_type: 'ai.request', aggregation: 'sum', properties: ['input_tokens'], filter: {}, scale: 0 },
    { id: 'output_tokens', name: 'Output', unit: 'token', event_type: 'ai.request', aggregation: 'sum', properties: ['output_tokens'], filter: {}, scale: 0 },
    { id: 'requests', name: 'Requests', unit: 'request', event_type: 'ai.request', aggregation: 'count', properties: [], filter: {}, scale: 0 },
    { id: 'gpu_hours', name: 'GPU', unit: 'hour', event_type: 'gpu', aggregation: 'sum', properties: ['hours'], filter: {}, scale: 3 },
  ],
  plans: [PRO],
  credit_assets: [{ id: 'usd', name: 'Prepaid balance', currency: 'USD' }],
  rate_card: [{
    provider: 'openai', model: 'gpt-5', aliases: [], from: '2025-08-07', currency: 'USD',
    per_million: { input: '1.25', cached_input: '0.125', output: '10' }, context_window: 400_000, output_max: 128_000,
  }],
  gateway: { feature: 'chat', models: [{ name: 'gpt-5', upstream: null, model: 'gpt-5' }] },
}

const matrix = (entries: readonly (readonly [id: string, when: Readonly<Record<string, readonly string[]>>])[], otherwise: PriceModelDocument | null = EACH): UsagePriceDocument => ({
  id: 'input', name: 'Input', meter: 'input_tokens', model: 'matrix', entries: entries.map(([entry, when]) => ({ id: entry, when, price: EACH })), otherwise,
})
const EACH: PriceModelDocument = { model: 'per_unit', amount: '1', per: '1' }
const CREDITS: UsagePriceDocument = { id: 'input', name: 'Input', meter: 'input_tokens', model: 'credits', per: '1000', entries: [], otherwise: '1' }
const tiered = (model: 'graduated' | 'volume', ends: readonly (string | null)[]): UsagePriceDocument => ({
  id: 'input', name: 'Input', meter: 'input_tokens', model, per: '1000', tiers: ends.map((up_to) => ({ up_to, amount: '1', flat: '0' })),
})
const withPlan = (change: Partial<PlanDocument>): CatalogDocument => ({ ...SOUND, plans: [{ ...PRO, ...change }] })
const withMeter = (change: Partial<CatalogDocument['meters'][number]>): CatalogDocument => ({ ...SOUND, meters: [{ ...SOUND.meters[0]!, ...change }, ...SOUND.meters.slice(1)] })
const withRate = (change: Partial<CatalogDocument['rate_card'][number]>): CatalogDocument => ({ ...SOUND, rate_card: [{ ...SOUND.rate_card[0]!, ...change }] })
const problems = (document: CatalogDocument): string[] => validateCatalog(document).map(({ level, code, path }) => `${level} ${code} ${formatCatalogPath(path)}`)

test('a sound catalog has neither errors nor warnings', () => {
  expect(validateCatalog(SOUND)).toEqual([])
})

const REFUSED: readonly (readonly [title: string, document: CatalogDocument, expected: readonly string[]])[] = [
  ['an unknown currency form', { ...SOUND, currency: 'usd' }, ['error invalid_currency currency']],
  ['an id with capitals and spaces', { ...SOUND, features: [...SOUND.features, { id: 'My Chat', name: 'x', kind: 'boolean' }] }, ['error invalid_id features[3].id']],
  ['a metered feature that is free without end', withPlan({ prices: [], allowances: [], limits: [], funding: [] }), ['error unpriced_feature plans[0].entitlements[0]']],
  ['an empty name', withMeter({ name: ' ' }), ['error invalid_name meters[0].name']],
  ['an event type with a space', withMeter({ event_type: 'ai request' }), ['error invalid_name meters[0].event_type']],
  ['a feature twice', { ...SOUND, features: [...SOUND.features, SOUND.features[0]!] }, ['error duplicate_id features[3].id']],
  ['a meter twice', { ...SOUND, meters: [...SOUND.meters, SOUND.meters[3]!] }, ['error duplicate_id meters[4].id']],
  ['a plan twice', { ...SOUND, plans: [PRO, PRO] }, ['error duplicate_id plans[1].id']],
  ['a price id twice', withPlan({ prices: [INPUT_PRICE, { ...OUTPUT_PRICE, id: 'input' }] }), ['error duplicate_id plans[0].prices[1].id']],
  ['a price with the id of the fee', withPlan({ prices: [INPUT_PRICE, { ...OUTPUT_PRICE, id: 'fee' }] }), ['error duplicate_id plans[0].prices[1].id']],
  ['a sum of nothing', withMeter({ properties: [] }), ['error properties_mismatch meters[0].properties']],
  ['a count of a property', withMeter({ aggregation: 'count' }), ['error properties_mismatch meters[0].properties']],
  ['a property that would count twice', withMeter({ properties: ['tokens', 'tokens'] }), ['error duplicate_id meters[0].properties[1]']],
  ['a filter that accepts nothing', withMeter({ filter: { model: [] } }), ['error empty_list meters[0].filter.model']],
  ['a scale beyond nine', withMeter({ id: 'spare', scale: 10 }), ['error out_of_range meters[0].scale', 'error unknown_meter plans[0].prices[0].meter', 'error unknown_meter plans[0].allowances[0].meters[0]']],
  ['an entitlement to an unknown feature', withPlan({ entitlements: [{ feature: 'caht', value: null, models: ['*'] }] }), ['error unknown_feature plans[0].entitlements[0].feature']],
  ['a feature granted twice', withPlan({ entitlements: [PRO.entitlements[0]!, PRO.entitlements[0]!] }), ['error duplicate_id plans[0].entitlements[1].feature']],
  ['a value feature without a value', withPlan({ entitlements: [...PRO.entitlements, { feature: 'seats', value: null, models: ['*'] }] }), ['error value_mismatch plans[0].entitlements[1].value']],
  ['a value for a boolean feature', withPlan({ entitlements: [...PRO.entitlements, { feature: 'sso', value: '3', models: ['*'] }] }), ['error value_mismatch plans[0].entitlements[1].value']],
  ['a negative price', withPlan({ prices: [{ ...INPUT_PRICE, amount: '-0.01' } as UsagePriceDocument, OUTPUT_PRICE] }), ['error out_of_range plans[0].prices[0].amount']],
  ['more digits than money keeps', withPlan({ prices: [{ ...INPUT_PRICE, amount: '0.0000000000001' } as UsagePriceDocument, OUTPUT_PRICE] }), ['error too_many_digits plans[0].prices[0].amount']],
  ['a number that is none', withPlan({ fee: { id: 'fee', name: 'Fee', amount: 'abc' } }), ['error invalid_decimal plans[0].fee.amount']],
  ['a price per zero units', withPlan({ prices: [{ ...INPUT_PRICE, per: '0' } as UsagePriceDocument, OUTPUT_PRICE] }), ['error out_of_range plans[0].prices[0].per']],
  ['half a token', withPlan({ prices: [{ ...INPUT_PRICE, per: '0.5' } as UsagePriceDocument, OUTPUT_PRICE] }), ['error too_many_digits plans[0].prices[0].per']],
  ['a price of an unknown meter', withPlan({ prices: [...PRO.prices, { ...INPUT_PRICE, id: 'other', meter: 'inputtokens' }] }), ['error unknown_meter plans[0].prices[2].meter']],
  ['two prices of one meter for the same usage', withPlan({ prices: [...PRO.prices, { ...INPUT_PRICE, id: 'eu', when: { region: ['eu'] } }, { ...INPUT_PRICE, id: 'large', when: { model: ['large'] } }] }), ['error two_prices plans[0].prices[3].meter']],
  ['a price that fits nothing', withPlan({ prices: [...PRO.prices, { ...INPUT_PRICE, id: 'eu', when: { region: [] } }] }), ['error empty_list plans[0].prices[2].when.region']],
  ['a matrix of nothing', withPlan({ prices: [matrix([], null), OUTPUT_PRICE] }), ['error empty_list plans[0].prices[0].entries']],
  ['entries that may fit the same usage', withPlan({ prices: [matrix([['a', { model: ['x'] }], ['b', { region: ['eu'] }]]), OUTPUT_PRICE] }), ['error ambiguous_entries plans[0].prices[0].entries[1].when']],
  ['an entry id twice', withPlan({ prices: [matrix([['a', { model: ['x'] }], ['a', { model: ['y'] }]]), OUTPUT_PRICE] }), ['error duplicate_id plans[0].prices[0].entries[1].id']],
  ['an entry with the id of the default', withPlan({ prices: [matrix([['otherwise', { model: ['x'] }]]), OUTPUT_PRICE] }), ['error duplicate_id plans[0].prices[0].entries[0].id']],
  ['an entry without conditions', withPlan({ prices: [matrix([['a', {}]]), OUTPUT_PRICE] }), ['error empty_list plans[0].prices[0].entries[0].when']],
  ['credits in a plan of money', withPlan({ prices: [CREDITS, OUTPUT_PRICE] }), ['error asset_mismatch plans[0].prices[0].model']],
  ['a plan of an unknown credit asset', withPlan({ asset: 'credit', prices: [CREDITS, OUTPUT_PRICE] }), ['error unknown_asset plans[0].asset']],
  ['overage of credits that have no value', { ...withPlan({ asset: 'points', prices: [CREDITS, OUTPUT_PRICE] }), credit_assets: [{ id: 'points', name: 'Points', currency: 'USD' }] }, ['error overage_without_value plans[0].funding[1]']],
  ['an allowance of what is priced by event', withPlan({ prices: [{ id: 'input', name: 'Input', meter: 'input_tokens', model: 'cost_plus', margin_percent: '45', cache_savings: 'passed_on', minimum: null }, OUTPUT_PRICE] }), ['error allowance_by_event plans[0].allowances[0].meters[0]']],
  ['bounds the wrong way round', withPlan({ allowances: [], funding: ['overage'], prices: [{ id: 'input', name: 'Input', meter: 'input_tokens', model: 'dynamic', minimum: '2', maximum: '1' }, OUTPUT_PRICE] }), ['error out_of_range plans[0].prices[0].minimum']],
  ['two prices of one meter', withPlan({ prices: [...PRO.prices, { ...INPUT_PRICE, id: 'other' }] }), ['error two_prices plans[0].prices[2].meter']],
  ['a tiered price without tiers', withPlan({ prices: [tiered('graduated', []), OUTPUT_PRICE] }), ['error empty_list plans[0].prices[0].tiers']],
  ['tiers that fall', withPlan({ prices: [tiered('graduated', ['100', '50', null]), OUTPUT_PRICE] }), ['error tiers_unordered plans[0].prices[0].tiers[1].up_to']],
  ['tiers that overlap', withPlan({ prices: [tiered('graduated', ['100', '100', null]), OUTPUT_PRICE] }), ['error tiers_unordered plans[0].prices[0].tiers[1].up_to']],
  ['a first tier that ends at zero', withPlan({ prices: [tiered('graduated', ['0', null]), OUTPUT_PRICE] }), ['error out_of_range plans[0].prices[0].tiers[0].up_to']],
  ['a last tier that ends', withPlan({ prices: [tiered('volume', ['100', '200']), OUTPUT_PRICE] }), ['error last_tier_closed plans[0].prices[0].tiers[1].up_to']],
  ['an open tier in the middle', withPlan({ prices: [tiered('volume', ['100', null, null]), OUTPUT_PRICE] }), ['error tier_not_last plans[0].prices[0].tiers[1]']],
  ['a volume price that only a wallet pays', withPlan({ prices: [tiered('volume', ['100', null]), OUTPUT_PRICE], funding: ['allowance', 'wallet'] }), ['error volume_on_wallet plans[0].prices[0].model']],
  ['meters of two scales under one allowance', withPlan({ allowances: [{ ...PRO.allowances[0]!, meters: ['input_tokens', 'gpu_hours'] }] }), ['error mixed_scales plans[0].allowances[0].meters', 'warning unpriced_beyond_allowance plans[0].allowances[0].meters']],
  ['an allowance of nothing', withPlan({ allowances: [{ ...PRO.allowances[0]!, quantity: '0' }] }), ['error out_of_range plans[0].allowances[0].quantity']],
  ['a limit in money with more digits than are kept', withPlan({ limits: [{ ...PRO.limits[0]!, meters: [], quantity: '0.0000000000001' }] }), ['error too_many_digits plans[0].limits[0].quantity']],
  ['a window that cannot roll', withPlan({ limits: [{ ...PRO.limits[0]!, window: 'lifetime', terms: { rolling: true } }] }), ['error window_mismatch plans[0].limits[0].rolling']],
  ['a burst of what is no rate', withPlan({ limits: [{ ...PRO.limits[0]!, terms: { burst: '1' } }] }), ['error window_mismatch plans[0].limits[0].burst']],
  ['a limit of an unknown feature', withPlan({ limits: [{ ...PRO.limits[0]!, features: ['caht'] }] }), ['error unknown_feature plans[0].limits[0].features[0]']],
  ['a meter that counts twice against a limit', withPlan({ limits: [{ ...PRO.limits[0]!, meters: ['requests', 'requests'] }] }), ['error duplicate_id plans[0].limits[0].meters[1]']],
  ['overage before the allowance', withPlan({ funding: ['overage', 'allowance'] }), ['error funding_order plans[0].funding']],
  ['funding named twice', withPlan({ funding: ['allowance', 'allowance', 'overage'] }), ['error duplicate_id plans[0].funding[1]']],
  ['one price id for two meters in two plans', { ...SOUND, plans: [PRO, { ...PRO, id: 'max', prices: [{ ...INPUT_PRICE, meter: 'output_tokens' }, { ...OUTPUT_PRICE, meter: 'input_tokens', id: 'out' }] }] }, ['error id_reused plans[1].prices[0].id']],
  ['an unknown gateway feature', { ...SOUND, gateway: { ...SOUND.gateway, feature: 'caht' } }, ['error unknown_feature gateway.feature']],
  ['a cache rule of what is not there, and one that keeps for ever', { ...SOUND, gateway: { ...SOUND.gateway, cache: [{ feature: 'caht', plans: ['prp'], models: null, ttl_seconds: 0, shared_by: 'customer', with_tools: false }] } }, ['error unknown_feature gateway.cache[0].feature', 'error unknown_plan gateway.cache[0].plans[0]', 'error out_of_range gateway.cache[0].ttl_seconds']],
  ['prompts of what is not there, for ever, without what nobody knows', { ...SOUND, gateway: { ...SOUND.gateway, prompts: [{ feature: 'caht', plans: null, models: null, keep_days: 366, answers: true, redact: ['emial'], patterns: [{ name: 'Order', pattern: '' }] }] } }, ['error unknown_feature gateway.prompts[0].feature', 'error out_of_range gateway.prompts[0].keep_days', 'error unknown_kind gateway.prompts[0].redact[0]', 'error invalid_name gateway.prompts[0].patterns[0].name', 'error out_of_range gateway.prompts[0].patterns[0].pattern']],
  ['a bound of nothing, and one of no number', { ...SOUND, gateway: { ...SOUND.gateway, bounds: [{ feature: null, plans: null, models: null, context_max: null, output_max: null }, { feature: null, plans: null, models: null, context_max: null, output_max: 0 }] } }, ['error missing_bound gateway.bounds[0]', 'error out_of_range gateway.bounds[1].output_max']],
  ['an instruction on a hard limit, and waiting for a month', withPlan({ limits: [{ ...PRO.limits[0]!, enforcement: 'hard', terms: { exhausted: { action: 'brief', instruction: 'x' } } }, { ...PRO.limits[0]!, id: 'other', terms: { exhausted: { action: 'queue', waitSeconds: 5 } } }] }), ['error window_mismatch plans[0].limits[0].at_exhaustion', 'error window_mismatch plans[0].limits[1].at_exhaustion']],
  ['a gateway model without a rate', { ...SOUND, gateway: { ...SOUND.gateway, models: [{ name: 'fast', upstream: null, model: 'gpt-6' }] } }, ['error no_rate gateway.models[0].model']],
  ['a gateway model twice', { ...SOUND, gateway: { ...SOUND.gateway, models: [SOUND.gateway.models[0]!, SOUND.gateway.models[0]!] } }, ['error duplicate_id gateway.models[1].name']],
  ['two rates of one model from one day', { ...SOUND, rate_card: [SOUND.rate_card[0]!, { ...SOUND.rate_card[0]!, provider: 'azure', model: 'gpt-5-eu', aliases: ['gpt-5'] }] }, ['error duplicate_rate rate_card[1].aliases[0]']],
  ['a day that does not exist', withRate({ from: '2026-02-30' }), ['error invalid_date rate_card[0].from']],
  ['a negative rate', withRate({ per_million: { input: '-1' } }), ['error out_of_range rate_card[0].per_million.input']],
  ['an empty context window', withRate({ context_window: 0 }), ['error out_of_range rate_card[0].context_window']],
]

test.each(REFUSED)('refuses %s', (_, document, expected) => {
  expect(problems(document)).toEqual(expected)
})

const WARNED: readonly (readonly [title: string, document: CatalogDocument, expected: readonly string[]])[] = [
  ['an allowance that nothing draws from', withPlan({ funding: ['overage'] }), ['warning allowance_unfunded plans[0].funding']],
  ['funding by an allowance that is not there', withPlan({ allowances: [] }), ['warning funding_unused plans[0].funding[0]']],
  ['prices that nobody can pay', withPlan({ funding: ['allowance'] }), ['warning price_unfunded plans[0].funding']],
  ['usage without a price beyond its allowance', withPlan({ prices: [INPUT_PRICE] }), ['warning unpriced_beyond_allowance plans[0].allowances[0].meters']],
  ['an entitlement to an unknown model', withPlan({ entitlements: [{ feature: 'chat', value: null, models: ['gpt5'] }] }), ['warning unknown_model plans[0].entitlements[0].models[0]']],
  ['an entitlement to no model', withPlan({ entitlements: [{ feature: 'chat', value: null, models: [] }] }), ['warning empty_list plans[0].entitlements[0].models']],
  ['a rate for usage that nobody reports', withRate({ per_million: { input: '1', cahced_input: '1' } }), ['warning unknown_bucket rate_card[0].per_million.cahced_input']],
  ['a rate without input', withRate({ per_million: { output: '1' } }), ['warning incomplete_rate rate_card[0].per_million']],
]

test.each(WARNED)('warns of %s', (_, document, expected) => {
  expect(problems(document)).toEqual(expected)
})

test('a volume price is accepted where overage accrues', () => {
  expect(problems(withPlan({ prices: [tiered('volume', ['100', null]), OUTPUT_PRICE], funding: ['allowance', 'wallet', 'overage'] }))).toEqual([])
})

test('a gateway model with the date of its snapshot is known by the name without it', () => {
  expect(problems({ ...SOUND, gateway: { ...SOUND.gateway, models: [{ name: 'gpt-5', upstream: null, model: 'gpt-5-2025-08-07' }] } })).toEqual([])
})

test('a problem says what to write instead', () => {
  const [problem] = validateCatalog({ ...SOUND, gateway: { ...SOUND.gateway, feature: 'caht' } })
  expect(problem).toMatchObject({ suggestion: 'chat', message: 'there is no feature caht, which requests at the gateway would use. Did you mean "chat"?' })
})

test('a hint is given for a typo and withheld for another word', () => {
  const words = ['amount', 'input_tokens', 'per']
  expect([nearest('amuont', words), nearest('Input-Tokens', words), nearest('pre', words), nearest('quantity', words), nearest('', words)]).toEqual(['amount', 'input_tokens', 'per', null, null])
})

/** Mostly sound, so that a good part of the generated catalogs has no error. */
const mostly = (sound: readonly string[], unsound: readonly string[]) => fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...sound) }, { weight: 1, arbitrary: fc.constantFrom(...unsound) })
const amount = mostly(['0', '0.015', '12', '0.000000000001'], ['-1', '0.0000000000001', 'x', '1e3', '9'.repeat(30)])
const whole = mostly(['1', '20', '1000'], ['0', '0.5', '0.001', '-1', '9999999999999', 'x'])
const meterId = mostly(['input_tokens', 'output_tokens', 'gpu_hours'], ['missing'])
const id = mostly(['a', 'b', 'c', 'd'], ['c d', ''])
const tier = fc.record({ up_to: fc.option(whole), amount, flat: amount })
const price = fc.oneof(
  fc.record({ id, name: id, meter: meterId, model: fc.constant('per_unit' as const), amount, per: whole }),
  fc.record({ id, name: id, meter: meterId, model: fc.constant('package' as const), amount, size: whole }),
  fc.record({ id, name: id, meter: meterId, model: fc.constantFrom('graduated' as const, 'volume' as const), per: whole, tiers: fc.array(tier, { maxLength: 3 }) }),
)
const shared = { id, name: id, meters: fc.array(meterId, { maxLength: 2 }), quantity: whole }
const plan = fc.record({
  prices: fc.array(price, { maxLength: 2 }),
  allowances: fc.array(fc.record(shared), { maxLength: 1 }),
  limits: fc.array(fc.record({ ...shared, window: fc.constant('day' as const), enforcement: fc.constant('hard' as const) }), { maxLength: 1 }),
  fee: fc.option(fc.record({ id, name: id, amount })),
})

test('whatever has no error compiles and can be rated', () => {
  let sound = 0
  fc.assert(
    fc.property(plan, mostly(['USD', 'EUR'], ['usd']), amount, (change, currency, rate) => {
      const document = { ...withPlan(change), currency, rate_card: [{ ...SOUND.rate_card[0]!, per_million: { input: rate } }] }
      if (validateCatalog(document).some(({ level }) => level === 'error')) return
      sound += 1
      for (const compiled of compileCatalog(document, 1).plans.get('pro')!.prices) if (isCumulative(compiled)) for (const used of [0n, 1n, 1500n]) rateTotal(compiled, quantity(used))
    }),
    { numRuns: 2000 },
  )
  expect(sound).toBeGreaterThan(100)
})
