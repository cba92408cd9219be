// What the catalog commands share: the files that a catalog is made of, when it takes force and for whom, and what the server has
// against it. A file with mistakes is told with file, line and column before any server is asked.

import { CATALOG_BYTES_MAX, CATALOG_OVERLAYS_MAX, MIGRATIONS, type Migration } from '@tollgate/core'
import type { Command } from 'commander'
import { createReadStream } from 'node:fs'
import { formatIssue, type CatalogIssue } from '../app/catalog/issue.ts'
import { parseCatalog, type OverlayText } from '../app/catalog/parse-yaml.ts'
import { ServerProblem } from './client.ts'
import { CliError, say, type CliDeps } from './output.ts'

export const FILE = 'catalog file, - for standard input'

/** An option that is given several times. */
const again = (value: string, before: readonly string[]): readonly string[] => [...before, value]

export type CatalogFiles = { readonly source: string; readonly overlays: readonly OverlayText[] }
export type FileContext = { readonly file: string; readonly deps: CliDeps }

export type OverlayOptions = { readonly overlay?: readonly string[] }
export type TimingOptions = { readonly from?: string; readonly migrate?: readonly string[]; readonly reason?: string }

export function withOverlays(command: Command): Command {
  return command.option('--overlay <file>', 'lay a file over it, such as one of an environment; again for more', again, [])
}

export function withTiming(command: Command): Command {
  return command
    .option('--from <time>', 'when it takes force, such as 2027-01-01T00:00:00Z; at once unless stated')
    .option('--migrate <plan=when>', `when those on a plan follow its change: ${MIGRATIONS.join(', ')}; again for more plans`, again, [])
}

export async function readFiles(file: string, { overlay = [] }: OverlayOptions, deps: CliDeps): Promise<CatalogFiles> {
  if (overlay.length > CATALOG_OVERLAYS_MAX) throw new CliError(`At most ${CATALOG_OVERLAYS_MAX} files are laid over a catalog, not ${overlay.length}.`)
  const overlays: OverlayText[] = []
  for (const name of overlay) overlays.push({ name, source: await readSource(name, deps) })
  return { source: await readSource(file, deps), overlays }
}

/** The texts of files that have no errors; their issues go to standard error. */
export async function readValid(file: string, options: OverlayOptions, deps: CliDeps): Promise<CatalogFiles> {
  const files = await readFiles(file, options, deps)
  const parsed = parseCatalog(files.source, null, files.overlays)
  printIssues(parsed.kind === 'valid' ? parsed.warnings : parsed.issues, { file, deps })
  if (parsed.kind === 'invalid') throw new CliError(`${shownName(file)} is not valid, so the server was not asked.`)
  return files
}

/** When and for whom, as the API takes it. */
export function timingBody({ from, migrate = [], reason }: TimingOptions): Readonly<Record<string, unknown>> {
  const migrations = new Map(migrate.map((text): readonly [string, Migration] => {
    const [plan = '', when = '', ...rest] = text.split('=')
    const migration = MIGRATIONS.find((known) => known === when)
    if (plan === '' || migration === undefined || rest.length > 0) throw new CliError(`--migrate takes a plan and when its customers follow, such as pro=at_renewal (${MIGRATIONS.join(', ')}), not ${JSON.stringify(text)}.`)
    return [plan, migration]
  }))
  if (from !== undefined && Number.isNaN(Date.parse(from))) throw new CliError(`--from must be a time with its zone, such as 2027-01-01T00:00:00Z, not ${JSON.stringify(from)}.`)
  return { ...(from === undefined ? {} : { in_force_from: from }), ...(migrations.size === 0 ? {} : { migrations: Object.fromEntries(migrations) }), ...(reason === undefined ? {} : { reason }) }
}

/** Shows what the server has against the file, when it sees it otherwise than this program, and how a conflict goes on. */
export async function told<T>(context: FileContext, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error
    if (Array.isArray(error.body.issues)) printIssues(error.body.issues as readonly CatalogIssue[], context)
    if (error.status === 409 && error.code === 'catalog_conflict') throw new CliError(error.message, `Somebody else published meanwhile. Look again: tollgate catalog plan ${context.file}`)
    if (error.status === 409 && error.code === 'catalog_scheduled') throw new CliError(error.message, 'To withdraw it: tollgate catalog withdraw')
    throw error
  }
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

export function shownName(file: string): string {
  return file === '-' ? 'standard input' : file
}
