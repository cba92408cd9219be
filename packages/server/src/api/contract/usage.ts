// Routes on usage: events in, usage and charges out.

import { EVENTS_PER_REQUEST_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, currency, cursor, customerParam, decimal, id, instantIn, limit, listOf, money, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const labels = z.record(z.string(), z.string())
const event = z
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
          amount: decimal('The charge.', '0.015'),
        }),
      )
      .meta({ description: 'The charge of each price.' }),
    amount: decimal('Sum of the charges.', '0.015'),
    currency,
    paid: z
      .strictObject({
        draws: z.array(z.strictObject({ block: z.string(), amount: decimal('Taken from this credit block.', '0.015') })),
        accrued: decimal('Left to the invoice.', '0'),
        debt: decimal('Owed by the wallet.', '0'),
      })
      .meta({ description: 'Who paid. The parts sum to the amount.' }),
    estimated: z.boolean().meta({ description: 'Counted by us because the provider told no usage.' }),
    period_start: time('Billing period that it belongs to.'),
    batch: text('Settlement that charged it; the ledger names it as the cause of its transfers.', 'bat_12'),
    catalog_version: z.int().meta({ description: 'Version of the catalog that it was rated by.' }),
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

const groups = ['model', 'feature', 'entity'] as const
const groupBy = z
  .string()
  .max(100)
  .transform((value, ctx): (typeof groups)[number][] => {
    const names = value.split(',')
    const isKnown = (name: string): name is (typeof groups)[number] => groups.some((group) => group === name)
    if (names.every(isKnown) && new Set(names).size === names.length) return names
    ctx.addIssue({ code: 'custom', message: `must be a list of ${groups.join(', ')}, joined by commas, each once`, params: { code: 'invalid_choice' } })
    return z.NEVER
  })

const usageRow = z
  .strictObject({
    start: time('Start of the hour, day or month; null for a total.').nullable(),
    meter: z.string().meta({ examples: ['input_tokens'] }),
    model: z.string().nullable().optional(),
    feature: z.string().nullable().optional(),
    entity: z.string().nullable().optional(),
    quantity: decimal('Used.', '48000'),
    amount: decimal('Charged for it.', '0.72'),
    currency,
    events: z.int(),
  })
  .meta({ id: 'UsageRow' })

export const usageRoutes = {
  getUsage: route({
    method: 'GET',
    path: '/v1/customers/{customer}/usage',
    tag: 'usage',
    summary: 'Get usage',
    description: 'Sums of the posted usage, in whole hours. A group that is asked for is a member of each row.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({
      from: instantIn('From here on, at the start of its hour; the running billing period unless stated.').optional(),
      to: instantIn('Up to here, at the end of its hour; now unless stated.').optional(),
      granularity: choice(['hour', 'day', 'month', 'total'], 'Length of a row.').default('day'),
      group_by: groupBy.meta({ description: `Of ${groups.join(', ')}, joined by commas.`, examples: ['model,feature'] }).optional(),
      meter: word('Only this meter.', 'input_tokens').optional(),
      time_zone: z
        .string()
        .min(1)
        .max(64)
        .meta({ description: 'IANA time zone in which days and months begin; the customer’s unless stated.', examples: ['Europe/Berlin'] })
        .optional(),
    }),
    body: null,
    status: 200,
    answer: z
      .strictObject({
        customer: id('cus', 'The customer.'),
        from: time('First hour.'),
        to: time('End of the last hour.'),
        granularity: z.string(),
        time_zone: z.string(),
        currency,
        data: z.array(usageRow),
        totals: z
          .array(z.strictObject({ meter: z.string(), quantity: decimal('Used.', '48000'), amount: decimal('Charged for it.', '0.72'), currency, events: z.int() }))
          .meta({ description: 'By meter, and by what it was charged in, over all rows.' }),
        as_of: time('When it was read.'),
        posted: z.literal(true).meta({ description: 'All of it is posted: it never changes, it only grows.' }),
      })
      .meta({ id: 'Usage' }),
    problems: ['not_found', 'out_of_range', 'unknown_meter', 'unknown_time_zone', 'too_many_rows'],
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
      order: choice(['oldest', 'newest'], 'What comes first.').default('oldest'),
      limit,
      cursor,
    }),
    body: null,
    status: 200,
    answer: listOf(event),
    problems: ['not_found', 'invalid_cursor'],
  }),
} as const
