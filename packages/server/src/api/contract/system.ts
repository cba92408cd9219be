// The live stream, health, metrics, and the contract itself.

import * as z from 'zod'
import { id, nothing } from './fields.ts'
import { plansRoute } from './plans.ts'
import { route } from './route.ts'

export const streamRoute = route({
  method: 'GET',
  path: '/v1/stream',
  tag: 'live',
  summary: 'Follow what happens',
  description: [
    'Server-sent events: `id` is a cursor, `event` the type, `data` JSON with `type`, `customer`, `at` and what belongs to the type. Types: `usage.settled`, `request.denied`, `request.observed`, `budget.threshold`, `run.suspected`, `freeze.set`, `freeze.lifted`, `credits.added`, `credits.expired`, `customer.created`, `webhook.disabled`, `catalog.published`, and those of [subscriptions](../concepts/subscriptions.md).',
    'After a break, `Last-Event-ID` (which browsers send by themselves) or `?after=` goes on where it was, without a gap. A client that does not keep up is cut and resumes the same way.',
    'A key of a customer sees its own events, without provider cost and key ids; the operator sees all, or those of `?customer=`.',
  ].join('\n\n'),
  access: ['customer', 'gateway'],
  params: nothing,
  query: z.strictObject({
    customer: id('cus', 'Only events of this customer.').optional(),
    after: z.string().max(60).optional().meta({ description: 'Cursor of the last event seen; `Last-Event-ID` beats it.' }),
  }),
  body: null,
  status: 200,
  answer: null,
  problems: ['not_found', 'invalid_cursor', 'too_many_streams'],
})

const common = { params: nothing, query: nothing, body: null, status: 200, access: 'public', method: 'GET', tag: 'system' } as const

export const systemRoutes = {
  home: route({ ...common, path: '/', summary: 'A page that says what runs here', description: '', answer: null, problems: [] }),
  docs: route({ ...common, path: '/docs', summary: 'Operations and errors, to read', description: '', answer: null, problems: [] }),
  listPlans: plansRoute,
  getSignIn: route({
    ...common,
    path: '/v1/sign-in',
    tag: 'sessions',
    summary: 'How people sign in to the console',
    description: 'Always with a key. Where the operator set an OpenID Connect issuer, also by sending the browser to `path`: it comes back signed in.',
    answer: z.strictObject({ oidc: z.strictObject({ name: z.string().meta({ description: 'Name of the issuer.', examples: ['Acme'] }), path: z.string() }).nullable() }),
    problems: [],
  }),
  openapi: route({ ...common, path: '/openapi.json', summary: 'This contract as OpenAPI 3.1', description: '', answer: z.looseObject({}), problems: [] }),
  healthz: route({
    ...common,
    path: '/healthz',
    summary: 'Alive',
    description: 'The process answers.',
    answer: z.strictObject({ status: z.literal('ok'), version: z.string() }),
    problems: [],
  }),
  readyz: route({
    ...common,
    path: '/readyz',
    summary: 'Ready',
    description: 'The database answers and a gateway is connected.',
    answer: z.strictObject({ status: z.literal('ready'), database: z.literal('ok'), nodes: z.int().meta({ description: 'Gateways that are connected.' }) }),
    problems: ['not_ready'],
  }),
  metrics: route({
    ...common,
    path: '/metrics',
    summary: 'Prometheus metrics',
    description: 'Counts and durations of the whole process; nothing of a single customer.',
    answer: null,
    problems: [],
  }),
} as const
