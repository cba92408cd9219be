// Routes on the hand-over of usage: to whom and which meters, what became of each span, and both sides held against each other.

import * as z from 'zod'
import { choice, cursor, decimal, id, instantIn, limit, listOf, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const TARGETS = ['stripe', 'chargebee', 'recurly'] as const
const STATES = ['waiting', 'sent', 'stopped'] as const
const SPANS = ['hour', 'day'] as const

const view = z
  .strictObject({
    target: z.enum(TARGETS).nullable().meta({ description: 'Who takes usage; null for nobody.' }), since: time('Usage from then on is handed over.').nullable(), span: z.enum(SPANS).nullable().meta({ description: 'A record is of an hour or a day of UTC.' }),
    in_batches: z.boolean().meta({ description: 'Many records in a call, where the receiver checks them after it has answered.' }), meters: z.record(z.string(), z.string()).meta({ description: 'The receiver’s name of each meter.' }),
    waiting: z.int(), sent: z.int(), stopped: z.int().meta({ description: 'Wait for somebody: the list says why.' }),
  })
  .meta({ id: 'UsageHandover' })

const handed = z
  .strictObject({
    customer: id('cus', 'The customer.'), meter: z.string(), name: z.string().meta({ description: 'The receiver’s name of the meter.' }), target: z.string(), start: time('First instant of the span.'), span: z.enum(SPANS),
    state: choice(STATES, '`waiting` is tried again by itself, `stopped` when it is asked for.'), sent: decimal('What the receiver confirmed.', '1200'), sending: decimal('What is being sent; null for nothing.', '200').nullable(),
    records: z.int().meta({ description: 'How many records of the span it took.' }), attempts: z.int(), reason: z.string().nullable().meta({ description: 'Why it waits or stopped.' }), sent_at: time('When the last record was taken.').nullable(),
  })
  .meta({ id: 'HandedUsage' })

const difference = z
  .strictObject({
    kind: choice(['unsent', 'there', 'unlinked'], '`unsent`: not all that is metered was sent yet. `there`: the receiver has another quantity than was sent. `unlinked`: it does not know the customer.'),
    customer: z.string(), meter: z.string(), name: z.string(), metered: decimal('What is metered.', '1200'), sent: decimal('What was sent.', '1200'), there: decimal('What the receiver has.', '1200').nullable(),
  })
  .meta({ id: 'HandedUsageDifference' })

const base = { tag: 'money', access: [], params: nothing } as const

export const handoverUsageRoutes = {
  getUsageHandover: route({ ...base, method: 'GET', path: '/v1/handover/usage', summary: 'Get the hand-over of usage', description: 'To whom, which meters, and how many spans wait.', query: nothing, body: null, status: 200, answer: view, problems: [] }),
  putUsageHandover: route({
    ...base, method: 'PUT', path: '/v1/handover/usage', summary: 'Hand usage over', description: 'What each customer used of the named meters becomes a record an hour or a day at the receiver, a little after its end; what comes later is a record of the difference. Null ends it.', query: nothing,
    body: z.strictObject({
      target: z.enum(TARGETS).nullable().meta({ description: 'Who takes usage from now on; null for nobody.' }), since: instantIn('Usage from the first whole span after it; from now on unless stated.', '2026-11-01T00:00:00Z').optional(), span: z.enum(SPANS).default('hour').meta({ description: 'A record is of an hour or a day of UTC.' }),
      in_batches: z.boolean().default(false).meta({ description: 'Stripe: a hundred records in a call of its stream, checked after it has answered.' }),
      meters: z.record(word('A meter of the catalog.', 'tokens'), text('The receiver’s name: the event name of a meter at Stripe, the item price at Chargebee, the code of the add-on at Recurly.', 'tokens', 100)).default({}).meta({ description: 'Meters that are handed over, with the receiver’s name of each.' }),
    }),
    status: 200, answer: view, problems: ['not_found', 'provider_not_set', 'meter_not_handed_over'],
  }),
  listHandedUsage: route({
    ...base, method: 'GET', path: '/v1/handover/usage/records', summary: 'List what usage was handed over', description: 'By span, newest first.', query: z.strictObject({ state: choice(STATES, 'Only these.').optional(), customer: id('cus', 'Only of this customer.').optional(), limit, cursor }), body: null, status: 200,
    answer: listOf(handed), problems: [],
  }),
  retryHandedUsage: route({ ...base, method: 'POST', path: '/v1/handover/usage/retry', summary: 'Try usage that stopped again', description: 'Of all customers, or of one.', query: nothing, body: z.strictObject({ customer: id('cus', 'Only of this one.').optional() }), status: 200, answer: z.strictObject({ spans: z.int() }), problems: [] }),
  acceptHandedUsage: route({
    ...base, method: 'POST', path: '/v1/handover/usage/accept', summary: 'Accept a span that was put right by hand', description: 'From now on it counts as having what is metered; only what comes later is sent.', query: nothing,
    body: z.strictObject({ customer: id('cus', 'The customer.'), meter: word('The meter.', 'tokens'), start: instantIn('First instant of the span.', '2026-11-01T10:00:00Z') }), status: 200, answer: z.strictObject({ accepted: z.literal(true) }), problems: ['not_found'],
  }),
  reconcileUsage: route({
    ...base, method: 'GET', path: '/v1/handover/usage/reconciliation', summary: 'Hold usage of both sides against each other', description: 'By customer and meter, over the whole spans between two instants. It changes nothing.',
    query: z.strictObject({ from: instantIn('First instant.', '2026-11-01T00:00:00Z'), to: instantIn('First instant after it.', '2026-12-01T00:00:00Z') }), body: null, status: 200,
    answer: z.strictObject({ target: z.string(), from: time('First instant.'), to: time('First instant after it.'), compared: z.int().meta({ description: 'Customers with their meters.' }), agrees: z.boolean(), differences: z.array(difference) }).meta({ id: 'HandedUsageReconciliation' }),
    problems: ['not_found', 'too_many_rows', 'provider_failed', 'provider_not_set'],
  }),
} as const
