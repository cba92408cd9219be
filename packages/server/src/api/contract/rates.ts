// Routes on the rate card: what providers charge us, the import of public price lists, and models without a price. For operators only:
// a tenant never learns cost.

import { RATE_LISTS_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, decimal, instantIn, nothing, text, time } from './fields.ts'
import { route } from './route.ts'

/** Longest text of a price list: the largest public one is a fifth of it. */
const LIST_LENGTH_MAX = 7 * 1024 * 1024

const version = z.int().min(0).meta({ description: 'Version of the imported rates; 0 before the first.', examples: [3] })
const provider = text('Id of the provider.', 'openai')
const model = text('Name of the model at the provider.', 'gpt-5-mini')
const layer = choice(['catalog', 'imported', 'shipped'], 'Where the entry comes from: the catalog speaks first, then imported and shipped entries by date.')
const prices = z.record(z.string(), decimal('Amount.', '0.25')).meta({ description: 'Amount by usage bucket.', examples: [{ input: '0.25', output: '2' }] })

const entry = z
  .strictObject({
    provider,
    model,
    layer,
    from: z.string().meta({ description: 'First day on which it holds, UTC.', examples: ['2025-08-07'] }),
    currency: z.string().meta({ description: 'ISO 4217.', examples: ['USD'] }),
    per_million: prices.meta({ description: 'Amount per million tokens by usage bucket.' }),
    per_unit: prices.meta({ description: 'Amount for each of what is counted one by one.' }),
    variants: z.array(z.record(z.string(), z.unknown())).meta({ description: 'Other prices by service tier, region, label or length of context, as in a catalog.' }),
    aliases: z.array(z.string()),
    patterns: z.array(z.string()),
    context_window: z.int(),
    output_max: z.int(),
    source: z.string().nullable().meta({ description: 'Who says so, and when it was read.' }),
  })
  .meta({ id: 'Rate', description: 'What a provider charges for a model from a day on.' })

const priceChange = z.strictObject({
  price: z.string().meta({ examples: ['input'] }),
  before: z.string().nullable(),
  after: z.string().nullable(),
  percent: z.string().nullable().meta({ description: 'Signed; null where one side has no price above zero.', examples: ['-12.5'] }),
})

const change = z
  .strictObject({
    action: choice(['added', 'changed', 'removed', 'disagreeing'], '`removed`: the list has the model no longer, and its last price stays. `disagreeing`: two sources say different prices, and nothing changes.'),
    provider,
    model,
    source: z.string(),
    percent: z.string().nullable().meta({ description: 'Largest change of a price; null where a price vanished.', examples: ['12.5'] }),
    prices: z.array(priceChange),
    sources: z.array(z.strictObject({ source: z.string(), per_million: prices })).meta({ description: 'What each source says, where they disagree.' }),
    overridden: z.boolean().meta({ description: 'The catalog names the model itself, so the entry would not speak.' }),
    assumed: z.array(z.string()).meta({ description: 'Limits that the list leaves open.' }),
  })
  .meta({ id: 'RateChange' })

const planned = {
  base_version: version.meta({ description: 'Version that the changes start from.' }),
  from: z.string().meta({ description: 'First day of the new entries.', examples: ['2026-11-25'] }),
  lists: z.array(z.strictObject({ name: z.string(), source: z.string(), entries: z.int(), skipped: z.record(z.string(), z.int()) })).meta({ description: 'What was read of each list, and what was passed over why.' }),
  same: z.int().meta({ description: 'Models whose prices are as they were.' }),
  passed_over: z.int().meta({ description: 'Entries of providers that were not asked for.' }),
}

const request = {
  lists: z.array(z.strictObject({ name: text('What the list is called in messages.', 'prices.json'), content: z.string().min(1).max(LIST_LENGTH_MAX).meta({ description: 'Its text: the LiteLLM map, genai-prices, the models.dev list, or YAML with `rates`.' }) })).min(1).max(RATE_LISTS_MAX).meta({ description: 'Price lists; several show where they disagree.' }),
  providers: z.array(provider).max(200).optional().meta({ description: 'Providers to import; those that the rate card knows unless stated. `*` for all.' }),
  prefer: z.string().optional().meta({ description: 'The source that wins where several disagree: `litellm`, `genai-prices`, `models.dev`, or the `source` of your own file.', examples: ['litellm'] }),
  from: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-11-25').optional().meta({ description: 'First day of new entries; today unless stated.' }),
}

export const rateRoutes = {
  listRates: route({
    method: 'GET',
    path: '/v1/rates',
    tag: 'catalog',
    summary: 'List the rate card',
    description: 'One entry for each provider and model: the one in force.',
    access: [],
    params: nothing,
    query: z.strictObject({ provider: provider.optional(), model: text('A part of the model’s name.', 'gpt-5').optional(), at: instantIn('Time at which the entries are in force; now unless stated.').optional() }),
    body: null,
    status: 200,
    answer: z.strictObject({ catalog_version: z.int(), imported_version: version, data: z.array(entry) }),
    problems: [],
  }),
  matchRate: route({
    method: 'GET',
    path: '/v1/rates/match',
    tag: 'catalog',
    summary: 'See how the rate card answers for a model',
    description: 'The entry that would make the cost of a request, how it was found, and all dated entries of that model.',
    access: [],
    params: nothing,
    query: z.strictObject({ model, provider: provider.optional(), at: instantIn('Time of the request; now unless stated.').optional() }),
    body: null,
    status: 200,
    answer: z.strictObject({
      catalog_version: z.int(),
      imported_version: version,
      matched_by: choice(['id', 'alias', 'family', 'pattern'], 'How the name was found.').nullable(),
      matched: z.string().nullable().meta({ description: 'The name or pattern that matched; null: the model has no price, its cost would be unknown.' }),
      rate: entry.nullable(),
      entries: z.array(entry).meta({ description: 'Newest first.' }),
    }),
    problems: [],
  }),
  listUnpriced: route({
    method: 'GET',
    path: '/v1/rates/unpriced',
    tag: 'catalog',
    summary: 'List models without a price',
    description: 'Models that answered and have no entry, or none for what was used: their cost is unknown. Each is told once a day on the event stream as `cost.unpriced`.',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ data: z.array(z.strictObject({ model, first_at: time('First answer.'), last_at: time('Last answer.'), events: z.int() })) }),
    problems: [],
  }),
  planRates: route({
    method: 'POST',
    path: '/v1/rates/plan',
    tag: 'catalog',
    summary: 'See what price lists would change',
    description: 'Changes nothing.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject(request),
    status: 200,
    answer: z.strictObject({ ...planned, changes: z.array(change) }),
    problems: ['invalid_price_list'],
  }),
  importRates: route({
    method: 'POST',
    path: '/v1/rates/import',
    tag: 'catalog',
    summary: 'Import price lists',
    description: 'Adds entries from a day on and puts them in force everywhere as a new version of the catalog. A change above `confirm_above` percent is held back unless `confirmed`; a disagreement changes nothing.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      ...request,
      base_version: version.optional().meta({ description: 'Version that the import was planned on: another one in force is a conflict.' }),
      confirm_above: decimal('Percent above which a change needs `confirmed`.', '10').default('10'),
      confirmed: z.boolean().default(false).meta({ description: 'Apply changes above the percentage too.' }),
    }),
    status: 200,
    answer: z.strictObject({ ...planned, version, applied: z.array(change), held: z.array(change).meta({ description: 'Not applied: above the percentage and not confirmed.' }) }),
    problems: ['invalid_price_list', 'rates_conflict', 'too_many_rates'],
  }),
} as const
