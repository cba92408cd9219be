// `tollgate catalog validate | plan | apply | pull | schema`: the catalog as files under version control. validate and schema
// need no server; the others ask a running one, which validates and compares again. Exit codes: 0 done or nothing to do,
// 1 error, and for `plan` 2 when there are changes.

import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import * as z from 'zod'
import { formatIssue } from '../app/catalog/issue.ts'
import { parseCatalog } from '../app/catalog/parse-yaml.ts'
import { renderCatalogSchema } from '../app/catalog/reference.ts'
import { FILE, readFiles, readValid, shownName, timingBody, told, withOverlays, withTiming, type OverlayOptions, type TimingOptions } from './catalog-files.ts'
import { awaitImpact, demandApproval, isEmpty, printPublished, readPlan, readPublished, render, renderImpact } from './catalog-plan.ts'
import { registerVersionCommands } from './catalog-versions.ts'
import { connect, understood } from './client.ts'
import { CliError, print, printJson, runCommand, say, type CliDeps } from './output.ts'

const JSON_OPTION = ['--json', 'print JSON instead of text'] as const

type ValidateOptions = OverlayOptions & { readonly json?: true }
type PlanOptions = ValidateOptions & TimingOptions & { readonly impact: boolean }
type ApplyOptions = ValidateOptions & TimingOptions & { readonly autoApprove?: true }

export function registerCatalogCommands(program: Command, deps: CliDeps): void {
  const catalog = program.command('catalog').description('plans, prices and rates as a file')
  withOverlays(catalog.command('validate'))
    .description('check a catalog file without a server')
    .argument('<file>', FILE)
    .option(...JSON_OPTION)
    .action((file: string, options: ValidateOptions) => runCommand(deps, () => validate(file, options, deps)))
  withTiming(withOverlays(catalog.command('plan')))
    .description('show what a catalog file would change; exit code 0: nothing, 2: changes, 1: error')
    .argument('<file>', FILE)
    .option('--no-impact', 'leave out what it would have changed in the invoices of the last month')
    .option(...JSON_OPTION)
    .action((file: string, options: PlanOptions) => runCommand(deps, () => plan(file, options, deps)))
  withTiming(withOverlays(catalog.command('apply')))
    .description('put a catalog file in force')
    .argument('<file>', FILE)
    .option('--reason <text>', 'why, for the audit log')
    .option('--auto-approve', 'do not ask')
    .option(...JSON_OPTION)
    .action((file: string, options: ApplyOptions) => runCommand(deps, () => apply(file, options, deps)))
  catalog
    .command('pull')
    .description('print the catalog in force as it was written')
    .option('--out <file>', 'write it to a file')
    .option('--overlay <name>', 'what was laid over it instead')
    .option('--force', 'replace a file that is different')
    .action((options: PullOptions) => runCommand(deps, () => pull(options, deps)))
  registerVersionCommands(catalog, deps)
  catalog
    .command('schema')
    .description('print the JSON Schema of the catalog file, for editors')
    .action(() => runCommand(deps, async () => (deps.stdout.write(renderCatalogSchema()), 0)))
}

async function validate(file: string, options: ValidateOptions, deps: CliDeps): Promise<number> {
  const { source, overlays } = await readFiles(file, options, deps)
  const parsed = parseCatalog(source, null, overlays)
  const issues = parsed.kind === 'valid' ? parsed.warnings : parsed.issues
  if (options.json) printJson(deps, { valid: parsed.kind === 'valid', issues })
  else for (const issue of issues) print(deps, formatIssue(issue, shownName(file)))
  if (parsed.kind === 'valid' && !options.json) say(deps, `${shownName(file)} is valid${issues.length === 0 ? '' : `, with ${issues.length} warning${issues.length === 1 ? '' : 's'}`}.`)
  return parsed.kind === 'valid' ? 0 : 1
}

async function plan(file: string, options: PlanOptions, deps: CliDeps): Promise<number> {
  const files = await readValid(file, options, deps)
  const client = connect(deps)
  const planned = readPlan(await told({ file, deps }, () => client.request('POST', '/v1/catalog/plan', { ...files, ...timingBody(options), impact: options.impact })), client)
  const impact = options.impact ? await awaitImpact(client, planned, deps) : null
  if (options.json) printJson(deps, { ...planned, ...(impact === null ? {} : { impact: impact.result }) })
  else if (isEmpty(planned)) say(deps, `No changes: version ${planned.base_version} at ${client.url} is the same.`)
  else print(deps, render(planned, deps.stdout, `${shownName(file)} against version ${planned.base_version} at ${client.url}:`))
  if (isEmpty(planned)) return 0
  if (!options.json && impact !== null) print(deps, `\n${renderImpact(impact, deps.stdout)}`)
  if (!options.json) say(deps, `To put it in force: tollgate catalog apply ${[file, ...(options.overlay ?? []).map((name) => `--overlay ${name}`)].join(' ')}`)
  return 2
}

async function apply(file: string, options: ApplyOptions, deps: CliDeps): Promise<number> {
  const files = await readValid(file, options, deps)
  const client = connect(deps)
  const { reason, ...timing } = timingBody(options)
  const planned = readPlan(await told({ file, deps }, () => client.request('POST', '/v1/catalog/plan', { ...files, ...timing })), client)
  const isScheduled = options.from !== undefined
  if (isEmpty(planned)) return printPublished({ version: planned.base_version, changed: false }, planned, { ...options, isScheduled }, deps)
  say(deps, render(planned, deps.stderr, `${shownName(file)} against version ${planned.base_version} at ${client.url}:`))
  if (!options.autoApprove) await demandApproval(client, options.from === undefined ? 'Put this in force' : `Put this in force from ${options.from} on`, deps)
  const answer = await told({ file, deps }, () => client.request('PUT', '/v1/catalog', { ...files, ...timing, base_version: planned.base_version, ...(reason === undefined ? {} : { reason }) }))
  return printPublished(readPublished(answer, client), planned, { ...options, isScheduled }, deps)
}

const currentShape = z.object({ version: z.number(), source: z.string(), overlays: z.array(z.object({ name: z.string(), source: z.string() })).default([]) })

type PullOptions = { readonly out?: string; readonly overlay?: string; readonly force?: true }

async function pull(options: PullOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { source: base, overlays, version } = understood(currentShape, await client.request('GET', '/v1/catalog'), client)
  const names = overlays.map(({ name }) => name).join(', ')
  const overlay = overlays.find(({ name }) => name === options.overlay)
  if (options.overlay !== undefined && overlay === undefined) throw new CliError(`Nothing named ${options.overlay} was laid over version ${version}.`, names === '' ? null : `There is: ${names}`)
  const source = overlay?.source ?? base
  if (overlay === undefined && overlays.length > 0) say(deps, `Laid over it: ${names}. To see one: tollgate catalog pull --overlay ${overlays[0]!.name}`)
  if (options.out === undefined) {
    deps.stdout.write(source)
    return 0
  }
  const present = readIfPresent(options.out)
  if (present !== null && present !== source && !options.force) {
    throw new CliError(`${options.out} is different from version ${version} and was not touched.`, `See the difference: tollgate catalog plan ${options.out}. Replace it: --force`)
  }
  writeFileSync(options.out, source)
  say(deps, `Wrote catalog version ${version} to ${options.out}.`)
  return 0
}

function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new CliError(`${file} cannot be read (${String((error as NodeJS.ErrnoException).code)}).`)
  }
}
