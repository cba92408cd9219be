// Routes on usage: events in, usage and charges out.

import { DISTINCT_HASHES_MAX, EVENTS_PER_REQUEST_MAX, USAGE_GROUPS_MAX, USAGE_TOP_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, currency, cursor, customerParam, decimal, id, instantIn, limit, listOf, money, nothing, period, text, time, word } from './fields.ts'
import { route } from './route.ts'

const labels = z.record(z.string(), z.string())
export const event = z
  .strictObject({
    id: text('Id that its sender gave it.', 'evt_01'),
    source: text('Who measured it.', 'billing-worker', 300),
    type: text('What happened.', 'ai.request'),
    time: time('When it happened.'),
    entity: z.string().nullable().meta({ description: 'Entity that used it.' }),
    feature: z
      .string()
      .nullable()
      .meta({ description: 'Feature that was used.', examples: ['chat'] }),
    run: z.string().nullable().meta({ description: 'Agent run that it belongs to.' }),
    quantities: labels.meta({ description: 'Numbers as decimal text.', examples: [{ input_tokens: '1200' }] }),
    dimensions: labels.meta({ description: 'Labels.', examples: [{ model: 'gpt-5-mini' }] }),
    charges: z
      .array(
        z.strictObject({
          price: z
            .string()
            .nullable()
            .meta({ description: 'Price of the catalog; null where an allowance paid all and there is no price.', examples: ['input_tokens'] }),
          entry: z.string().optional().meta({ description: 'Entry of the price that was chosen, for a price by dimensions.', examples: ['gpt-5'] }),
          meter: z.string().meta({ examples: ['input_tokens'] }),
          quantity: decimal('Used.', '1200'),
          included: decimal('Of it paid by an allowance.', '200'),
          before: decimal('Billable quantity of the period before this event: with it the charge can be checked.', '48000'),
          free_before: z.strictObject({ events: z.int(), quantity: decimal('What was free.', '500') }).optional().meta({ description: 'What the period had free before it, for a price with free units of its own.' }),
          amount: decimal('The charge.', '0.015'),
        }),
      )
      .meta({ description: 'The charge of each price.' }),
    amount: decimal('Sum of the charges.', '0.015'),
    currency,
    paid: z
      .strictObject({
        included: z.array(z.strictObject({ budget: z.string(), amount: decimal('Paid by this allowance.', '0.015') })).optional().meta({ description: 'Allowances of an amount that paid; left out where none did.' }),
        draws: z.array(z.strictObject({ block: z.string(), amount: decimal('Taken from this credit block.', '0.015') })),
        accrued: decimal('Left to the invoice.', '0'),
        debt: decimal('Owed by the wallet.', '0'),
      })
      .meta({ description: 'Who paid. The parts sum to the amount.' }),
    estimated: z.boolean().meta({ description: 'Counted by us because the provider told no usage.' }),
    period_start: time('Billing period that it belongs to.'),
    batch: text('Settlement that charged it; the ledger names it as the cause of its transfers.', 'bat_12'),
    catalog_version: z.int().meta({ description: 'Version of the catalog that it was rated by.' }),
    effect: choice(['use', 'reversal', 'replacement'], '`use`: usage as it was sent. `reversal`: takes back what stood for the event that it corrects; its charges and events count negatively. `replacement`: stands instead.'),
    corrects: z.strictObject({ source: z.string(), id: z.string() }).nullable().meta({ description: 'The event that it corrects; null for usage as it was sent.' }),
    cost: money.nullable().optional().meta({ description: 'What the provider charges for it; null when unknown. Only for the operator’s keys.' }),
    key: z.string().nullable().optional().meta({ description: 'Id of the key that sent it. Only for the operator’s keys.' }),
    context: z.record(z.string(), z.unknown()).optional().meta({ description: 'How it went: latency, status, upstream. Only for the operator’s keys.' }),
  })
  .meta({ id: 'UsageEvent', description: 'A usage event with its charges.' })

const eventResult = z
  .strictObject({
    id: z.string().nullable().meta({ description: 'Id of the event; null where none could be read.' }),
    status: choice(
      ['accepted', 'duplicate', 'conflict', 'rejected', 'parked'],
      '`accepted`: recorded and charged. `duplicate`: was recorded before, with this content. `conflict`: was recorded before with other content, and the first stands. `rejected`: not valid. `parked`: kept, and waits for the operator.',
    ),
    charge: money.nullable().optional().meta({ description: 'Charge of an accepted event.' }),
    reason: z.string().optional().meta({ description: 'Why it was not accepted, and what to do.' }),
    field: z.string().nullable().optional().meta({ description: 'Member of the event at fault.' }),
  })
  .meta({ id: 'EventResult' })

export const cloudEvent = z
  .looseObject({
    specversion: z.literal('1.0'),
    id: text('Unique within the source, for ever: a repeated event is charged once.', 'evt_01'),
    source: text('Who measured it.', 'billing-worker', 300),
    type: text('What happened; meters select by it.', 'ai.request'),
    subject: text('The customer; may be left out with a key that belongs to one.', 'cus_acme', 64).optional(),
    time: z.string().optional().meta({ description: 'When it happened; now unless stated.', format: 'date-time' }),
    datacontenttype: z.string().optional(),
    data: z
      .looseObject({
        entity: z.string().nullable().optional().meta({ description: 'Entity that used it.' }),
        feature: z
          .string()
          .nullable()
          .optional()
          .meta({ description: 'Feature that was used.', examples: ['chat'] }),
        run: z.string().nullable().optional().meta({ description: 'Agent run that it belongs to.' }),
      })
      .meta({
        description: 'Numbers are quantities (a fraction as decimal text), texts are dimensions.',
        examples: [{ feature: 'chat', model: 'gpt-5-mini', input_tokens: 1200, output_tokens: 310 }],
      }),
  })
  .meta({ id: 'CloudEvent', description: 'A usage event as a CloudEvent 1.0.' })

export const ingestRoute = route({
  method: 'POST',
  path: '/v1/events',
  tag: 'usage',
  summary: 'Send usage events',
  description: [
    `CloudEvents 1.0 in any form: structured (\`application/cloudevents+json\`, or \`application/json\` with an object), batched (\`application/cloudevents-batch+json\`, or \`application/json\` with an array), one a line (\`application/x-ndjson\`), or binary (attributes in \`ce-\` headers, \`data\` as the body). At most ${EVENTS_PER_REQUEST_MAX} a call.`,
    'Each event is answered by itself: one that is not valid never loses or doubles the others. All that is accepted is durable and charged before the answer. A single event that is refused is a problem (400, or 422 for a conflict).',
    'A key that belongs to a customer may send events of that customer only.',
    'Nothing is changed afterwards: an event of type `tollgate.void` takes another one back, and `tollgate.correction` says what it should have said. Both name it in `data.corrects`, need a key of the operator, and may come before the event that they name. Of several the one with the latest `time` holds.',
  ].join('\n\n'),
  access: ['ingest'],
  params: nothing,
  query: nothing,
  body: z.union([cloudEvent, z.array(cloudEvent)]),
  status: 200,
  answer: z.strictObject({
    results: z.array(eventResult).meta({ description: 'One for each event, in the order sent.' }),
    accepted: z.int(),
    duplicate: z.int(),
    conflict: z.int(),
    rejected: z.int(),
    parked: z.int(),
  }),
  problems: ['event_rejected', 'event_conflict', 'too_many_events', 'settlement_backlog', 'unsupported_media_type', 'invalid_json'],
})

const dimension = word('A dimension.', 'model')
const groupBy = z
  .string()
  .max(400)
  .transform((value, ctx): string[] => {
    const names = value.split(',').map((name) => name.trim())
    if (names.every((name) => dimension.safeParse(name).success) && new Set(names).size === names.length && names.length <= USAGE_GROUPS_MAX) return names
    ctx.addIssue({ code: 'custom', message: `must be names of dimensions joined by commas, each once, at most ${USAGE_GROUPS_MAX}`, params: { code: 'invalid_choice' } })
    return z.NEVER
  })
  .meta({ description: '`feature`, `entity`, `model` and any dimension that the meters keep, joined by commas.', examples: ['model,feature'] })

const filterText = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}:[^\n]{0,300}$/, 'must be a dimension, a colon and a value, such as model:gpt-5-mini')
const filters = z
  .union([filterText, z.array(filterText).max(50)])
  .transform((value): ReadonlyMap<string, readonly string[]> => {
    const accepted = new Map<string, string[]>()
    for (const text of typeof value === 'string' ? [value] : value) {
      const name = text.slice(0, text.indexOf(':'))
      accepted.set(name, [...(accepted.get(name) ?? []), text.slice(name.length + 1)])
    }
    return accepted
  })
  .meta({ description: '`dimension:value`, as often as needed: values of one dimension are alternatives, different dimensions must all match. An empty value stands for events that named none.', examples: ['model:gpt-5-mini'] })

const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

const batchId = z
  .string()
  .regex(/^bat_\d{1,18}$/, 'must be the id of a settlement, such as bat_12')
  .transform((value) => BigInt(value.slice('bat_'.length)))
  .meta({ description: 'Only events that this settlement charged: the `cause_id` of a transfer.', examples: ['bat_12'] })

const usageQuery = {
  from: instantIn('From here on, at the start of its hour (or minute, where minutes are kept); the running billing period unless stated.').optional(),
  to: instantIn('Up to here, at the end of its hour or minute; now unless stated.').optional(),
  granularity: choice(['minute', 'hour', 'day', 'week', 'month', 'total'], 'Length of a row. Minutes are kept for two days.').default('day'),
  group_by: groupBy.optional(),
  filter: filters.optional(),
  meter: word('Only this meter.', 'input_tokens').optional(),
  time_zone: z
    .string()
    .min(1)
    .max(64)
    .meta({ description: 'IANA time zone in which days, weeks and months begin; the customer’s unless stated.', examples: ['Europe/Berlin'] })
    .optional(),
  top: z
    .string()
    .regex(/^\d{1,4}$/)
    .transform(Number)
    .pipe(z.number().min(1).max(USAGE_TOP_MAX))
    .meta({ description: 'Only the largest groups; all others together are one row with `rest`.', type: 'integer', minimum: 1, maximum: USAGE_TOP_MAX, pattern: undefined, examples: [10] })
    .optional(),
  top_by: choice(['amount', 'quantity'], 'What makes a group large.').default('amount'),
  cumulative: flag.meta({ description: 'Each row holds everything from the beginning of the report up to its end.', type: 'boolean', enum: undefined, default: false }).optional(),
}

const usageRow = z
  .looseObject({
    start: time('Start of the minute, hour, day, week or month; null for a total.').nullable(),
    meter: z.string().meta({ examples: ['input_tokens'] }),
    quantity: decimal('Used: the sum, the largest, the latest, or the number of distinct values, as the meter aggregates.', '48000'),
    amount: decimal('Charged for it.', '0.72'),
    currency,
    events: z.int(),
    exact: z.literal(false).optional().meta({ description: `False for a number of distinct values that is estimated: past ${DISTINCT_HASHES_MAX.toLocaleString('en')} in one hour and group, to 1.6 %; left out where it is exact. Charges always are.` }),
    rest: z.literal(true).optional().meta({ description: 'All groups that are not among the `top`.' }),
  })
  .meta({ id: 'UsageRow', description: 'Each dimension that was grouped by is a member, null where events named none.' })

const usageAnswer = {
  from: time('First hour or minute.'),
  to: time('End of the last.'),
  period: period.nullable().meta({ description: 'The billing period that this is, exactly; null where bounds were asked for.' }),
  granularity: z.string(),
  time_zone: z.string(),
  currency,
  data: z.array(usageRow),
  totals: z
    .array(z.strictObject({ meter: z.string(), quantity: decimal('Used.', '48000'), amount: decimal('Charged for it.', '0.72'), currency, events: z.int(), exact: z.literal(false).optional() }))
    .meta({ description: 'By meter, and by what it was charged in, over the whole span.' }),
  as_of: time('When it was read: all that was acknowledged before is in it. Usage of gateway nodes follows within a second.'),
  posted: z.literal(true).meta({ description: 'All of it is posted: it changes by further events only.' }),
}

const person = z.strictObject({ dimension: word('A personal dimension.', 'user_email'), value: text('What events said.', 'ann@example.com', 256) })
const chargeLine = z
  .strictObject({
    kind: z.string().meta({ description: 'What the line is: `units`, `tier_units`, `tier_flat`, `packages`, `free`, `percentage`, `fixed`, `minimum`, `maximum`, `cost`, `margin`, `given`, `outcome`, `rounding`.' }),
    tier: z.number().nullable().meta({ description: 'Tier, counted from 1.' }),
    quantity: z.string().nullable().meta({ description: 'What was counted.' }),
    unit_amount: z.string().nullable().meta({ description: 'Price of `per` units.' }),
    per: z.string().nullable().meta({ description: 'Units that `unit_amount` is for.' }),
    percent: z.string().nullable().meta({ description: 'Share or margin.' }),
    exchange_rate: z.string().nullable().meta({ description: 'Of a cost in another currency.' }),
    amount: decimal('What the line comes to.', '0.012'),
  })
  .meta({ id: 'ChargeLine', description: 'A line of a charge.' })

export const usageRoutes = {
  getUsage: route({
    method: 'GET',
    path: '/v1/customers/{customer}/usage',
    tag: 'usage',
    summary: 'Get usage',
    description: 'Aggregates of the posted usage. Without bounds exactly the running billing period, so that its amounts are those of the invoice.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject(usageQuery),
    body: null,
    status: 200,
    answer: z.strictObject({ customer: id('cus', 'The customer.'), ...usageAnswer }).meta({ id: 'Usage' }),
    problems: ['not_found', 'out_of_range', 'unknown_meter', 'unknown_dimension', 'unknown_time_zone', 'too_many_rows', 'not_cumulative'],
  }),
  getUsageOfAll: route({
    method: 'GET',
    path: '/v1/usage',
    tag: 'usage',
    summary: 'Get usage of all customers',
    description: 'For the operator: as the usage of one customer, with `customer` as a further dimension. Without bounds the last 30 days.',
    access: [],
    params: nothing,
    query: z.strictObject(usageQuery),
    body: null,
    status: 200,
    answer: z.strictObject(usageAnswer).meta({ id: 'UsageOfAll' }),
    problems: ['out_of_range', 'unknown_meter', 'unknown_dimension', 'unknown_time_zone', 'too_many_rows', 'not_cumulative'],
  }),
  checkRollups: route({
    method: 'GET',
    path: '/v1/checks/rollups',
    tag: 'usage',
    summary: 'Prove the totals',
    description: 'Works the hourly totals of a span out from its events, and holds them against those that are stored. No difference is the proof; a few days at a time.',
    access: [],
    params: nothing,
    query: z.strictObject({ from: instantIn('First hour.'), to: instantIn('End of the last hour.'), customer: id('cus', 'Only this customer.').optional() }),
    body: null,
    status: 200,
    answer: z
      .strictObject({
        from: time('First hour.'),
        to: time('End of the last hour.'),
        customers: z.int().meta({ description: 'How many had usage.' }),
        events: z.int().meta({ description: 'Events that were counted again.' }),
        rows: z.int().meta({ description: 'Totals that were compared.' }),
        differences: z
          .array(z.strictObject({ customer: z.string(), meter: z.string(), start: time('The hour.'), place: z.string(), figure: choice(['quantity', 'amount', 'events', 'sketch'], 'What differs; `sketch`: the values that an estimated distinct count rests on.'), rollup: z.string(), events: z.string() }))
          .meta({ description: 'Empty: the totals are the events. At most 100 are listed.' }),
      })
      .meta({ id: 'RollupCheck' }),
    problems: ['not_found', 'out_of_range'],
  }),
  listDimensionValues: route({
    method: 'GET',
    path: '/v1/customers/{customer}/meters/{meter}/dimensions/{dimension}',
    tag: 'usage',
    summary: 'List values of a dimension',
    description: 'What usage can be filtered by. Past 10,000 values further ones are counted together as `(other)`.',
    access: ['customer'],
    params: z.strictObject({ ...customerParam.shape, meter: word('Id of the meter.', 'input_tokens'), dimension: word('Name of the dimension.', 'model') }),
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({ values: z.array(z.string()) }),
    problems: ['not_found', 'unknown_meter'],
  }),
  listBackfills: route({
    method: 'GET',
    path: '/v1/meters/backfills',
    tag: 'usage',
    summary: 'List meters that count past events',
    description: 'How far each is. Meters with `backfill: true` in the catalog are counted over the events of before they were made.',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({
      data: z.array(z.strictObject({ meter: z.string(), state: choice(['running', 'done'], 'Whether it has seen all.'), customers_done: z.int(), customers_total: z.int(), events: z.int(), started_at: time('Begin.'), finished_at: time('End.').nullable() })),
    }),
    problems: [],
  }),
  lookUpPseudonym: route({
    method: 'POST',
    path: '/v1/customers/{customer}/pseudonyms/look-up',
    tag: 'usage',
    summary: 'Find the pseudonym of a person',
    description: 'Under which a personal dimension is recorded; null where nothing leads to one. Usage can be filtered by it.',
    access: [],
    params: customerParam,
    query: nothing,
    body: person,
    status: 200,
    answer: z.strictObject({ pseudonym: z.string().nullable() }),
    problems: ['not_found'],
  }),
  erasePerson: route({
    method: 'POST',
    path: '/v1/customers/{customer}/erasures',
    tag: 'usage',
    summary: 'Erase a person',
    description: 'Nothing leads from the person to its records any more. The records themselves, totals and invoices stay as they are.',
    access: [],
    params: customerParam,
    query: nothing,
    body: person,
    status: 200,
    answer: z.strictObject({ erased: z.boolean().meta({ description: 'False where nothing was known of the person.' }), pseudonym: z.string().nullable().meta({ description: 'What stays in the records.' }) }),
    problems: ['not_found'],
  }),
  listRuns: route({
    method: 'GET',
    path: '/v1/customers/{customer}/runs',
    tag: 'usage',
    summary: 'List agent runs',
    description: 'Those with usage since `from`, the latest first.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({ from: instantIn('Runs with usage at this time or later; the last day unless stated.').optional(), limit }),
    body: null,
    status: 200,
    answer: z.strictObject({ data: z.array(z.strictObject({ run: z.string(), events: z.int(), first_at: time('Its first usage.'), last_at: time('Its latest usage.'), amount: decimal('Charged for it.', '0.42'), currency })) }),
    problems: ['not_found'],
  }),
  getRun: route({
    method: 'GET',
    path: '/v1/customers/{customer}/runs/{run}',
    tag: 'usage',
    summary: 'Get an agent run',
    description: 'What all events and requests of one run add up to. The events themselves are in the list of usage events with `run`.',
    access: ['customer'],
    params: z.strictObject({ ...customerParam.shape, run: text('The run, as its events name it.', 'run_7') }),
    query: nothing,
    body: null,
    status: 200,
    answer: z
      .strictObject({
        customer: id('cus', 'The customer.'),
        run: z.string(),
        events: z.int(),
        first_at: time('Its first usage.'),
        last_at: time('Its latest usage.'),
        quantities: labels.meta({ description: 'Sums of what its events told.', examples: [{ input_tokens: '18200' }] }),
        charges: z.array(money).meta({ description: 'Charged for it, in each currency or credit asset.' }),
        costs: z.array(money).optional().meta({ description: 'What providers charge for it. Only for the operator’s keys.' }),
        estimated_events: z.int().meta({ description: 'Events whose usage was counted by us because the provider told none.' }),
      })
      .meta({ id: 'Run' }),
    problems: ['not_found'],
  }),
  listEvents: route({
    method: 'GET',
    path: '/v1/customers/{customer}/events',
    tag: 'usage',
    summary: 'List usage events',
    description: 'Each with its charges. In the order in which they were settled, or the other way round.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({
      from: instantIn('Events of this time or later.').optional(),
      to: instantIn('Events before this time.').optional(),
      price: word('Only events that this price charged.', 'input_tokens').optional(),
      feature: word('Only events of this feature.', 'chat').optional(),
      run: text('Only events of this agent run.', 'run_7').optional(),
      type: text('Only events of this type.', 'ai.request').optional(),
      batch: batchId.optional(),
      period_start: instantIn('Only events of the billing period that begins then.').optional(),
      order: choice(['oldest', 'newest'], 'What comes first.').default('oldest'),
      limit,
      cursor,
    }),
    body: null,
    status: 200,
    answer: listOf(event),
    problems: ['not_found', 'invalid_cursor'],
  }),
  explainEvent: route({
    method: 'GET',
    path: '/v1/customers/{customer}/events/explain',
    tag: 'usage',
    summary: 'Explain the charges of an event',
    description: 'Each charge of one event with the lines that sum to it: tiers, quantities, unit amounts, shares, bounds and roundings. Made anew from the aggregate that the event met, by the catalog that rated it. What the provider cost and the margin on it are told to the operator alone.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({ id: text('Id of the event.', 'evt_01'), source: text('Its source: `tollgate:gateway` for requests of the gateway.', 'tollgate:gateway', 300) }),
    body: null,
    status: 200,
    answer: z
      .strictObject({
        event,
        plan: word('Plan of its time.', 'pro'),
        excluded: z.string().nullable().meta({ description: 'Why the plan does not charge the usage at all; null when it does.', examples: ['cache_hits'] }),
        charges: z.array(
          z.strictObject({
            price: z.string().nullable(),
            entry: z.string().nullable(),
            meter: z.string(),
            model: z.string().nullable().meta({ description: 'Model of the price; null where it is not known any more.', examples: ['graduated'] }),
            amount: decimal('The charge.', '0.015'),
            lines: z.array(chargeLine),
            agrees: z.boolean().meta({ description: 'The lines sum to the charge as it was stored.' }),
          }),
        ),
      })
      .meta({ id: 'EventExplanation' }),
    problems: ['not_found'],
  }),
} as const
