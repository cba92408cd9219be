// Routes on re-ratings: usage rated again under a corrected price, looked at first, posted as adjustments.

import { CATALOG_BYTES_MAX, CATALOG_OVERLAYS_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, cursor, decimal, id, instantIn, limit, listOf, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const PLANS_MAX = 100
const source = z.string().min(1).max(CATALOG_BYTES_MAX)

const totals = z
  .strictObject({
    currency: z.string(),
    state: choice(['due', 'posted', 'prepaid', 'overlaps', 'outdated'], '`due` can be posted, `posted` is. `prepaid`: no invoice pays this usage, so credits are given or taken by hand. `overlaps`: an earlier re-rating posted another span of the period. `outdated`: the span was adjusted after the preview.'),
    customers: z.int(),
    before: decimal('What was charged, with what earlier re-ratings of the span posted.', '120'),
    after: decimal('What it is under the corrected price.', '100'),
    difference: decimal('After minus before.', '-20'),
  })
  .meta({ id: 'ReratingTotals' })

const rerating = z
  .strictObject({
    id: id('rrt', 'Id of the re-rating.'),
    state: choice(['running', 'previewed', 'failed', 'cancelled', 'posting', 'posted'], 'Where it stands.'),
    catalog_version: z.int().nullable().meta({ description: 'The catalog that it rates by; null for a text that came with it.' }),
    from: time('First instant of the usage.'),
    to: time('First instant after it.'),
    plans: z.array(z.string()).nullable().meta({ description: 'Only customers on these plans; null for all.' }),
    reason: z.string(),
    progress: z.strictObject({ events: z.int(), events_expected: z.int(), customers: z.int(), customers_expected: z.int() }).nullable().meta({ description: 'How far the preview is; null when it has ended.' }),
    customers: z.int().meta({ description: 'Customers looked at.' }),
    events: z.int().meta({ description: 'Events rated.' }),
    events_unpriced: z.int().meta({ description: 'Events of which the corrected catalog does not price something.' }),
    failure: z.string().nullable(),
    totals: z.array(totals).meta({ description: 'By currency and state of the entries. Nothing where nothing is different.' }),
    created_at: time('When.'),
    created_by: z.string(),
    posted_by: z.string().nullable(),
  })
  .meta({ id: 'Rerating', description: 'Usage of a span rated again. Charges stay as they are.' })

const entry = z
  .strictObject({
    customer: id('cus', 'The customer.'),
    period: z.strictObject({ start: time('First instant.'), end: time('First instant after it.') }).meta({ description: 'The billing period.' }),
    from: time('First instant that was rated again.'),
    to: time('First instant after it.'),
    currency: z.string(),
    charged: decimal('What the events were charged.', '120'),
    adjusted: decimal('What earlier re-ratings of the span posted.', '0'),
    after: decimal('What it is under the corrected price.', '100'),
    difference: decimal('What is posted: after, minus charged and adjusted.', '-20'),
    events: z.int(),
    state: choice(['due', 'posted', 'prepaid', 'overlaps', 'outdated'], 'Where it stands.'),
    posted_at: time('When it was posted.').nullable(),
  })
  .meta({ id: 'ReratingEntry' })

const params = z.strictObject({ rerating: id('rrt', 'Id of the re-rating.') })
const one = { tag: 'catalog', access: [], params, query: nothing, body: null, status: 200, answer: rerating } as const

export const reratingRoutes = {
  startRerating: route({
    method: 'POST',
    path: '/v1/reratings',
    tag: 'catalog',
    summary: 'Rate past usage again',
    description: 'Looks at the stored usage of a span under a corrected price, the catalog in force unless another text is sent, and lists what is different by customer and billing period. It changes nothing; posting does. Fees and what is due without usage stay as they are.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      source: source.optional().meta({ description: 'The corrected catalog; left out, that in force.' }),
      overlays: z.array(z.strictObject({ name: text('What its mistakes are told under.', 'production.yaml'), source })).max(CATALOG_OVERLAYS_MAX).default([]).meta({ description: 'Files that are laid over it.' }),
      from: instantIn('First instant of the usage.', '2026-10-01T00:00:00Z'),
      to: instantIn('First instant after it; not later than now.', '2026-11-01T00:00:00Z'),
      plans: z.array(word('A plan.', 'pro')).min(1).max(PLANS_MAX).optional().meta({ description: 'Only customers on these plans.' }),
      reason: text('Why, for the audit log.', 'Output was priced as input'),
    }),
    status: 201,
    answer: rerating,
    problems: ['invalid_catalog', 'simulation_running'],
  }),
  listReratings: route({ method: 'GET', path: '/v1/reratings', tag: 'catalog', summary: 'List re-ratings', description: 'Newest first.', access: [], params: nothing, query: z.strictObject({ limit, cursor }), body: null, status: 200, answer: listOf(rerating), problems: [] }),
  getRerating: route({ ...one, method: 'GET', path: '/v1/reratings/{rerating}', summary: 'Get a re-rating', description: 'Its progress, and the sums of its entries.', problems: ['not_found'] }),
  listReratingEntries: route({ method: 'GET', path: '/v1/reratings/{rerating}/entries', tag: 'catalog', summary: 'List what a re-rating changes', description: 'Each billing period of a customer in which something is different: before, after, difference.', access: [], params, query: z.strictObject({ limit, cursor }), body: null, status: 200, answer: listOf(entry), problems: ['not_found'] }),
  postRerating: route({ ...one, method: 'POST', path: '/v1/reratings/{rerating}/post', summary: 'Post a re-rating', description: 'Each entry that is due becomes a ledger transfer and a line of the customer’s next invoice that names its days. It runs on; ask for it by its id. Posted again, it posts nothing twice.', problems: ['not_found', 'rerating_state'] }),
  cancelRerating: route({ ...one, method: 'DELETE', path: '/v1/reratings/{rerating}', summary: 'Cancel a re-rating', description: 'One that is looked at, or was and is not posted.', problems: ['not_found'] }),
} as const
