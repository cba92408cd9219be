// Routes on what needs an operator's look: alerts, and how the background jobs fare.

import * as z from 'zod'
import { choice, cursor, id, limit, listOf, nothing, time } from './fields.ts'
import { route } from './route.ts'

const level = choice(['notice', 'problem'], '`problem`: something is wrong until somebody acts.')
const alert = z
  .strictObject({
    id: z.string().meta({ description: 'Number of the message.', examples: ['42'] }),
    type: z.string().meta({ description: 'As on the live stream and in webhooks.', examples: ['budget.threshold'] }),
    level,
    says: z.string().meta({ description: 'What the type means.' }),
    customer: z.string().nullable(),
    at: time('When it was told.'),
    data: z.record(z.string(), z.unknown()).meta({ description: 'The members of the message.' }),
  })
  .meta({ id: 'Alert', description: 'Something that happened and that calls for a look.' })

const job = z
  .strictObject({
    name: z.string().meta({ examples: ['close-periods'] }),
    says: z.string().meta({ description: 'What it is for.' }),
    every_seconds: z.number().meta({ description: 'Between two starts.' }),
    running: z.boolean(),
    runs: z.int().meta({ description: 'That ended, since the start of the control plane.' }),
    failures: z.int().meta({ description: 'Of them.' }),
    last_started_at: time('When it last began.').nullable(),
    last_took_ms: z.number().nullable().meta({ description: 'How long the last run that ended took; null while one runs or none did.' }),
    last_failed_at: time('When it last failed.').nullable(),
    last_failure: z.string().nullable().meta({ description: 'What that failure said. A job that failed runs again at its next turn.' }),
  })
  .meta({ id: 'Job', description: 'A background job of the control plane.' })

const get = { method: 'GET', tag: 'insight', description: '', access: [], params: nothing, query: nothing, body: null, status: 200, problems: [] } as const

export const watchRoutes = {
  listAlerts: route({
    ...get,
    path: '/v1/alerts',
    summary: 'List alerts',
    description: 'Newest first, for a month. The same messages go to the live stream and to webhooks when they happen.',
    query: z.strictObject({ level: level.optional(), customer: id('cus', 'Only of this customer.').optional(), limit, cursor }),
    answer: listOf(alert),
    problems: ['invalid_cursor'],
  }),
  listJobs: route({ ...get, path: '/v1/jobs', summary: 'List background jobs', description: 'With the last run of each, since the start of the control plane that answers.', answer: z.strictObject({ data: z.array(job) }) }),
} as const
