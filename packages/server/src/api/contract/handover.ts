// Routes on the hand-over of final invoices: to whom, what became of each, and both sides held against each other.

import * as z from 'zod'
import { choice, cursor, decimal, id, instantIn, limit, listOf, nothing, time } from './fields.ts'
import { route } from './route.ts'

const TARGETS = ['stripe', 'chargebee', 'recurly', 'csv'] as const
const STATES = ['waiting', 'delivered', 'stopped'] as const

const view = z
  .strictObject({
    target: z.enum(TARGETS).nullable().meta({ description: 'Who takes final invoices; null for nobody.' }),
    since: time('Invoices finalized from then on are handed over.').nullable(),
    collects: z.boolean().meta({ description: 'The receiver takes the money from what the customer left there, instead of sending the invoice.' }),
    waiting: z.int(),
    delivered: z.int(),
    stopped: z.int().meta({ description: 'Wait for somebody: the list says why.' }),
    conflicts: z.int().meta({ description: 'Were delivered, and what became of them on both sides does not go together.' }),
  })
  .meta({ id: 'Handover' })

const handed = z
  .strictObject({
    customer: id('cus', 'The customer.'), invoice: id('inv', 'The invoice.'), number: z.string(), target: z.string(),
    amount_due: decimal('What it asks for.', '120'), currency: z.string(), external_id: z.string().nullable().meta({ description: 'Its id at the receiver.' }), total: decimal('What the receiver made of it.', '120').nullable(),
    attempts: z.int(), reason: z.string().nullable().meta({ description: 'Why it waits or stopped.' }), queued_at: time('When it was queued.'), delivered_at: time('When it was delivered.').nullable(),
    state: choice(STATES, '`waiting` is tried again by itself, `stopped` when it is asked for.'), state_there: z.string().nullable().meta({ description: 'How it stood at the receiver when it was looked at last: `draft`, `open`, `paid`, `void` or `uncollectible`.' }),
    conflict: z.string().nullable().meta({ description: 'What became of it on both sides and does not go together; null for nothing.' }),
  })
  .meta({ id: 'HandedInvoice' })

const side = z.strictObject({ invoices: z.int(), totals: z.array(z.strictObject({ currency: z.string(), amount: decimal('Sum.', '1200') })) })
const difference = z
  .strictObject({
    kind: choice(['missing', 'unknown', 'twice', 'amount', 'currency', 'state'], '`missing`: here, not there. `unknown`: there as one of ours, not here. `twice`: more than one there.'),
    invoice: z.string().nullable(), number: z.string().nullable(), customer: z.string().nullable(), external_id: z.string().nullable(), here: z.string().nullable(), there: z.string().nullable(),
  })
  .meta({ id: 'HandoverDifference' })

const base = { tag: 'money', access: [], params: nothing } as const

export const handoverRoutes = {
  getHandover: route({ ...base, method: 'GET', path: '/v1/handover', summary: 'Get the hand-over of invoices', description: 'To whom, since when, and how many wait.', query: nothing, body: null, status: 200, answer: view, problems: [] }),
  putHandover: route({
    ...base, method: 'PUT', path: '/v1/handover', summary: 'Hand final invoices over', description: 'Each final invoice becomes one finished invoice at the receiver, whose lines come to what it asks for. Null ends it.', query: nothing,
    body: z.strictObject({ target: z.enum(TARGETS).nullable().meta({ description: 'Who takes final invoices from now on; null for nobody.' }), since: instantIn('Invoices finalized from then on; from now on unless stated.', '2026-11-01T00:00:00Z').optional(), collects: z.boolean().default(false).meta({ description: 'The receiver takes the money from what the customer left there.' }) }),
    status: 200, answer: view, problems: ['not_found', 'provider_not_set'],
  }),
  listHandovers: route({ ...base, method: 'GET', path: '/v1/handover/invoices', summary: 'List what was handed over', description: 'Newest first.', query: z.strictObject({ state: choice(STATES, 'Only these.').optional(), conflict: z.enum(['true', 'false']).optional().meta({ description: 'Only those whose sides do not go together.' }), limit, cursor }), body: null, status: 200, answer: listOf(handed), problems: [] }),
  retryHandover: route({ ...base, method: 'POST', path: '/v1/handover/retry', summary: 'Try what stopped again', description: 'All, or one invoice; what does not go together on both sides is looked at again.', query: nothing, body: z.strictObject({ invoice: id('inv', 'Only this one.').optional() }), status: 200, answer: z.strictObject({ invoices: z.int() }), problems: [] }),
  reconcileHandover: route({
    ...base, method: 'GET', path: '/v1/handover/reconciliation', summary: 'Hold both sides against each other', description: 'Invoices finalized in a span here, and what the receiver has of them. It changes nothing.',
    query: z.strictObject({ from: instantIn('First instant.', '2026-11-01T00:00:00Z'), to: instantIn('First instant after it.', '2026-12-01T00:00:00Z') }), body: null, status: 200,
    answer: z.strictObject({ target: z.string(), from: time('First instant.'), to: time('First instant after it.'), here: side, there: side.extend({ others: z.int().meta({ description: 'Invoices of the receiver that are not from us.' }) }), agrees: z.boolean(), differences: z.array(difference) }).meta({ id: 'HandoverReconciliation' }),
    problems: ['not_found', 'too_many_rows', 'provider_failed'],
  }),
} as const
