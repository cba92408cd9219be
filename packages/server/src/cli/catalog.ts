// `tollgate catalog validate | plan | apply | pull | schema`: the catalog as a file under version control. validate and schema
// need no server; the others ask a running one, which validates and compares again. Exit codes: 0 done or nothing to do,
// 1 error, and for `plan` 2 when there are changes.

import { createReadStream, readFileSync, writeFileSync } from 'node:fs'
import { CATALOG_BYTES_MAX } from '@tollgate/core'
import type { Command } from 'commander'
import * as z from 'zod'
import type { CatalogChange } from '../app/catalog/diff.ts'
import { formatIssue, type CatalogIssue } from '../app/catalog/issue.ts'
import { parseCatalog } from '../app/catalog/parse-yaml.ts'
import { renderCatalogSchema } from '../app/catalog/reference.ts'
import { connect, ServerProblem, understood, type Client } from './client.ts'
import { CliError, confirm, isInteractive, paint, print, printJson, runCommand, say, type CliDeps } from './output.ts'
import { renderChanges } from './render-changes.ts'

const FILE = 'catalog file, - for standard input'
const JSON_OPTION = ['--json', 'print JSON instead of text'] as const

export function registerCatalogCommands(program: Command, deps: CliDeps): void {
  const catalog = program.command('catalog').description('plans, prices and rates as a file')
  catalog
    .command('validate')
    .description('check a catalog file without a server')
    .argument('<file>', FILE)
    .option(...JSON_OPTION)
    .action((file: string, options: { readonly json?: true }) => runCommand(deps, () => validate(file, options, deps)))
  catalog
    .command('plan')
    .description('show what a catalog file would change; exit code 0: nothing, 2: changes, 1: error')
    .argument('<file>', FILE)
    .option(...JSON_OPTION)
    .action((file: string, options: { readonly json?: true }) => runCommand(deps, () => plan(file, options, deps)))
  catalog
    .command('apply')
    .description('put a catalog file in force')
    .argument('<file>', FILE)
    .option('--auto-approve', 'do not ask')
    .option(...JSON_OPTION)
    .action((file: string, options: ApplyOptions) => runCommand(deps, () => apply(file, options, deps)))
  catalog
    .command('pull')
    .description('print the catalog in force as it was written')
    .option('--out <file>', 'write it to a file')
    .option('--force', 'replace a file that is different')
    .action((options: { readonly out?: string; readonly force?: true }) => runCommand(deps, () => pull(options, deps)))
  catalog
    .command('schema')
    .description('print the JSON Schema of the catalog file, for editors')
    .action(() => runCommand(deps, async () => (deps.stdout.write(renderCatalogSchema()), 0)))
}

async function validate(file: string, options: { readonly json?: true }, deps: CliDeps): Promise<number> {
  const parsed = parseCatalog(await readSource(file, deps))
  const issues = parsed.kind === 'valid' ? parsed.warnings : parsed.issues
  if (options.json) printJson(deps, { valid: parsed.kind === 'valid', issues })
  else for (const issue of issues) print(deps, formatIssue(issue, shownName(file)))
  if (parsed.kind === 'valid' && !options.json) say(deps, `${shownName(file)} is valid${issues.length === 0 ? '' : `, with ${issues.length} warning${issues.length === 1 ? '' : 's'}`}.`)
  return parsed.kind === 'valid' ? 0 : 1
}

const changeShape = z.object({
  action: z.enum(['added', 'removed', 'changed']),
  kind: z.string(),
  plan: z.string().nullable(),
  id: z.string(),
  fields: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
})
const planShape = z.object({ base_version: z.number(), changes: z.array(changeShape), customers_touched: z.record(z.string(), z.number()) })
const appliedShape = z.object({ version: z.number(), changed: z.boolean() })
const currentShape = z.object({ version: z.number(), source: z.string() })

type Planned = Omit<z.output<typeof planShape>, 'changes'> & { readonly changes: readonly CatalogChange[] }

async function plan(file: string, options: { readonly json?: true }, deps: CliDeps): Promise<number> {
  const source = await readValid(file, deps)
  const client = connect(deps)
  const planned = await askPlan(client, source, { file, deps })
  if (options.json) printJson(deps, planned)
  else if (planned.changes.length === 0) say(deps, `No changes: version ${planned.base_version} at ${client.url} is the same.`)
  else print(deps, render(planned, deps.stdout, `${shownName(file)} against version ${planned.base_version} at ${client.url}:`))
  if (planned.changes.length === 0) return 0
  if (!options.json) say(deps, `To put it in force: tollgate catalog apply ${file}`)
  return 2
}

type ApplyOptions = { readonly autoApprove?: true; readonly json?: true }

async function apply(file: string, options: ApplyOptions, deps: CliDeps): Promise<number> {
  const source = await readValid(file, deps)
  const client = connect(deps)
  const planned = await askPlan(client, source, { file, deps })
  if (planned.changes.length === 0) return applied({ version: planned.base_version, changed: false }, planned, options, deps)
  say(deps, render(planned, deps.stderr, `${shownName(file)} against version ${planned.base_version} at ${client.url}:`))
  if (!options.autoApprove) await demandApproval(client, deps)
  const answer = await told({ file, deps }, () => client.request('PUT', '/v1/catalog', { source, base_version: planned.base_version }))
  return applied(understood(appliedShape, answer, client), planned, options, deps)
}

function applied(result: { readonly version: number; readonly changed: boolean }, planned: Planned, options: ApplyOptions, deps: CliDeps): number {
  if (options.json) printJson(deps, { ...result, changes: planned.changes })
  else print(deps, result.changed ? `Catalog version ${result.version} is in force.` : `No changes: catalog version ${result.version} stays in force.`)
  return 0
}

async function demandApproval(client: Client, deps: CliDeps): Promise<void> {
  if (!isInteractive(deps)) throw new CliError('Nobody can be asked here, so nothing was changed.', 'Look at the plan, then run it with --auto-approve.')
  if (!(await confirm(deps, `Put this in force at ${client.url}?`))) throw new CliError('Nothing was changed.')
}

async function pull(options: { readonly out?: string; readonly force?: true }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { source, version } = understood(currentShape, await client.request('GET', '/v1/catalog'), client)
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

type FileContext = { readonly file: string; readonly deps: CliDeps }

async function askPlan(client: Client, source: string, context: FileContext): Promise<Planned> {
  const answer = await told(context, () => client.request('POST', '/v1/catalog/plan', { source }))
  return understood(planShape, answer, client) as Planned
}

/** Shows what the server has against the file, when it sees it otherwise than this program, and how a conflict goes on. */
async function told<T>(context: FileContext, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error
    if (Array.isArray(error.body.issues)) printIssues(error.body.issues as readonly CatalogIssue[], context)
    if (error.status === 409 && error.code === 'catalog_conflict') throw new CliError(error.message, `Somebody else published meanwhile. Look again: tollgate catalog plan ${context.file}`)
    throw error
  }
}

/** The text of a file that has no errors; its issues go to standard error. */
async function readValid(file: string, deps: CliDeps): Promise<string> {
  const source = await readSource(file, deps)
  const parsed = parseCatalog(source)
  printIssues(parsed.kind === 'valid' ? parsed.warnings : parsed.issues, { file, deps })
  if (parsed.kind === 'invalid') throw new CliError(`${shownName(file)} is not valid, so the server was not asked.`)
  return source
}

function printIssues(issues: readonly CatalogIssue[], { file, deps }: FileContext): void {
  for (const issue of issues) say(deps, formatIssue(issue, shownName(file)))
}

/** At most one byte more than a catalog may have: what is larger is refused by the parser, not by the memory. */
async function readSource(file: string, deps: CliDeps): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of file === '-' ? deps.stdin : createReadStream(file)) {
      chunks.push(Buffer.from(chunk))
      bytes += chunk.length
      if (bytes > CATALOG_BYTES_MAX) break
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new CliError(`${shownName(file)} cannot be read (${code ?? String(error)}).`, code === 'ENOENT' ? 'The catalog in force: tollgate catalog pull --out catalog.yaml' : null)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readIfPresent(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new CliError(`${file} cannot be read (${String((error as NodeJS.ErrnoException).code)}).`)
  }
}

function render(planned: Planned, stream: NodeJS.WritableStream, title: string): string {
  return `${paint(stream, 'bold', title)}\n\n${renderChanges({ changes: planned.changes, customersTouched: planned.customers_touched }, stream)}`
}

function shownName(file: string): string {
  return file === '-' ? 'standard input' : file
}
