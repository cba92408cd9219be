// Routes on what happened and how it stands, across customers: for the operator's pages, and one decision for the tenant whose it is.

import * as z from 'zod'
import { choice, currency, cursor, customerParam, decimal, id, instantIn, limit, listOf, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'
import { event } from './usage.ts'

const denial = z
  .strictObject({
    reason: z.string().meta({ description: 'From the list of denial reasons.', examples: ['credit_balance_exhausted'] }),
    scope: z.string().meta({ description: 'What refused.', examples: ['wallet:USD'] }),
    message: z.string().nullable().meta({ description: 'For a person: what happened and what to do.' }),
    required: z.string().nullable().meta({ description: 'What the request could cost at most, in the unit of the scope.' }),
    limit: z.string().nullable().meta({ description: 'All of the budget, as the gateway knew it.' }),
    used: z.string().nullable().meta({ description: 'Used of it.' }),
    unit: z.string().nullable(),
    resets_at: time('When the budget starts anew.').nullable(),
    unrecorded: z.int().meta({ description: 'Refusals of the same key before it that were counted and not recorded one by one.' }),
  })
  .meta({ id: 'Denial', description: 'Why a request was refused, as it stood then.' })

const common = {
  id: z.string().meta({ description: 'The decision of a refusal, or the event of a request that ran.', examples: ['dec_01k2…'] }),
  outcome: choice(['allowed', 'denied'], 'Whether it ran.'),
  customer: id('cus', 'Whose it was.'),
  time: time('When it was decided.'),
  type: z.string().nullable().meta({ description: 'Type of the usage event; null for a refusal.' }),
  feature: z.string().nullable(),
  model: z.string().nullable(),
  entity: z.string().nullable(),
  charge: decimal('What it was charged; null for a refusal.', '0.015').nullable(),
  currency: z.string().nullable(),
  estimated: z.boolean().meta({ description: 'Counted by us because the provider told no usage.' }),
  reason: z.string().nullable().meta({ description: 'Of a refusal.' }),
  scope: z.string().nullable().meta({ description: 'What refused.' }),
  latency_ms: z.number().nullable().meta({ description: 'From the request to the end of its answer.' }),
}
const decisionRow = z.strictObject({ ...common, cost: decimal('What the provider charges for it; null when unknown.', '0.004').nullable() }).meta({ id: 'Decision', description: 'A request, as it was decided.' })
const decision = z
  .strictObject({
    ...common,
    estimate: decimal('The most that it could cost when it was admitted; null where that was not recorded.', '0.02').nullable(),
    denial: denial.nullable(),
    event: event.nullable(),
    rate: z
      .strictObject({
        entry: z.string().meta({ description: 'Provider, model and first day of the entry.', examples: ['openai/gpt-5@2026-01-01'] }),
        layer: choice(['catalog', 'imported', 'shipped'], 'Where the entry comes from. A shipped one is told as this program ships it.'),
        imported_version: z.int().min(0).meta({ description: 'Version of the imported rates that the catalog version is used with; 0 before the first.', examples: [3] }),
      })
      .nullable()
      .optional()
      .meta({ description: 'Entry of the rate card that the provider cost was made of; null where none made it. Only for the operator’s keys.' }),
  })
  .meta({ id: 'DecisionInFull', description: 'All that is known of a decision.' })

const parked = z
  .strictObject({
    id: z.string(),
    customer: z.string().nullable(),
    origin: z.string().meta({ description: 'Where it came from.', examples: ['node/local-1'] }),
    reason: z.string().meta({ description: 'Why it could not be settled.' }),
    record: z.string().meta({ description: 'The event as it came.' }),
    parked_at: time('When it was put aside.'),
  })
  .meta({ id: 'ParkedEvent', description: 'Usage that could not be settled: kept, charged to nobody, until a person decides.' })

const durations = (description: string) => z.strictObject({ p50_ms: z.number().nullable().meta({ description: 'Half of them take no longer.' }), p99_ms: z.number().nullable().meta({ description: '99 of 100 take no longer; to a fifth.' }), measured: z.int().meta({ description: 'How many were measured: of many, each eighth.' }) }).meta({ description: `${description} Of the last five minutes, over all connected gateways.` })
const proof = (description: string) => z.strictObject({ checked_at: time('When the check last ended; null where it has not run since the start.').nullable(), differed_at: time('When it last found a difference, within a month.').nullable() }).meta({ description })

const get = { method: 'GET', tag: 'insight', description: '', access: [], params: nothing, query: nothing, body: null, status: 200, problems: [] } as const

export const insightRoutes = {
  listDecisions: route({
    ...get,
    path: '/v1/decisions',
    summary: 'List the newest decisions',
    description: 'Requests that ran, once they are settled, and requests that were refused, newest first. Across all customers it looks at the newest 50,000 events.',
    query: z.strictObject({
      customer: id('cus', 'Only of this customer.').optional(),
      outcome: choice(['allowed', 'denied'], 'Only these.').optional(),
      feature: word('Only of this feature.', 'chat').optional(),
      model: text('Only of this model.', 'gpt-5-mini').optional(),
      reason: word('Only refusals for this reason.', 'limit_exhausted').optional(),
      limit,
      cursor,
    }),
    answer: listOf(decisionRow),
    problems: ['not_found', 'invalid_cursor'],
  }),
  getDecision: route({
    ...get,
    path: '/v1/customers/{customer}/decisions/{decision}',
    summary: 'Explain a decision',
    description: 'A refusal by the `decision_id` that it was answered with, or a request that ran by the id of its event. Refusals are kept for a month.',
    access: ['customer'],
    params: customerParam.extend({ decision: text('Its id.', 'dec_01k2') }),
    query: z.strictObject({ at: instantIn('When it happened, exactly, where that is known: it is found sooner.').optional() }),
    answer: decision,
    problems: ['not_found'],
  }),
  listObserved: route({
    ...get,
    path: '/v1/customers/{customer}/observed',
    summary: 'List what would have been refused',
    description: 'Of a customer, key or budget that is only observed: requests that ran and would have been refused, by reason and by what would have refused. To look at before its limits are enforced.',
    params: customerParam,
    query: z.strictObject({ from: instantIn('From when on; the last seven days unless stated.').optional() }),
    answer: z
      .strictObject({
        from: time('From when on.'),
        requests: z.int().meta({ description: 'All of them.' }),
        data: z.array(z.strictObject({ reason: z.string().meta({ description: 'From the list of denial reasons.', examples: ['limit_exhausted'] }), scope: z.string().meta({ description: 'What would have refused.', examples: ['limit:monthly'] }), requests: z.int(), latest: time('The last of them.') })).meta({ description: 'Most first, at most 100.' }),
      })
      .meta({ id: 'Observed' }),
    problems: ['not_found'],
  }),
  getOverview: route({
    ...get,
    path: '/v1/overview',
    summary: 'Get the figures of the overview',
    answer: z
      .strictObject({
        as_of: time('When it was read.'),
        currency,
        customers: z.strictObject({
          total: z.int(),
          by_standing: z.record(z.string(), z.int()).meta({ examples: [{ good: 12 }] }),
          by_plan: z.record(z.string(), z.int()).meta({ examples: [{ prepaid: 12 }] }),
        }),
        recurring: decimal('What running agreements ask for time, a month, with seats and add-ons; of trials and of usage nothing. At most a minute old.', '490'),
        minutes: z
          .array(z.strictObject({ start: time('Start of the minute.'), events: z.int(), denied: z.int(), charge: decimal('Charged in it.', '0.12') }))
          .meta({ description: 'The last hour; minutes without anything are left out.' }),
        hour_before: z.strictObject({ events: z.int(), denied: z.int(), charge: decimal('Charged in it.', '6.4') }).meta({ description: 'The hour before the last, to compare with.' }),
        decisions: durations('How long decisions take.'),
        authority: durations('How long gateways wait for budget from the authority.'),
        journal: z.strictObject({ waiting_bytes: z.int().meta({ description: 'Written by gateways and not settled yet.' }), writing: z.boolean().meta({ description: 'False while the journal of a gateway cannot be written: it admits nothing then.' }) }),
        drift: z.strictObject({ rollups: proof('Stored totals against the events that they sum.'), books: proof('Every table that knows a figure of a customer against the others, and the chain of the ledger.') }),
        refusals: z.array(z.strictObject({ reason: z.string(), requests: z.int() })).meta({ description: 'Of the last 24 hours, most first.' }),
        margin: z
          .strictObject({
            events: z.int().meta({ description: 'Events that were looked at.' }),
            since: time('The first of them.').nullable(),
            charge: decimal('What those of known cost were charged.', '12.5'),
            cost: decimal('What providers charge for them.', '4.2'),
            percent: decimal('Margin of that charge, with two decimal places, as `known_margin_percent` of the margin report; null without a charge.', '66.4').nullable(),
            unpriced: z.int().meta({ description: 'Events of them whose cost is not known.' }),
          })
          .meta({ description: 'Of the last 24 hours, at most the newest 50,000 events.' }),
        nodes: z.int().meta({ description: 'Gateways that are connected.' }),
        waiting: z.int().meta({ description: 'Events that wait for settlement.' }),
        parked: z.int().meta({ description: 'Events that wait for a person.' }),
      })
      .meta({ id: 'Overview' }),
  }),
  listParkedEvents: route({ ...get, path: '/v1/parked-events', summary: 'List parked events', description: 'Newest first.', query: z.strictObject({ limit, cursor }), answer: listOf(parked), problems: ['invalid_cursor'] }),
  listCatalogVersions: route({
    ...get,
    path: '/v1/catalog/versions',
    summary: 'List catalog versions',
    description: 'Newest first. A version never changes.',
    query: z.strictObject({ limit, cursor }),
    answer: listOf(
      z.strictObject({ version: z.int(), applied_at: time('When it was published.'), applied_by: z.string(), in_force_from: time('When it took or takes force.'), restores: z.int().nullable().meta({ description: 'The version that it publishes again.' }), withdrawn: z.boolean().meta({ description: 'It was scheduled and taken back.' }), source: z.string().meta({ description: 'The file as it was applied.' }) }).meta({ id: 'CatalogVersion' }),
    ),
    problems: ['invalid_cursor'],
  }),
  getSystem: route({
    ...get,
    path: '/v1/system',
    summary: 'Get the state of the system',
    answer: z
      .strictObject({
        database: z.strictObject({ version: z.string(), bytes: z.string().meta({ description: 'On its disk.' }), events: z.string().meta({ description: 'Settled since the beginning.' }) }),
        nodes: z.array(
          z.strictObject({
            id: z.string().meta({ examples: ['local-1'] }),
            incarnation: z.int().meta({ description: 'Rises with every start.' }),
            connected: z.boolean(),
            registered_at: time('When it started.'),
            leases: z.int().meta({ description: 'Budgets that it holds some of.' }),
            decision_p99_ms: z.number().nullable().meta({ description: '99 of 100 decisions of the last five minutes took no longer; null until it told.' }),
            authority_p99_ms: z.number().nullable().meta({ description: 'The same of its calls to the authority.' }),
            journal_waiting_bytes: z.int().nullable().meta({ description: 'Of its journal, not settled yet.' }),
            journal_writing: z.boolean().nullable().meta({ description: 'False while its journal cannot be written.' }),
          }),
        ),
        waiting: z.int().meta({ description: 'Events that wait for settlement.' }),
        parked: z.int().meta({ description: 'Events that wait for a person.' }),
      })
      .meta({ id: 'System' }),
  }),
} as const
