// `tollgate import`: usage of a CSV or Parquet file as events of a running server. Ids make it repeatable: killed and started again it goes
// on where it was, and a file that is imported twice is charged once. Rows that are refused stand in a file of their own.

import { extname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Option, type Command } from 'commander'
import { EVENTS_PER_REQUEST_MAX, InputError, type CatalogDocument } from '@tollgate/core'
import { readEvent } from '../app/events/read-event.ts'
import { systemClock } from '../platform/clock.ts'
import { compileCatalog } from '../platform/meter-expression.ts'
import { connect, ServerProblem, type Client } from './client.ts'
import { openImportFile, type FileFormat, type ImportFile, type Row } from './import-file.ts'
import { mapRow, mappingOf, type MappedRow, type Mapping } from './import-mapping.ts'
import { fingerprintOf, forgetProgress, openErrors, readProgress, writeProgress, type Progress, type RowError } from './import-progress.ts'
import { CliError, isInteractive, paint, print, printJson, runCommand, say, type CliDeps } from './output.ts'

type Options = {
  readonly map: readonly string[]; readonly set: readonly string[]; readonly ignore: readonly string[]; readonly format?: FileFormat; readonly delimiter: string; readonly batch: string
  readonly dryRun?: true; readonly restart?: true; readonly errors?: string; readonly json?: true
}

/** Times that a batch is sent again while the server is busy or away, about five minutes in all. */
const RETRIES_MAX = 60
const RETRY_DELAY_MS = 5_000
const BUSY_DELAY_MS = 1_000
const PROGRESS_EVERY_MS = 1_000
const BATCH_DEFAULT = 1_000
/** Problems that a dry run prints. */
const SHOWN_MAX = 10

export function registerImportCommand(program: Command, deps: CliDeps): void {
  const collect = (value: string, all: readonly string[]) => [...all, value]
  program
    .command('import')
    .description('send the rows of a CSV or Parquet file as usage events; again after a kill goes on where it was')
    .argument('<file>', 'a CSV file with a header, or a Parquet file')
    .option('--map <attribute=column>', 'column of id, customer, time, type, source, entity, feature, run, or of a member of data; repeatable', collect, [])
    .option('--set <attribute=value>', 'one value for all rows; repeatable', collect, [])
    .option('--ignore <column>', 'leave a column out; repeatable. All others become data under their own name', collect, [])
    .addOption(new Option('--format <format>', 'csv or parquet; by the name of the file unless stated').choices(['csv', 'parquet']))
    .option('--delimiter <character>', 'between the columns of a CSV file', ',')
    .option('--batch <rows>', 'rows of one call', String(BATCH_DEFAULT))
    .option('--dry-run', 'read and check every row against the catalog in force, send nothing')
    .option('--restart', 'begin at the first row, whatever an earlier run has done')
    .option('--errors <file>', 'where refused rows are written, one JSON line each; <file>.errors.ndjson unless stated')
    .option('--json', 'print the outcome as JSON')
    .action((file: string, options: Options) => runCommand(deps, () => importFile(file, options, deps)))
}

async function importFile(path: string, options: Options, deps: CliDeps): Promise<number> {
  const size = batchSize(options.batch)
  const format = options.format ?? (['.parquet', '.pq'].includes(extname(path).toLowerCase()) ? 'parquet' : 'csv')
  const file = await openImportFile(path, { format, delimiter: options.delimiter })
  const mapping = mappingOf(file.columns, options)
  const client = connect(deps)
  const fingerprint = await fingerprintOf(path, [options.map, options.set, options.ignore])
  const rowToEvent = (row: Row, number: number) => mapRow(row, mapping, { id: `row-${number}`, source: `import:${fingerprint.file}` })
  if (options.dryRun) return dryRun({ file, mapping, client, size, rowToEvent, options }, deps)

  const progressPath = `${path}.import.json`
  const known = options.restart ? null : readProgress(progressPath, fingerprint.whole)
  const progress: Progress = known ?? { fingerprint: fingerprint.whole, rows: 0, accepted: 0, duplicate: 0, refused: 0, errorBytes: 0 }
  if (known !== null) say(deps, `Going on after row ${known.rows}. (--restart begins anew.)`)
  const errorsPath = options.errors ?? `${path}.errors.ndjson`
  const errors = openErrors(errorsPath, progress.errorBytes)
  const report = reporter(deps, file, progress)
  try {
    for await (const rows of file.batches(progress.rows, size)) {
      const outcome = await sendBatch(client, rows.map((row, index) => rowToEvent(row, progress.rows + index + 1)), deps)
      const faults = outcome.flatMap((result, index): RowError[] => (result.status === 'accepted' || result.status === 'duplicate' ? [] : [{ row: progress.rows + index + 1, ...result, values: rows[index]! }]))
      errors.add(faults)
      progress.rows += rows.length
      progress.accepted += outcome.filter(({ status }) => status === 'accepted').length
      progress.duplicate += outcome.filter(({ status }) => status === 'duplicate').length
      progress.refused += faults.length
      progress.errorBytes = errors.bytes()
      writeProgress(progressPath, progress)
      report.step()
    }
  } finally {
    report.end()
    errors.close()
  }
  forgetProgress(progressPath)
  const { rows, accepted, duplicate, refused } = progress
  if (options.json) printJson(deps, { rows, accepted, duplicate, refused, errors: refused === 0 ? null : errorsPath })
  else print(deps, `${rows} rows: ${accepted} accepted, ${duplicate} known before, ${refused} refused${refused === 0 ? '' : `; see ${errorsPath}`}`)
  return refused === 0 ? 0 : 2
}

type Sent = { readonly status: string; readonly id: string | null; readonly field: string | null; readonly reason: string }

/** Rows that could not be mapped are answered here, all others by the server. Waits while it is busy or away. */
async function sendBatch(client: Client, mapped: readonly MappedRow[], deps: CliDeps): Promise<Sent[]> {
  const events = mapped.flatMap((row) => ('event' in row ? [row.event] : []))
  const answers = events.length === 0 ? [] : await sendEvents(client, events, deps)
  let next = 0
  return mapped.map((row): Sent => {
    if ('fault' in row) return { status: 'rejected', id: null, ...row.fault }
    const { status, id, field = null, reason = '' } = answers[next++]!
    return { status, id, field, reason }
  })
}

type Answered = { readonly status: string; readonly id: string | null; readonly field?: string | null; readonly reason?: string }

async function sendEvents(client: Client, events: readonly unknown[], deps: CliDeps): Promise<readonly Answered[]> {
  for (let retry = 0; ; retry++) {
    try {
      return ((await client.request('POST', '/v1/events', events)) as { readonly results: readonly Answered[] }).results
    } catch (error) {
      const isBusy = error instanceof ServerProblem && error.status === 429
      const isAway = error instanceof CliError && (!(error instanceof ServerProblem) || error.status >= 500)
      if ((!isBusy && !isAway) || retry === RETRIES_MAX) throw error
      if (isAway) say(deps, `${error.message} Trying again in ${RETRY_DELAY_MS / 1_000} s.`)
      await delay(isBusy ? BUSY_DELAY_MS : RETRY_DELAY_MS)
    }
  }
}

type DryRun = { readonly file: ImportFile; readonly mapping: Mapping; readonly client: Client; readonly size: number; readonly rowToEvent: (row: Row, number: number) => MappedRow; readonly options: Options }

/** Every row is read as the server would read it, with its catalog; whether customers exist it alone knows. */
async function dryRun({ file, mapping, client, size, rowToEvent, options }: DryRun, deps: CliDeps): Promise<number> {
  const { version, document } = (await client.request('GET', '/v1/catalog')) as { readonly version: number; readonly document: CatalogDocument }
  const reading = { catalog: compileCatalog(document, version), now: systemClock.now(), bounds: { lateMsMax: Infinity, aheadMsMax: Infinity }, sender: { customer: null, key: 'import' } }
  const seen = { rows: 0, refused: 0, unmetered: 0, customers: new Set<string>(), types: new Map<string, number>(), from: '', to: '' }
  const faults: string[] = []
  for await (const rows of file.batches(0, size)) {
    for (const row of rows) {
      seen.rows += 1
      const fault = check(rowToEvent(row, seen.rows), reading, seen)
      if (fault === null) continue
      seen.refused += 1
      if (faults.length < SHOWN_MAX) faults.push(`row ${seen.rows}: ${fault}`)
    }
  }
  const summary = { rows: seen.rows, refused: seen.refused, unmetered: seen.unmetered, customers: seen.customers.size, types: Object.fromEntries(seen.types), from: seen.from || null, to: seen.to || null, data: [...mapping.rest] }
  if (options.json) printJson(deps, { ...summary, faults })
  else {
    print(deps, `${seen.rows} rows of ${seen.customers.size} customers${seen.from === '' ? '' : `, ${seen.from} to ${seen.to}`}; ${seen.refused} would be refused`)
    for (const [type, count] of seen.types) print(deps, `  ${type}  ${count}`)
    print(deps, `data: ${mapping.rest.join(', ') || 'none'}`)
    if (seen.unmetered > 0) print(deps, paint(deps.stdout, 'yellow', `${seen.unmetered} rows are of a type that no meter of the catalog counts`))
    for (const fault of faults) print(deps, paint(deps.stdout, 'red', fault))
  }
  return seen.refused === 0 ? 0 : 2
}

type Seen = { unmetered: number; readonly customers: Set<string>; readonly types: Map<string, number>; from: string; to: string }

function check(mapped: MappedRow, reading: Parameters<typeof readEvent>[1], seen: Seen): string | null {
  if ('fault' in mapped) return `${mapped.fault.field}: ${mapped.fault.reason}`
  try {
    const { event } = readEvent(mapped.event, reading)
    seen.customers.add(event.customer)
    seen.types.set(event.type, (seen.types.get(event.type) ?? 0) + 1)
    const time = String(mapped.event['time'])
    if (seen.from === '' || time < seen.from) seen.from = time
    if (time > seen.to) seen.to = time
    if (!reading.catalog.meters.some(({ eventType }) => eventType === event.type)) seen.unmetered += 1
    return null
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  }
}

/** A line that is written over where a person looks, else one now and then. */
function reporter(deps: CliDeps, file: ImportFile, progress: Progress): { readonly step: () => void; readonly end: () => void } {
  const isLive = isInteractive(deps)
  const started = { at: performance.now(), rows: progress.rows }
  let shownAt = performance.now()
  return {
    step: () => {
      if (performance.now() - shownAt < PROGRESS_EVERY_MS) return
      shownAt = performance.now()
      const perSecond = Math.round(((progress.rows - started.rows) * 1_000) / Math.max(1, shownAt - started.at))
      const share = file.rowsTotal === null ? '' : ` of ${file.rowsTotal} (${Math.floor((progress.rows * 100) / file.rowsTotal)} %)`
      const line = `${progress.rows}${share} rows, ${progress.refused} refused, ${perSecond} rows/s`
      if (isLive) deps.stderr.write(`\r${line}\u001B[K`)
      else say(deps, line)
    },
    end: () => {
      if (isLive) deps.stderr.write('\r\u001B[K')
    },
  }
}

function batchSize(text: string): number {
  const size = Number(text)
  if (!/^\d{1,5}$/.test(text) || size < 1 || size > EVENTS_PER_REQUEST_MAX) throw new CliError(`--batch must be from 1 to ${EVENTS_PER_REQUEST_MAX}, got ${text}.`)
  return size
}
