// The audit log: who changed what, from what to what, and why.

import * as z from 'zod'
import { cursor, id, instantIn, limit, listOf, nothing, text, time } from './fields.ts'
import { route } from './route.ts'

export const auditFilter = {
  customer: id('cus', 'Only changes of this customer.').optional(),
  actor: text('Only changes by this key or user.', 'key_1').optional(),
  action: text('Only this kind of change, or all that begin with it and a dot.', 'subscription').optional(),
  target: text('Only changes of this thing.', 'sub_acme').optional(),
  from: instantIn('From this time on.').optional(),
  to: instantIn('Before this time.').optional(),
}

const entry = z
  .strictObject({
    id: z.string().meta({ description: 'Number of the entry.', examples: ['42'] }),
    at: time('When.'),
    actor: z.string().meta({ description: 'Who: a key, a user, `system`, or a provider.', examples: ['key_1'] }),
    action: z.string().meta({ description: 'What was done.', examples: ['subscription.cancel'] }),
    customer: z.string().nullable().meta({ description: 'Whose thing it was.' }),
    target: z.string().meta({ description: 'What was changed.' }),
    before: z.unknown().meta({ description: 'What it was.' }),
    after: z.unknown().meta({ description: 'What it is.' }),
    reason: z.string().nullable().meta({ description: 'Why, in the words of who did it.' }),
  })
  .meta({ id: 'AuditEntry', description: 'One change. Append only.' })

export const auditRoutes = {
  listAudit: route({
    method: 'GET',
    path: '/v1/audit',
    tag: 'access',
    summary: 'Read the audit log',
    description: 'Newest first. `GET /v1/audit/export?format=csv|ndjson` with the same filters streams all of it.',
    access: [],
    params: nothing,
    query: z.strictObject({ ...auditFilter, limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(entry),
    problems: ['invalid_cursor'],
  }),
} as const
