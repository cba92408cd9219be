// Routes on the catalog: what is in force, what a text would change, and putting it in force.

import { CATALOG_BYTES_MAX, CATALOG_ID_LENGTH_MAX, CATALOG_OVERLAYS_MAX, MIGRATIONS } from '@tollgate/core'
import * as z from 'zod'
import { choice, instantIn, nothing, text, time } from './fields.ts'
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
    file: z.string().optional().meta({ description: 'The overlay that it stands in; not there for the catalog file itself.', examples: ['production.yaml'] }),
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

const overlays = z
  .array(z.strictObject({ name: text('What its mistakes are told under.', 'production.yaml'), source }))
  .max(CATALOG_OVERLAYS_MAX)
  .default([])
  .meta({ description: 'Files that are laid over it, the last on top: fields over fields, items of a list over those of the same id.' })
const migrations = z
  .record(z.string().max(CATALOG_ID_LENGTH_MAX), choice(MIGRATIONS, 'When those on the plan follow.'))
  .default({})
  .meta({ description: 'By plan, when those who are on it follow its change: `now`, `at_renewal` (with their first billing period after it) or `keep`. Left out, what the catalog says of the plan, else `now`. A plan that does not change may be named, too: those who kept an earlier version then follow.', examples: [{ pro: 'at_renewal' }] })
const inForceFrom = instantIn('When it takes force; at once unless stated.', '2027-01-01T00:00:00Z').optional()
const reason = text('Why, for the audit log.', 'New price list').optional()
const timing = { in_force_from: inForceFrom, migrations }
const impact = z.boolean().default(false).meta({ description: 'Also look at what it would have changed in the invoices of the last month: starts a simulation over the plans that change.' })

const planned = z
  .strictObject({
    base_version: version.meta({ description: 'Version that the changes start from: give it to PUT.' }),
    changes: z.array(change),
    customers_touched: z.record(z.string(), z.int()).meta({ description: 'Customers by plan whose customers would notice.', examples: [{ prepaid: 12 }] }),
    migrations: z
      .array(
        z.strictObject({
          plan: z.string(),
          migration: choice(MIGRATIONS, 'When its customers follow.'),
          customers: z.int().meta({ description: 'Customers on the plan.' }),
          on_earlier: z.array(z.strictObject({ version, customers: z.int() })).meta({ description: 'Of those, who keeps the plan of an earlier catalog version.' }),
        }),
      )
      .meta({ description: 'When those on a plan that changes follow.' }),
    impact: z
      .strictObject({ simulation: z.string().meta({ description: 'Ask `GET /v1/simulations/{simulation}` for the result.' }), from: time('First instant of the month.'), to: time('First instant after it.'), plans: z.array(z.string()) })
      .nullable()
      .meta({ description: 'What it would have changed in the invoices of the last month, where that was asked for and somebody would notice; null also while another simulation runs.' }),
    issues: z.array(issue).meta({ description: 'Warnings.' }),
  })
  .meta({ id: 'CatalogPlan' })
const published = z.strictObject({ version, changed: z.boolean().meta({ description: 'False when it was in force already.' }), in_force_from: time('When it takes force.') }).meta({ id: 'PublishedCatalog' })
const baseVersion = version
  .optional()
  .meta({ description: 'Version that the change was planned on: another one in force is a conflict. Left out, it replaces whatever is in force.' })
const restored = version.optional().meta({ description: 'The version that is published again; left out, the last one with another text.' })
const scheduled = z.strictObject({ version, in_force_from: time('When it takes force.') })

export const catalogRoutes = {
  getCatalog: route({
    method: 'GET',
    path: '/v1/catalog',
    tag: 'catalog',
    summary: 'Get the catalog in force',
    description: 'As it was written (`source`, `overlays`) and as it was read (`document`).',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({
      version,
      applied_at: time('When it was published; null before the first.').nullable(),
      applied_by: z.string().nullable().meta({ description: 'Id of the key that did it.' }),
      in_force_from: time('Since when it is in force; null before the first.').nullable(),
      source: z.string().meta({ description: 'The file as it was applied.' }),
      overlays: z.array(z.strictObject({ name: z.string(), source: z.string() })).meta({ description: 'Files that were laid over it.' }),
      document: z.record(z.string(), z.unknown()).nullable().meta({ description: 'All of it as data.' }),
      kept_plans: z
        .array(z.strictObject({ plan: z.string(), version, until: time('First instant of what replaced it.'), ends: time('They leave it with their first billing period from then on; null for never.').nullable() }))
        .meta({ description: 'Earlier plans that subscribers keep.' }),
      scheduled: scheduled.nullable().meta({ description: 'What takes force next; null for nothing.' }),
    }),
    problems: [],
  }),
  planCatalog: route({
    method: 'POST',
    path: '/v1/catalog/plan',
    tag: 'catalog',
    summary: 'See what a catalog would change',
    description: 'Changes nothing. A catalog with errors is answered as a problem that lists each of them with its file and line.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({ source, overlays, ...timing, impact }),
    status: 200,
    answer: planned,
    problems: ['invalid_catalog', 'unknown_plan'],
  }),
  planRollback: route({
    method: 'POST',
    path: '/v1/catalog/rollback/plan',
    tag: 'catalog',
    summary: 'See what going back would change',
    description: 'Changes nothing.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({ version: restored, ...timing, impact }),
    status: 200,
    answer: planned.extend({ restores: version.meta({ description: 'The version that would be published again.' }) }).meta({ id: 'CatalogRollbackPlan' }),
    problems: ['invalid_catalog', 'unknown_catalog_version', 'unknown_plan', 'not_found'],
  }),
  rollBackCatalog: route({
    method: 'POST',
    path: '/v1/catalog/rollback',
    tag: 'catalog',
    summary: 'Publish an earlier catalog again',
    description: 'As a new version, with the rates of now. What was charged meanwhile stays charged.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({ version: restored, base_version: baseVersion, ...timing, reason }),
    status: 200,
    answer: published,
    problems: ['invalid_catalog', 'unknown_catalog_version', 'unknown_plan', 'not_found', 'catalog_conflict', 'catalog_scheduled', 'plan_in_use', 'kept_plan_broken'],
  }),
  putCatalog: route({
    method: 'PUT',
    path: '/v1/catalog',
    tag: 'catalog',
    summary: 'Put a catalog in force',
    description: 'Every reachable gateway decides by it when it answers, or from `in_force_from` on. A catalog that is in force already changes nothing.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({ source, overlays, base_version: baseVersion, ...timing, reason }),
    status: 200,
    answer: published,
    problems: ['invalid_catalog', 'unknown_plan', 'catalog_conflict', 'catalog_scheduled', 'plan_in_use', 'kept_plan_broken'],
  }),
  withdrawCatalog: route({
    method: 'DELETE',
    path: '/v1/catalog/scheduled',
    tag: 'catalog',
    summary: 'Withdraw the catalog that is scheduled',
    description: 'It never takes force.',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: scheduled.meta({ id: 'WithdrawnCatalog' }),
    problems: ['not_found'],
  }),
  getCatalogSchema: route({
    method: 'GET',
    path: '/v1/catalog/schema',
    tag: 'catalog',
    summary: 'Get the schema of the catalog file',
    description: 'JSON Schema, draft 7: what an editor completes and explains by.',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: z.record(z.string(), z.unknown()),
    problems: [],
  }),
} as const
