// `tollgate catalog history | rollback | withdraw`: the versions of the catalog, an earlier one published again, and a scheduled one
// taken back. Exit codes: 0 done or nothing to do, 1 error.

import type { Command } from 'commander'
import * as z from 'zod'
import { demandApproval, isEmpty, printPublished, readPlan, readPublished, render } from './catalog-plan.ts'
import { timingBody, told, withTiming, type TimingOptions } from './catalog-files.ts'
import { connect, understood } from './client.ts'
import { table } from './explain-input.ts'
import { CliError, print, printJson, runCommand, say, type CliDeps } from './output.ts'

type RollbackOptions = TimingOptions & { readonly autoApprove?: true; readonly json?: true }

export function registerVersionCommands(catalog: Command, deps: CliDeps): void {
  catalog
    .command('history')
    .description('list catalog versions, the newest first')
    .option('--json', 'print JSON instead of text')
    .action((options: { readonly json?: true }) => runCommand(deps, () => history(options, deps)))
  withTiming(catalog.command('rollback'))
    .description('publish an earlier catalog again, as a new version')
    .argument('[version]', 'the version; the last one with another text unless stated')
    .option('--reason <text>', 'why, for the audit log')
    .option('--auto-approve', 'do not ask')
    .option('--json', 'print JSON instead of text')
    .action((version: string | undefined, options: RollbackOptions) => runCommand(deps, () => rollback(version ?? null, options, deps)))
  catalog
    .command('withdraw')
    .description('take back the catalog that is scheduled')
    .action(() => runCommand(deps, () => withdraw(deps)))
}

const versionsShape = z.object({
  data: z.array(z.object({ version: z.number(), applied_at: z.string(), applied_by: z.string(), in_force_from: z.string(), restores: z.number().nullable(), withdrawn: z.boolean(), source: z.string() })),
})

async function history(options: { readonly json?: true }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { data } = understood(versionsShape, await client.request('GET', '/v1/catalog/versions'), client)
  const rows = data.map(({ source: _, ...row }) => row)
  if (options.json) printJson(deps, rows)
  else if (rows.length === 0) say(deps, 'No catalog was published yet: tollgate catalog apply catalog.yaml')
  else print(deps, table([['version', 'published', 'by', 'in force from', ''], ...rows.map((row) => [String(row.version), row.applied_at, row.applied_by, row.in_force_from, row.withdrawn ? 'withdrawn' : row.restores === null ? '' : `is version ${row.restores} again`])], 0))
  return 0
}

async function rollback(text: string | null, options: RollbackOptions, deps: CliDeps): Promise<number> {
  if (text !== null && !/^\d{1,9}$/.test(text)) throw new CliError(`A version is a number, not ${JSON.stringify(text)}.`, 'See the versions: tollgate catalog history')
  const { reason, ...timing } = timingBody(options)
  const wanted = text === null ? {} : { version: Number(text) }
  const client = connect(deps)
  const context = { file: text === null ? 'the earlier version' : `version ${text}`, deps }
  const planned = readPlan(await told(context, () => client.request('POST', '/v1/catalog/rollback/plan', { ...wanted, ...timing })), client)
  const { restores = planned.base_version, base_version: base } = planned
  const isScheduled = options.from !== undefined
  if (isEmpty(planned)) return printPublished({ version: base, changed: false }, planned, { ...options, isScheduled }, deps)
  say(deps, render(planned, deps.stderr, `Back from version ${base} to version ${restores} at ${client.url}:`))
  if (options.autoApprove === undefined) await demandApproval(client, `Publish version ${restores} again`, deps)
  const answer = await told(context, () => client.request('POST', '/v1/catalog/rollback', { version: restores, base_version: base, ...timing, ...(reason === undefined ? {} : { reason }) }))
  return printPublished(readPublished(answer, client), planned, { ...options, isScheduled }, deps)
}

async function withdraw(deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { version, in_force_from: from } = understood(z.object({ version: z.number(), in_force_from: z.string() }), await client.request('DELETE', '/v1/catalog/scheduled'), client)
  print(deps, `Catalog version ${version} was to take force at ${from} and never will.`)
  return 0
}
