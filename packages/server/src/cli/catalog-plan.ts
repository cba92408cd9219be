// What a catalog would change, as the server says it, asked for and shown; and a yes to it. Applying a file and going back to an
// earlier version look the same from here.

import * as z from 'zod'
import type { CatalogChange } from '../app/catalog/diff.ts'
import { understood, type Client } from './client.ts'
import { table } from './explain-input.ts'
import { CliError, confirm, isInteractive, paint, print, printJson, type CliDeps } from './output.ts'
import { renderChanges } from './render-changes.ts'
import { follow, signed, simulationShape, type Shown } from './simulate.ts'

const changeShape = z.object({
  action: z.enum(['added', 'removed', 'changed']),
  kind: z.string(),
  plan: z.string().nullable(),
  id: z.string(),
  fields: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
})
const migrationShape = z.object({ plan: z.string(), migration: z.enum(['now', 'at_renewal', 'keep']), customers: z.number(), on_earlier: z.array(z.object({ version: z.number(), customers: z.number() })) })
const planShape = z.object({
  base_version: z.number(), restores: z.number().optional(), changes: z.array(changeShape), customers_touched: z.record(z.string(), z.number()), migrations: z.array(migrationShape).default([]),
  impact: z.object({ simulation: z.string(), from: z.string(), to: z.string(), plans: z.array(z.string()) }).nullable().default(null),
})
const publishedShape = z.object({ version: z.number(), changed: z.boolean(), in_force_from: z.string().optional() })

export type Planned = Omit<z.output<typeof planShape>, 'changes'> & { readonly changes: readonly CatalogChange[] }
export type Published = z.output<typeof publishedShape>

export function readPlan(answer: unknown, client: Client): Planned {
  return understood(planShape, answer, client) as Planned
}

export function readPublished(answer: unknown, client: Client): Published {
  return understood(publishedShape, answer, client)
}

/** Nothing is different, and nobody who kept an earlier plan is asked to follow. */
export function isEmpty({ changes, migrations }: Planned): boolean {
  return changes.length === 0 && migrations.length === 0
}

export function render(planned: Planned, stream: NodeJS.WritableStream, title: string): string {
  return `${paint(stream, 'bold', title)}\n\n${renderChanges({ changes: planned.changes, customersTouched: planned.customers_touched, migrations: planned.migrations }, stream)}`
}

/** Follows the simulation that the server started beside the plan. Null where there is none. */
export async function awaitImpact(client: Client, { impact }: Planned, deps: CliDeps): Promise<Shown | null> {
  if (impact === null) return null
  const ended = await follow(client, understood(simulationShape, await client.request('GET', `/v1/simulations/${impact.simulation}`), client), deps)
  return ended.result === null ? null : ended
}

/** What each plan's customers would have paid otherwise in the last month. */
export function renderImpact({ from, result }: Shown, stream: NodeJS.WritableStream): string {
  const month = from.slice(0, 7)
  const plans = result?.plans ?? []
  if (plans.length === 0) return `Invoices of ${month}: nobody on these plans had any.`
  const rows = plans.flatMap(({ plan, customers, customers_changed: changed, amounts }) => amounts.map(({ asset, current, simulated, change }) => [plan, asset, current, simulated, signed(change), `${changed} of ${customers}`]))
  const unpriced = result === null || result.events_unpriced === 0 ? [] : [`${result.events_unpriced} events use something that it does not price.`]
  return [paint(stream, 'bold', `What it would have changed in ${month}, before commitments, coupons and tax`), table([['plan', '', 'was', 'would have been', 'change', 'customers'], ...rows], 2), ...unpriced].join('\n')
}

export async function demandApproval(client: Client, question: string, deps: CliDeps): Promise<void> {
  if (!isInteractive(deps)) throw new CliError('Nobody can be asked here, so nothing was changed.', 'Look at the plan, then run it with --auto-approve.')
  if (!(await confirm(deps, `${question} at ${client.url}?`))) throw new CliError('Nothing was changed.')
}

export function printPublished(result: Published, planned: Planned, options: { readonly json?: true; /** A time was asked for. */ readonly isScheduled: boolean }, deps: CliDeps): number {
  const { version, changed } = result
  if (options.json) printJson(deps, { ...result, changes: planned.changes, migrations: planned.migrations })
  else if (!changed) print(deps, `No changes: catalog version ${version} stays in force.`)
  else print(deps, options.isScheduled ? `Catalog version ${version} takes force at ${result.in_force_from}. To take it back: tollgate catalog withdraw` : `Catalog version ${version} is in force.`)
  return 0
}
