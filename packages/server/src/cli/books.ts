// `tollgate books --month 2026-11`: the books of a month as a table, and the checks that all of it agrees. Exit code 0: it does, 1: it does not, with
// both sides of each figure.

import type { Command } from 'commander'
import * as z from 'zod'
import { systemClock } from '../platform/clock.ts'
import { connect, understood } from './client.ts'
import { table } from './explain-input.ts'
import { paint, print, printJson, runCommand, say, type CliDeps } from './output.ts'

type Options = { readonly month?: string; readonly json?: true }

export function registerBooksCommand(program: Command, deps: CliDeps): void {
  program
    .command('books')
    .description('the books of a month: every account rolled forward, and the checks that all of it agrees; exit code 1: it does not')
    .option('--month <month>', 'such as 2026-11, UTC; the running month unless stated')
    .option('--json', 'print JSON instead of text')
    .action((options: Options) => runCommand(deps, () => books(options, deps)))
}

const documents = z.looseObject({ documents: z.int(), net: z.string(), tax: z.string(), gross: z.string() })
const account = z.looseObject({ account: z.string(), code: z.string(), name: z.string(), kind: z.string(), opening: z.string(), closing: z.string(), movements: z.array(z.looseObject({ name: z.string(), amount: z.string() })) })
const shape = z.looseObject({
  month: z.string(), closed_through: z.string().nullable(), is_running: z.boolean(), agrees: z.boolean(),
  books: z.array(z.looseObject({ currency: z.string(), revenue: z.string(), expenses: z.string(), accounts: z.array(account), invoices: documents, credit_notes: documents })),
  checks: z.array(z.looseObject({ name: z.string(), currency: z.string(), left: z.string(), right: z.string(), agrees: z.boolean() })),
})

async function books(options: Options, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const month = options.month ?? new Date(systemClock.now()).toISOString().slice(0, 7)
  const answer = understood(shape, await client.request('GET', `/v1/books/${encodeURIComponent(month)}`), client)
  if (options.json) printJson(deps, answer)
  else show(answer, deps)
  return answer.agrees ? 0 : 1
}

function show(answer: z.output<typeof shape>, deps: CliDeps): void {
  print(deps, `${paint(deps.stdout, 'bold', answer.month)}  ${answer.is_running ? 'running' : 'over'}, ${answer.closed_through === null ? 'no day is closed yet' : `days are closed through ${answer.closed_through}`}`)
  if (answer.books.length === 0) print(deps, '\nNothing was posted until its end.')
  for (const one of answer.books) {
    print(deps, `\n${paint(deps.stdout, 'bold', one.currency)}`)
    print(deps, table([['account', '', 'opening', '', 'closing'], ...one.accounts.flatMap(rowsOf)], 2))
    print(deps, `\nrevenue ${one.revenue}, expenses ${one.expenses}`)
    for (const [name, { documents: count, net, tax, gross }] of [['invoices', one.invoices], ['credit notes', one.credit_notes]] as const) print(deps, `${count} ${name}: net ${net}, tax ${tax}, in all ${gross}`)
  }
  const failed = answer.checks.filter(({ agrees }) => !agrees)
  print(deps, '')
  for (const { name, currency, left, right } of failed) print(deps, `${paint(deps.stdout, 'red', 'differs')}  ${name}: ${left} ≠ ${right} ${currency}`)
  print(deps, failed.length === 0 ? `${paint(deps.stdout, 'green', 'agrees')}  ${answer.checks.length} checks: ledger, invoices, credit notes, charges of events, deferred lines, credit blocks, journal entries` : `${failed.length} of ${answer.checks.length} checks differ`)
  if (answer.agrees && answer.books.length > 0) say(deps, `\nTake it along: tollgate export journals --from ${answer.month}-01 --to ${lastDay(answer.month)} --out journals.csv`)
}

/** Opening and closing on one line, and what moved it below. */
function rowsOf({ code, name, opening, closing, movements }: z.output<typeof account>): string[][] {
  return [[code, name, opening, '', closing], ...movements.map((move) => ['', `  ${move.name}`, '', move.amount.startsWith('-') ? move.amount : `+${move.amount}`, ''])]
}

function lastDay(month: string): string {
  const [year, number] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10)
}
