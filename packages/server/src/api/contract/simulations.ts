// Routes on price simulations: what stored usage would have cost under another catalog.

import { CATALOG_BYTES_MAX, CATALOG_OVERLAYS_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, decimal, id, instantIn, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const PLANS_MAX = 100

const amounts = z
  .strictObject({
    asset: z.string().meta({ description: 'Currency, or a credit asset.', examples: ['USD'] }),
    current: decimal('What was charged, and what was due without usage.', '1000'),
    simulated: decimal('The same under the draft.', '1150'),
    change: decimal('Simulated minus current.', '150'),
    cost: decimal('What providers charged for it; null where some of it is not known in this currency.', '600').nullable(),
    margin_current: decimal('Current minus cost; null without the cost.', '400').nullable(),
    margin_simulated: decimal('Simulated minus cost; null without the cost.', '550').nullable(),
  })
  .meta({ id: 'SimulatedAmounts' })

const customerChange = z
  .strictObject({
    customer: id('cus', 'The customer.'),
    name: text('Its name.', 'Acme Inc.'),
    plan: word('Its plan.', 'pro'),
    change: decimal('Change of its bill, in the currency of the draft.', '-12.5'),
    amounts: z.array(amounts),
  })
  .meta({ id: 'SimulatedCustomer' })

const simulation = z
  .strictObject({
    id: id('sim', 'Id of the simulation.'),
    status: choice(['running', 'done', 'failed', 'cancelled'], 'Where it stands.'),
    from: time('First instant of the usage.'),
    to: time('First instant after it.'),
    progress: z.strictObject({ events: z.int(), events_expected: z.int().meta({ description: 'About: an estimate.' }), customers: z.int(), customers_expected: z.int() }).meta({ description: 'How far it is.' }),
    reason: z.string().nullable().meta({ description: 'Why it failed.' }),
    result: z
      .strictObject({
        catalog_version: z.int().meta({ description: 'Version in force that it was compared with.' }),
        customers: z.int().meta({ description: 'Customers looked at.' }),
        customers_changed: z.int().meta({ description: 'Customers whose bill changes.' }),
        customers_skipped: z.int().meta({ description: 'Customers whose plan the draft does not have.' }),
        events: z.int().meta({ description: 'Events rated.' }),
        events_unpriced: z.int().meta({ description: 'Events of which the draft does not price something.' }),
        events_without_cost: z.int().meta({ description: 'Events whose cost nobody knows.' }),
        totals: z.array(amounts),
        plans: z.array(z.strictObject({ plan: z.string(), customers: z.int().meta({ description: 'Customers on it.' }), customers_changed: z.int().meta({ description: 'Of those, whose bill changes.' }), amounts: z.array(amounts) })).meta({ description: 'By the plan that customers are on now.' }),
        decreases: z.array(customerChange).meta({ description: 'Customers who would pay less, the largest change first.' }),
        increases: z.array(customerChange).meta({ description: 'Customers who would pay more, the largest change first.' }),
        exchange: z.array(z.string()).meta({ description: 'Exchange rates that costs went by.' }),
      })
      .nullable()
      .meta({ description: 'Null until it is done.' }),
  })
  .meta({ id: 'Simulation', description: 'Stored usage rated under a draft of a catalog. It changes nothing.' })

const params = z.strictObject({ simulation: id('sim', 'Id of the simulation.') })

export const simulationRoutes = {
  startSimulation: route({
    method: 'POST',
    path: '/v1/simulations',
    tag: 'catalog',
    summary: 'Simulate a catalog on past usage',
    description: 'Rates the stored events of a period under a draft, contracts included, beside what was charged. It runs on; ask for it by its id. One runs at a time. Commitments, coupons and tax are left out on both sides.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      source: z.string().min(1).max(CATALOG_BYTES_MAX).meta({ description: 'The draft, as a catalog file.', examples: ['currency: USD\nplans: …'] }),
      overlays: z.array(z.strictObject({ name: text('What its mistakes are told under.', 'production.yaml'), source: z.string().min(1).max(CATALOG_BYTES_MAX) })).max(CATALOG_OVERLAYS_MAX).default([]).meta({ description: 'Files that are laid over it.' }),
      from: instantIn('First instant of the usage.', '2026-10-01T00:00:00Z'),
      to: instantIn('First instant after it; not later than now.', '2026-11-01T00:00:00Z'),
      plans: z.array(word('A plan.', 'pro')).min(1).max(PLANS_MAX).optional().meta({ description: 'Only customers on these plans.' }),
    }),
    status: 201,
    answer: simulation,
    problems: ['invalid_catalog', 'simulation_running'],
  }),
  getSimulation: route({ method: 'GET', path: '/v1/simulations/{simulation}', tag: 'catalog', summary: 'Get a simulation', description: 'Its progress, and its result when it is done. The last 20 are kept until the server stops.', access: [], params, query: nothing, body: null, status: 200, answer: simulation, problems: ['not_found'] }),
  cancelSimulation: route({ method: 'DELETE', path: '/v1/simulations/{simulation}', tag: 'catalog', summary: 'Cancel a simulation', description: 'It ends at its next batch of events.', access: [], params, query: nothing, body: null, status: 200, answer: simulation, problems: ['not_found'] }),
} as const
