// `tollgate export`: journal entries of closed days as a file for an accounting system, and records of a period. A file is written beside its place
// and moved there when it is whole, so that nobody imports half of one.

import type { Command } from 'commander'
import { connect } from './client.ts'
import { exportData, type DataOptions } from './export-data.ts'
import { runCommand, type CliDeps } from './output.ts'
import { saveFile } from './save-file.ts'

type JournalOptions = { readonly from: string; readonly to: string; readonly format: string; readonly out?: string }

export function registerExportCommands(program: Command, deps: CliDeps): void {
  const commands = program.command('export').description('files for accounting, finance and data people')
  commands
    .command('journals')
    .description('balanced journal entries of closed days; importing them twice posts nothing twice')
    .requiredOption('--from <day>', 'first day, such as 2026-11-01, UTC')
    .requiredOption('--to <day>', 'last day')
    .option('--format <format>', 'csv, netsuite-csv or netsuite-json', 'csv')
    .option('--out <file>', 'file to write; standard output unless given')
    .action((options: JournalOptions) => runCommand(deps, () => journals(options, deps)))
  for (const [dataset, description] of DATA) {
    commands
      .command(dataset)
      .description(description)
      .requiredOption('--from <day>', 'first day, such as 2026-11-01, UTC')
      .requiredOption('--to <day>', 'last day')
      .option('--format <format>', 'csv, or parquet into a folder', 'csv')
      .option('--out <path>', 'file or folder to write; standard output unless given. Interrupted, the same command goes on')
      .option('--customer <id>', 'only of this customer')
      .action((options: DataOptions) => runCommand(deps, () => exportData(dataset, options, deps)))
  }
}

const DATA = [
  ['events', 'usage events with what they were charged and cost'],
  ['charges', 'charges of events, a row for each price'],
  ['invoices', 'invoices and credit notes'],
  ['invoice-lines', 'lines of invoices and credit notes'],
  ['focus', 'what customers are charged, in the columns of FOCUS 1.4; at most 31 days'],
] as const

async function journals({ from, to, format, out }: JournalOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const answer = await client.download(`/v1/exports/journals?${new URLSearchParams({ from, to, format })}`)
  await saveFile(answer, { out: out ?? null, deps })
  const closed = answer.headers.get('tollgate-closed-through') ?? ''
  if (closed < to) deps.stderr.write(`${closed === '' ? 'No day is closed yet' : `Days are closed through ${closed}`}; those after it are in a later export.\n`)
  return 0
}
