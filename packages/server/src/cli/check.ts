// `tollgate check rollups`: proof that the totals that pages and reports show are the events, day by day. Exit code 0: they are, 1: they
// differ, with each difference.

import type { Command } from 'commander'
import { DAY_MS, InputError, instant, parseInstant, type Instant } from '@tollgate/core'
import { systemClock } from '../platform/clock.ts'
import { connect } from './client.ts'
import { CliError, paint, print, printJson, runCommand, say, type CliDeps } from './output.ts'

type Options = { readonly customer?: string; readonly from?: string; readonly to?: string; readonly json?: true }
type Answer = { readonly customers: number; readonly events: number; readonly rows: number; readonly differences: readonly { readonly customer: string; readonly meter: string; readonly start: string; readonly figure: string; readonly rollup: string; readonly events: string }[] }

const DAYS_DEFAULT = 35

export function registerCheckCommands(program: Command, deps: CliDeps): void {
  program
    .command('check')
    .description('proofs over the records of a running server')
    .command('rollups')
    .description('work the hourly totals out from the events and hold them against what is stored; exit code 1: they differ')
    .option('--customer <id>', 'only this customer')
    .option('--from <time>', `RFC 3339; ${DAYS_DEFAULT} days back unless stated`)
    .option('--to <time>', 'RFC 3339; now unless stated')
    .option('--json', 'print JSON instead of text')
    .action((options: Options) => runCommand(deps, () => checkRollups(options, deps)))
}

async function checkRollups(options: Options, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const to = timeOf(options.to, '--to') ?? systemClock.now()
  const from = timeOf(options.from, '--from') ?? instant(to - DAYS_DEFAULT * DAY_MS)
  if (from >= to) throw new CliError('--from must be before --to.')
  const sum = { events: 0, rows: 0, differences: [] as Answer['differences'][number][] }
  for (let start: number = from; start < to; start += DAY_MS) {
    const query = new URLSearchParams({ from: new Date(start).toISOString(), to: new Date(Math.min(start + DAY_MS, to)).toISOString(), ...(options.customer === undefined ? {} : { customer: options.customer }) })
    const answer = (await client.request('GET', `/v1/checks/rollups?${query}`)) as Answer
    sum.events += answer.events
    sum.rows += answer.rows
    sum.differences.push(...answer.differences)
    if (!options.json && answer.events > 0) say(deps, `${new Date(start).toISOString().slice(0, 10)}  ${answer.events} events, ${answer.rows} totals${answer.differences.length === 0 ? '' : `, ${answer.differences.length} differ`}`)
  }
  if (options.json) printJson(deps, { from: new Date(from).toISOString(), to: new Date(to).toISOString(), agrees: sum.differences.length === 0, ...sum })
  else {
    for (const { customer, meter, start, figure, rollup, events } of sum.differences) print(deps, `${paint(deps.stdout, 'red', 'differs')}  ${customer} ${meter} ${start} ${figure}: total ${rollup}, events ${events}`)
    print(deps, sum.differences.length === 0 ? `${paint(deps.stdout, 'green', 'agree')}  ${sum.rows} totals are those of ${sum.events} events` : `${sum.differences.length} of ${sum.rows} totals differ from their events`)
  }
  return sum.differences.length === 0 ? 0 : 1
}

function timeOf(text: string | undefined, flag: string): Instant | null {
  if (text === undefined) return null
  try {
    return parseInstant(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text, flag)
  } catch (error) {
    if (error instanceof InputError) throw new CliError(error.message)
    throw error
  }
}
