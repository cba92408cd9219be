// Routes on the catalog: what is in force, what a text would change, and putting it in force.

import { CATALOG_BYTES_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, nothing, time } from './fields.ts'
import { route } from './route.ts'

const source = z
  .string()
  .min(1)
  .max(CATALOG_BYTES_MAX)
  .meta({ description: 'The catalog file, as YAML.', examples: ['currency: USD\nplans: …'] })
const version = z
  .int()
  .min(0)
  .meta({ description: 'Version of the catalog; 0 before the first.', examples: [3] })

export const issue = z
  .strictObject({
    level: choice(['error', 'warning'], 'An error keeps the catalog from being published.'),
    path: z.string().meta({ description: 'Where in the document.', examples: ['plans[0].prices[1].amount'] }),
    line: z.int(),
    column: z.int(),
    code: z.string().meta({ examples: ['unknown_field'] }),
    message: z.string().meta({ description: 'What is wrong and what to do.' }),
    suggestion: z.string().nullable().meta({ description: 'What to write instead, where it is known.' }),
  })
  .meta({ id: 'CatalogIssue' })

const change = z
  .strictObject({
    action: choice(['added', 'removed', 'changed'], 'What happens to the item.'),
    kind: z.string().meta({ description: 'What it is.', examples: ['price'] }),
    plan: z.string().nullable().meta({ description: 'Plan that it belongs to; null outside plans.' }),
    id: z.string().meta({ description: 'Id of the item.', examples: ['input_tokens'] }),
    fields: z.array(z.strictObject({ field: z.string(), before: z.unknown(), after: z.unknown() })).meta({ description: 'What is different.' }),
  })
  .meta({ id: 'CatalogChange' })

export const catalogRoutes = {
  getCatalog: route({
    method: 'GET',
    path: '/v1/catalog',
    tag: 'catalog',
    summary: 'Get the catalog in force',
    description: 'As it was written (`source`) and as it was read (`document`).',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({
      version,
      applied_at: time('When it was put in force; null before the first.').nullable(),
      applied_by: z.string().nullable().meta({ description: 'Id of the key that did it.' }),
      source: z.string().meta({ description: 'The file as it was applied.' }),
      document: z.record(z.string(), z.unknown()).nullable().meta({ description: 'The same as data.' }),
    }),
    problems: [],
  }),
  planCatalog: route({
    method: 'POST',
    path: '/v1/catalog/plan',
    tag: 'catalog',
    summary: 'See what a catalog would change',
    description: 'Changes nothing. A catalog with errors is answered as a problem that lists each of them with its line.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({ source }),
    status: 200,
    answer: z.strictObject({
      base_version: version.meta({ description: 'Version that the changes start from: give it to PUT.' }),
      changes: z.array(change),
      customers_touched: z.record(z.string(), z.int()).meta({ description: 'Customers by plan whose customers would notice.', examples: [{ prepaid: 12 }] }),
      issues: z.array(issue).meta({ description: 'Warnings.' }),
    }),
    problems: ['invalid_catalog'],
  }),
  putCatalog: route({
    method: 'PUT',
    path: '/v1/catalog',
    tag: 'catalog',
    summary: 'Put a catalog in force',
    description: 'Every reachable gateway decides by it when it answers. A catalog that is in force already changes nothing.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({
      source,
      base_version: version
        .optional()
        .meta({ description: 'Version that the change was planned on: another one in force is a conflict. Left out, it replaces whatever is in force.' }),
    }),
    status: 200,
    answer: z.strictObject({ version, changed: z.boolean().meta({ description: 'False when it was in force already.' }) }),
    problems: ['invalid_catalog', 'catalog_conflict', 'plan_in_use'],
  }),
} as const
