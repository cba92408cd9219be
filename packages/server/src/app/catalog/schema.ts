// The shape of a catalog file: what may be written, what is filled in where it is left out, and what each field means.
// From it come the reading of the file, the JSON Schema for editors and the reference page. Its output is a
// CatalogDocument; whether the parts fit each other is for `validateCatalog` of core to say.

import { BURN_CRITERIA, BURN_ORDER_DEFAULT, EXCLUSIONS, MIGRATIONS, PLAN_PRIORITIES, PROMPT_DAYS_MAX, REDACTED_KINDS, UNIT_BUCKETS, USAGE_BUCKETS, WINDOWS, type Exhausted, type LimitDocument, type RuleTerms } from '@tollgate/core'
import * as z from 'zod'
import { addOn, COURSE_FIELDS, entitlement, promotion } from './subscription-schema.ts'
import { choice, decimal, fields, integer, list, looseText, orShorthand, text, toggle } from './fields.ts'
import { planPrice } from './price-schema.ts'

/** Currency of provider rates unless they say otherwise: the providers publish theirs in it. */
const RATE_CURRENCY = 'USD'

const id = (example: string) => text({ description: 'Lower-case words joined by `_` or `-`. Keep it: usage and invoices refer to it.', example })
const name = (example: string) => text({ description: 'Shown to people. Left out, it is made from the id.', example }).optional()
const meters = (description: string) => list(text({ description: 'Id of a meter.' }), { description, example: ['input_tokens', 'output_tokens'] })

const feature = fields(
  'Feature',
  {
    id: id('chat'),
    name: name('Chat'),
    kind: choice(['boolean', 'value', 'metered'], {
      description: '`boolean`: on or off. `value`: a configured value, such as a number of seats. `metered`: its usage is counted, priced and limited.',
      example: 'metered',
    }),
  },
  'What is sold and gated: a plan grants features, and a request uses one.',
).transform(named)

const meter = fields(
  'Meter',
  {
    id: id('input_tokens'),
    name: name('Input tokens'),
    unit: text({ description: 'What one unit is called.', example: 'token' }).default('unit'),
    event_type: text({ description: 'Type of the usage events that count. The gateway writes `ai.request`.', example: 'ai.request' }),
    aggregation: choice(['sum', 'count', 'max', 'unique_count', 'latest', 'weighted_sum'], {
      description:
        '`sum` adds up properties of the events; `count` counts the events; `max` is the largest value; `unique_count` counts distinct values of one property; `latest` is the value of the latest event by its time; `weighted_sum` adds up a level times the hours that it lasted, such as gigabyte hours of storage.',
      example: 'sum',
    }).default('sum'),
    properties: list(text({ description: 'Name of a number in the event.' }), {
      description:
        'Numbers of the event that add up to its quantity. The gateway writes the disjoint `input_tokens`, `cached_input_tokens` and `output_tokens`. Of `unique_count` the one property whose values are counted, `entity` and `run` included. Empty for `count`, and with an expression.',
      example: ['input_tokens', 'cached_input_tokens'],
    }).default([]),
    expression: text({
      description: 'Works out the quantity of an event in CEL, instead of properties: `quantity.<name>` are its exact numbers (zero where it has none), `dimension.<name>` its texts.',
      example: 'quantity.images * (dimension.size == "large" ? 4 : 1)',
    })
      .nullable()
      .optional(),
    dimensions: list(text({ description: 'Name of a dimension.' }), {
      description: 'Dimensions of the events that usage can be broken down by, beside `model`, `feature` and `entity`, which always can.',
      example: ['region', 'token_type'],
    }).optional(),
    backfill: toggle({ description: 'Counts the events of before the meter was made, too. They appear in reports; nothing is charged for them.', example: true }).optional(),
    filter: z
      .record(z.string(), list(looseText({ description: 'An accepted value.' }), { description: 'Accepted values.' }))
      .meta({ description: 'Counts only events whose dimension has one of these values; `feature` is a dimension too.', examples: [{ model: ['gpt-5', 'gpt-5-mini'] }] })
      .default({}),
    scale: integer({ description: 'Decimal places kept, 0 to 9: 0 for tokens, 3 for hours with three decimals.', example: 0 }).default(0),
  },
  'An aggregation over usage events. Prices, allowances and limits refer to meters.',
).transform(named)

export const price = planPrice.transform(named)

export const allowance = fields(
  'Allowance',
  {
    id: id('tokens'),
    name: name('Included tokens'),
    meters: meters('Meters that share it; within a request it is drawn in this order. Left out, it is an amount of what the plan is priced in: included credits, or money.').default([]),
    quantity: decimal({ description: 'Units, or the amount, included in each billing period.', example: 500000 }),
    per_seat: toggle({ description: 'The quantity is for each seat of the subscription. All seats draw from one pool.', example: true }).exactOptional(),
    rollover: orShorthand(
      'max',
      fields(
        'Rollover',
        { min: decimal({ description: 'Least that stays, whatever was left.', example: 0 }).default('0'), max: decimal({ description: 'Most that stays.', example: 1000000 }) },
        'What was left at the end of a period stays for the next. The maximum alone is enough: `rollover: 1000000`.',
      ),
    ).exactOptional(),
  },
  'What a period includes.',
).transform(named)

const word = <const Word extends string>(it: Word, description: string) => z.literal(it).meta({ description, examples: [it] })

const BRIEF = 'Answer as briefly as you can.'
const instruction = text({ description: 'Added to the instructions of the request, so that the model knows. At most 500 letters.', example: BRIEF })

const exhausted = z
  .discriminatedUnion('action', [
    fields('Deny', { action: word('deny', 'Refuse.') }, 'The request is refused.'),
    fields('Fallback', { action: word('fallback', 'Use another model.'), model: text({ description: 'Model that is used instead.', example: 'gpt-5-mini' }), instruction: instruction.exactOptional() }, 'Another model is used.'),
    fields('Clamp', { action: word('clamp', 'Lower the output to what fits.'), instruction: instruction.exactOptional() }, 'The output is lowered to what fits.'),
    fields('Brief', { action: word('brief', 'Tell the model to be brief, and go on: of a soft limit.'), instruction: instruction.default(BRIEF) }, 'The model is told to be brief.'),
    fields('Queue', { action: word('queue', 'Wait for its turn: of a rate.'), wait_seconds: integer({ description: 'How long a request waits at most, 60 seconds at most.', example: 10 }) }, 'The request waits.').transform(({ action, wait_seconds: waitSeconds }) => ({ action, waitSeconds: Math.min(60, waitSeconds) })),
    fields('Overage', { action: word('overage', 'Go on and pay.') }, 'The request goes on and is paid.'),
    fields('Throttle', { action: word('throttle', 'Let a few a minute through.'), per_minute: integer({ description: 'Requests that still pass in a minute.', example: 5 }) }, 'A few requests a minute go on.').transform(({ action, per_minute: perMinute }) => ({ action, perMinute })),
  ])
  .meta({ description: 'What happens to a request that does not fit; refused unless stated.' })
const failMode = z
  .discriminatedUnion('mode', [
    fields('Closed', { mode: word('closed', 'Refuse.') }, 'Refused.'),
    fields('Open', { mode: word('open', 'Go on.'), amount: decimal({ description: 'What one gateway lets through in a period without asking; left out for any amount.', example: 5 }).nullable().default(null) }, 'Let through.'),
  ])
  .meta({ description: 'What a gateway does that cannot ask for more of it; closed unless stated.' })

export const limit = fields(
  'Limit',
  {
    id: id('daily_requests'),
    name: name('Requests a day'),
    meters: meters('Meters whose usage counts against it, together. Left out, it counts money.').default([]),
    quantity: decimal({ description: 'Most units in a window; without meters an amount of money.', example: 200 }),
    window: choice(WINDOWS, {
      description: '`hour` to `year` follow the calendar in the time zone of the customer; `billing_period` the subscription; `lifetime` never starts anew; `second` and `minute` are rates, shared among gateways.',
      example: 'day',
    }),
    enforcement: choice(['hard', 'soft', 'metered'], { description: '`hard` refuses what would not fit; `soft` acts and warns; `metered` only counts.', example: 'hard' }).default('hard'),
    features: list(text({ description: 'Id of a feature.' }), { description: 'Only requests of these features count.', example: ['chat'] }).exactOptional(),
    rolling: toggle({ description: 'The window moves with the clock: no stretch of its length holds more than the limit.', example: true }).exactOptional(),
    rollover_max: decimal({ description: 'What was not used of a period is added to the next one, up to this.', example: 100 }).exactOptional(),
    where: z
      .record(z.string(), list(looseText({ description: 'An accepted value.' }), { description: 'Accepted values.' }))
      .meta({ description: 'Only requests with one of these values count: of `model`, `key`, `run`, a kind of entity, or a dimension.', examples: [{ model: ['gpt-5'] }] })
      .exactOptional(),
    per: list(text({ description: '`user`, `team`, `model`, `key`, `run`, a dimension …' }), { description: 'One budget for each value of these: every user gets the quantity.', example: ['user'] }).exactOptional(),
    at_exhaustion: exhausted.exactOptional(),
    fail_mode: failMode.exactOptional(),
    observe: toggle({ description: 'Decided, recorded and shown, but nothing is refused.', example: true }).exactOptional(),
    thresholds: list(integer({ description: 'Percent.' }), { description: 'Percent of the limit at which `budget.threshold` is written, once a period; 50, 80 and 100 unless stated.' }).exactOptional(),
    burst: decimal({ description: 'Of a rate: how much may pass at once; the quantity unless stated.', example: 20 }).exactOptional(),
  },
  'A quota: the most that may be used in a window.',
).transform(named).transform(limitOf)

const fee = orShorthand(
  'amount',
  fields(
    'Fee',
    {
      id: text({ description: 'Stands on the invoice line.', example: 'fee' }).default('fee'),
      name: text({ description: 'Text of the invoice line.', example: 'Plan fee' }).default('Plan fee'),
      amount: decimal({ description: 'Amount for each period, in the currency of the catalog.', example: 49 }),
    },
    'A recurring fee, due in advance. The amount alone is enough: `fee: 49`.',
  ),
)

const planPrices = fields(
  'Prices in a currency',
  {
    fee: fee.nullable().default(null).meta({ description: 'The fee, where the plan has one.' }),
    prices: list(price, { description: 'All prices of the plan again, under the same ids and for the same usage.' }).default([]),
  },
  'Fee and prices of a plan for customers who are billed in another currency.',
)

const plan = fields(
  'Plan',
  {
    id: id('pro'),
    name: name('Pro'),
    public: toggle({ description: 'Shown in the pricing table.', example: true }).default(true),
    migration: choice(MIGRATIONS, { description: 'When those who are on the plan follow a change of it: `now`, with their first billing period after it (`at_renewal`), or not at all (`keep`). `catalog apply --migrate` says otherwise for one change.', example: 'at_renewal' }).exactOptional(),
    period: choice(['month', 'year'], { description: 'Length of the billing period.', example: 'month' }).default('month'),
    fee: fee.nullable().default(null).meta({ description: 'Recurring fee for each period, in advance; none unless stated.' }),
    currencies: z.record(z.string(), planPrices).meta({ description: 'Fee and prices in other currencies, by ISO 4217. A customer is billed in one of them or in the currency of the catalog.' }).exactOptional(),
    asset: text({ description: 'What usage is priced and paid in: the id of a credit asset. Left out, the currency of the catalog.', example: 'credits' }).exactOptional(),
    entitlements: list(entitlement, { description: 'Features that the plan grants.' }).default([]),
    prices: list(price, { description: 'What usage costs beyond the allowances, and what is due for time beside the fee.' }).default([]),
    allowances: list(allowance, { description: 'Units that each period includes.' }).default([]),
    excluded: list(choice(EXCLUSIONS, { description: 'Usage that is not charged.' }), {
      description: 'Usage that is metered and not charged (left out, `cache_hits`), nor taken from an allowance: `cache_hits` (dimension `cache_status: hit`), `retries` (`retry_count` above 0), `failed_validations` (`validation: failed`).',
      example: ['cache_hits', 'retries'],
    }).exactOptional(),
    limits: list(limit, { description: 'Quotas that hold whoever pays.' }).default([]),
    clamp_output: toggle({ description: 'Output may be lowered to what the budgets afford, instead of refusing.', example: true }).exactOptional(),
    priority: choice(PLAN_PRIORITIES, { description: 'Whose requests a busy gateway keeps first: a step is four times the part of the one before. `normal` unless stated.', example: 'high' }).exactOptional(),
    funding: list(choice(['allowance', 'wallet', 'overage'], { description: 'Who pays.' }), {
      description: 'Who pays, in this order: `allowance` (included units), `wallet` (prepaid credit), `overage` (accrued for the invoice). Without `overage` a request that nobody can pay is refused.',
      example: ['allowance', 'wallet'],
    }).default([]),
    burn_order: list(choice(BURN_CRITERIA, { description: 'What tells two blocks apart.' }), {
      description: `How the credit of a wallet burns: the first of these that tells two blocks apart decides; what is left out follows in the usual order, which is \`${BURN_ORDER_DEFAULT.join('`, `')}\`. \`priority\`: the lower number first. \`expiry\`: what ends sooner. \`promotional\` or \`paid\`: given before bought, or the other way. \`effective\`: what began earlier. \`created\` or \`newest\`: what was added earlier, or later. Credit for some features burns before credit for all, whatever stands here.`,
      example: ['promotional', 'expiry'],
    }).exactOptional(),
    ...COURSE_FIELDS,
  },
  'What a customer subscribes to.',
).transform(named).transform(({ clamp_output: clampsOutput, ...whole }) => (clampsOutput === true ? { ...whole, clampsOutput } : whole))

const creditAsset = fields(
  'Credit asset',
  {
    id: id('credits'),
    name: name('Compute credits'),
    currency: text({ description: 'Currency that it is sold in, ISO 4217.', example: 'USD' }),
    value: decimal({ description: 'What one credit costs where it is accrued for the invoice (overage). Without it credits can only be prepaid.', example: 0.01 }).exactOptional(),
  },
  'A unit of its own that wallets may hold: one for all models and modalities, by the multipliers of the plans.',
).transform(named)

const creditPrice = fields(
  'Credit price',
  {
    asset: text({ description: 'What is bought: the id of a credit asset, or the currency of wallets.', example: 'credits' }),
    currency: text({ description: 'What is paid in, ISO 4217. Left out, the currency of the asset.', example: 'USD' }).nullable().default(null),
    amount: decimal({ description: 'Price of one credit, without tax.', example: 0.01 }).default('1'),
    bonus: list(
      fields('Bonus tier', { from: decimal({ description: 'Paid at once, without tax.', example: 100 }), percent: decimal({ description: 'Credits on top, in percent of those bought.', example: 10 }) }, 'Who pays so much at once gets credits on top.'),
      { description: 'Credits on top by what is paid at once; the highest tier that is reached counts for all of it. They are promotional.' },
    ).default([]),
    min: decimal({ description: 'Least that is paid at once.', example: 5 }).nullable().default(null),
    max: decimal({ description: 'Most that is paid at once.', example: 5000 }).nullable().default(null),
    days: integer({ description: 'Days that bought credits last; for ever unless stated.', example: 365 }).nullable().default(null),
    bonus_days: integer({ description: 'Days that bonus credits last; for ever unless stated.', example: 90 }).nullable().default(null),
    features: list(text({ description: 'Id of a feature.', example: 'chat' }), { description: 'Features that these credits pay for, bonus included; all unless stated.' }).exactOptional(),
  },
  'What credits cost when a customer buys them. Without one, a wallet in a currency is bought at one for one.',
)

const ratesPerMillion = z
  .record(z.string(), decimal({ description: 'Amount per million units.' }))
  .meta({ description: `Amount per million units of each usage bucket: ${USAGE_BUCKETS.join(', ')}. Left out, \`reasoning\` costs as \`output\`, what a cache held as what it did not hold, and the two names of a five-minute cache write as each other; any other bucket that is used without a rate makes the cost unknown.`, examples: [{ input: 0.25, cached_input: 0.025, output: 2 }] })
const ratesPerUnit = z
  .record(z.string(), decimal({ description: 'Amount per unit.' }))
  .meta({ description: `Amount per unit of what is counted one by one: ${UNIT_BUCKETS.join(', ')}. \`requests\` is due once an answer; of the others, one that is used without a rate makes the cost unknown.`, examples: [{ web_search_requests: 0.01 }] })

const variant = fields(
  'Rate variant',
  {
    when: z
      .record(z.string(), list(looseText({ description: 'An accepted value.' }), { description: 'Accepted values.' }))
      .meta({ description: 'Holds for requests whose `service_tier`, `region` or label (such as `quality` and `size` of an image) has one of these values; all must fit.', examples: [{ service_tier: ['flex', 'batch'] }] })
      .exactOptional(),
    input_above: integer({ description: 'Holds for requests that read more tokens than this, cached ones included.', example: 200000 }).exactOptional(),
    total_above: integer({ description: 'Holds for requests that read and wrote more tokens than this.', example: 128000 }).exactOptional(),
    per_million: ratesPerMillion.exactOptional(),
    per_unit: ratesPerUnit.exactOptional(),
    factor: decimal({ description: 'Factor on the prices per million. Factors multiply.', example: 0.5 }).exactOptional(),
  },
  'Other prices, or a factor on them, under conditions. Of several variants with prices the one with the most conditions holds, whole. A service tier that no variant names has no price.',
)

export const rate = fields(
  'Rate',
  {
    provider: text({ description: 'Id of the provider.', example: 'openai' }),
    model: text({ description: 'Name of the model at the provider.', example: 'gpt-5-mini' }),
    aliases: list(text({ description: 'Another name.' }), { description: 'Other names that mean this model. The name followed by the date of a snapshot needs none.', example: ['gpt-5-mini-latest'] }).default([]),
    patterns: list(text({ description: 'A name with `*` for any letters.' }), { description: 'Families of names that mean this model too. Asked after all names; beginnings first, then the pattern with more letters.', example: ['gpt-5-mini*'] }).exactOptional(),
    from: text({ description: 'First day on which it holds, UTC. A newer entry for the same model takes over from its own day.', example: '2025-08-07' }),
    currency: text({ description: 'Currency of the rate, ISO 4217.', example: 'USD' }).default(RATE_CURRENCY),
    per_million: ratesPerMillion,
    per_unit: ratesPerUnit.exactOptional(),
    variants: list(variant, { description: 'Other prices by service tier, region, label or length of context.' }).exactOptional(),
    context_window: integer({ description: 'Most tokens of input and output together.', example: 400000 }),
    output_max: integer({ description: 'Most tokens of output: what a request without its own bound is held for.', example: 128000 }),
    source: text({ description: 'Who says so, and when it was read.', example: 'price page of the provider, 2026-03-01' }).exactOptional(),
  },
  'What a provider charges us for a model from a day on.',
)

export const providerTerms = fields(
  'Provider terms',
  {
    provider: text({ description: 'Id of the provider, as in its rates.', example: 'openai' }),
    models: list(text({ description: 'A name, `*` for any letters.' }), { description: 'Models that they are for; all unless stated.', example: ['gpt-5*'] }).exactOptional(),
    from: text({ description: 'First day on which they hold, UTC.', example: '2026-01-01' }),
    discount_percent: decimal({ description: 'Percent off the cost, 0 to 100.', example: 12.5 }),
  },
  'What you agreed with a provider beyond its public prices. Of several terms the most specific holds, of equals the newest.',
)

const gatewayModel = orShorthand(
  'name',
  fields(
    'Gateway model',
    {
      name: text({ description: 'Name that clients ask for.', example: 'fast' }),
      upstream: text({ description: 'Id of the upstream that it goes to. Left out, the one of the provider in the rate card.', example: 'openai' }).nullable().default(null),
      model: text({ description: 'Name asked upstream, which the rate card must know. Left out, the name itself.', example: 'gpt-5-mini' }).optional(),
    },
    'A model that the gateway offers. The name alone is enough where it is the same upstream: `- gpt-5-mini`.',
  ),
).transform((entry) => ({ ...entry, model: entry.model ?? entry.name }))

const gatewayPath = fields(
  'Gateway path',
  {
    path: text({ description: 'As clients ask for it, with POST.', example: '/v1/rerank' }),
    upstream: text({ description: 'Id of the upstream that it goes to.', example: 'cohere' }),
    model: text({ description: 'Model of requests whose body names none in `model`.' }).nullable().default(null),
    event_type: text({ description: 'Type of its usage events. One that no meter counts passes without a charge.', example: 'ai.request' }).default('ai.request'),
    usage: text({ description: 'Shape in which its answers tell usage, as the surfaces do: chat, embeddings, cohere, …', example: 'cohere' }).nullable().default(null),
    quantities: z.record(z.string(), text({ description: 'Names of members joined by points.' })).default({}).meta({ description: 'Numbers of the answer by property.', examples: [{ search_units: 'meta.billed_units.search_units' }] }),
    bound: z.record(z.string(), decimal({ description: 'The most that one request can use of it.' })).default({}).meta({ description: 'What is held before a request, by property; `input_tokens` is the bytes of the body unless stated.', examples: [{ search_units: 100 }] }),
  },
  'A path that is passed on as it is, with the rule that meters it.',
)

const featureRule = fields(
  'Feature rule',
  {
    feature: text({ description: 'Id of the feature.', example: 'search' }),
    path: text({ description: 'Path that the request asks for.', example: '/v1/embeddings' }).nullable().default(null),
    header: text({ description: 'Header of your own that the request has.', example: 'x-app' }).nullable().default(null),
    value: looseText({ description: 'Value of that header; any, if left out.' }).nullable().default(null),
  },
  'All conditions that it has must hold.',
)

const requestBound = fields(
  'Request bound',
  {
    feature: text({ description: 'Only requests of this feature.', example: 'chat' }).nullable().default(null),
    plans: list(text({ description: 'Id of a plan.' }), { description: 'Only customers of these plans.', example: ['free'] }).nullable().default(null),
    models: list(text({ description: 'Name of a model, as clients ask for it.' }), { description: 'Only requests for these models.', example: ['gpt-5'] }).nullable().default(null),
    context_max: integer({ description: 'Most tokens of input; a request with more is refused with 400.', example: 16000 }).nullable().default(null),
    output_max: integer({ description: 'Most tokens of output, over all answers; what asks for more is lowered to it, and refused with 400 where that cannot be.', example: 1000 }).nullable().default(null),
  },
  'The most that one request may ask for. All conditions that it has must hold.',
)

const cacheRule = fields(
  'Cache rule',
  {
    feature: text({ description: 'Only requests of this feature.', example: 'faq' }).nullable().default(null),
    plans: list(text({ description: 'Id of a plan.' }), { description: 'Only customers of these plans.', example: ['free'] }).nullable().default(null),
    models: list(text({ description: 'Name of a model, as clients ask for it.' }), { description: 'Only requests for these models.', example: ['gpt-5-mini'] }).nullable().default(null),
    ttl_seconds: integer({ description: 'How long an answer is kept, 30 days at most.', example: 3600 }),
    shared_by: choice(['entity', 'customer', 'everyone'], { description: 'Who gets an answer that was made for somebody. `everyone` crosses customers: for what holds nothing of anybody’s own.', example: 'customer' }).default('customer'),
    with_tools: toggle({ description: 'Requests with tools too. What the tools did is not done again.', example: true }).default(false),
    kept_in: choice(['memory', 'database'], { description: 'In the memory of each gateway process; or in the database too, sealed, for all of them and past their restart. `memory` unless stated.', example: 'database' }).exactOptional(),
  },
  'Answers that are kept and replayed to the same request. All conditions that it has must hold.',
)

const promptRule = fields(
  'Prompt rule',
  {
    feature: text({ description: 'Only requests of this feature.', example: 'support' }).nullable().default(null),
    plans: list(text({ description: 'Id of a plan.' }), { description: 'Only customers of these plans.', example: ['trial'] }).nullable().default(null),
    models: list(text({ description: 'Name of a model, as clients ask for it.' }), { description: 'Only requests for these models.', example: ['gpt-5'] }).nullable().default(null),
    keep_days: integer({ description: `After so many days they are deleted; ${PROMPT_DAYS_MAX} at most.`, example: 14 }),
    answers: toggle({ description: 'The answer too.', example: false }).default(true),
    redact: list(text({ description: `One of ${REDACTED_KINDS.join(', ')}.` }), { description: 'What is taken out before anything is kept; all of it, if left out.', example: ['email', 'card'] }).default([...REDACTED_KINDS]),
    patterns: list(
      fields('Pattern', { name: text({ description: 'Stands in the place of what was taken out: `[order]`.', example: 'order' }), pattern: text({ description: 'Regular expression as RE2 reads it: without look-around and back references, so that its time is linear.', example: 'ORD-[0-9]{6}' }) }, 'What else is taken out.'),
      { description: 'Patterns of your own, looked for first.' },
    ).default([]),
  },
  'Requests whose prompt is kept, redacted and for a time, to be read by support. All conditions that it has must hold.',
)

const gateway = fields(
  'Gateway',
  {
    feature: text({ description: 'Id of the feature that a request uses when neither its key nor its header names one.', example: 'chat' }),
    models: list(gatewayModel, { description: 'Models that the gateway offers.' }).default([]),
    paths: list(gatewayPath, { description: 'Paths of providers beyond the surfaces that the gateway knows. A path that is neither is refused.' }).exactOptional(),
    feature_rules: list(featureRule, { description: 'Which feature a request uses where neither its key nor its header says: the first rule that matches.' }).exactOptional(),
    client_gone: choice(['drain', 'stop'], { description: 'A stream whose client went away is read on for at most 10 s and 1 MB, to learn what it used (`drain`), or stopped at once and charged as estimated (`stop`); `drain` unless stated.', example: 'drain' }).exactOptional(),
    bounds: list(requestBound, { description: 'The most that one request may ask for, whatever its budgets: the first rule that matches.' }).exactOptional(),
    prompts: list(promptRule, { description: 'Of which requests prompt and answer are kept, redacted: the first rule that matches. None, unless there is one.' }).exactOptional(),
    cache: list(cacheRule, { description: 'Which answers are kept and replayed: the first rule that matches. A hit costs nothing and is charged as the plan says (`excluded`).' }).exactOptional(),
  },
  'What the gateway offers.',
)

/** Reads the value of a catalog file, all scalars text, into a CatalogDocument. */
export const catalogSchema = fields(
  'Catalog',
  {
    currency: text({ description: 'Currency of all prices and fees, ISO 4217.', example: 'USD' }),
    features: list(feature, { description: 'What is sold and gated.' }).default([]),
    meters: list(meter, { description: 'What is counted.' }).default([]),
    plans: list(plan, { description: 'What customers subscribe to.' }).default([]),
    credit_assets: list(creditAsset, { description: 'What wallets hold.' }).default([]),
    rate_card: list(rate, { description: 'What providers charge us.' }).default([]),
    add_ons: list(addOn.transform(named), { description: 'What subscriptions may have beside their plan.' }).exactOptional(),
    promotions: list(promotion.transform(named), { description: 'What can be granted for a time.' }).exactOptional(),
    credit_prices: list(creditPrice, { description: 'What credits cost when they are bought.' }).exactOptional(),
    provider_terms: list(providerTerms, { description: 'What you agreed with providers beyond their public prices.' }).exactOptional(),
    gateway,
  },
  'Features, meters, plans, prices and rates of a Tollgate, as one file.',
)

type WrittenLimit = Omit<LimitDocument, 'terms'> & {
  readonly rolling?: boolean; readonly rollover_max?: string; readonly where?: RuleTerms['where'] & object; readonly per?: readonly string[]
  readonly at_exhaustion?: Exhausted; readonly fail_mode?: RuleTerms['failMode'] & object; readonly observe?: boolean; readonly thresholds?: readonly number[]; readonly burst?: string
}

/** What few limits have stands apart, as it does in a rule that is set by API. */
function limitOf({ rolling, rollover_max: rolloverMax, where, per, at_exhaustion: atExhaustion, fail_mode: failMode, observe, thresholds, burst, ...limit }: WrittenLimit): LimitDocument {
  const terms: RuleTerms = {
    ...(rolling === true ? { rolling } : {}), ...(rolloverMax === undefined ? {} : { rolloverMax }), ...(where === undefined ? {} : { where }), ...(per === undefined ? {} : { per }),
    ...(atExhaustion === undefined ? {} : { exhausted: atExhaustion }), ...(failMode === undefined ? {} : { failMode }), ...(observe === true ? { observe } : {}),
    ...(thresholds === undefined ? {} : { thresholds }), ...(burst === undefined ? {} : { burst }),
  }
  return Object.keys(terms).length === 0 ? limit : { ...limit, terms }
}

/** `agent_steps` → `Agent steps`. */
export function named<Entry extends { readonly id: string; readonly name?: string | undefined }>(entry: Entry): Entry & { readonly name: string } {
  const words = entry.id.replaceAll(/[_-]+/g, ' ')
  return { ...entry, name: entry.name ?? words.charAt(0).toUpperCase() + words.slice(1) }
}
