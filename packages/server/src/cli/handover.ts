// `tollgate handover status | list | retry | reconcile`: what became of the final invoices that another system takes. Exit codes: 0 fine,
// 1 error, and for `reconcile` 2 when the two sides differ.

import type { Command } from 'commander'
import * as z from 'zod'
import { connect, understood } from './client.ts'
import { table } from './explain-input.ts'
import { registerHandoverUsageCommands } from './handover-usage.ts'
import { print, printJson, runCommand, say, type CliDeps } from './output.ts'
import { timeOf } from './simulate.ts'

export function registerHandoverCommands(program: Command, deps: CliDeps): void {
  const handover = program.command('handover').description('final invoices and usage that a payment provider or another system takes')
  const json = ['--json', 'print JSON instead of text'] as const
  handover.command('status').description('to whom, since when, and how many wait').option(...json).action((options: Options) => runCommand(deps, () => status(options, deps)))
  handover.command('list').description('what became of each invoice, the newest first').option('--state <state>', 'waiting, delivered or stopped').option(...json).action((options: Options & { readonly state?: string }) => runCommand(deps, () => list(options, deps)))
  handover.command('retry').description('try what stopped again').argument('[invoice]', 'only this one').action((invoice: string | undefined) => runCommand(deps, () => retry(invoice ?? null, deps)))
  handover.command('reconcile').description('hold both sides against each other').requiredOption('--from <time>', 'first day or time').requiredOption('--to <time>', 'first day or time after it').option(...json)
    .action((options: Options & { readonly from: string; readonly to: string }) => runCommand(deps, () => reconcile(options, deps)))
  registerHandoverUsageCommands(handover, deps)
}

type Options = { readonly json?: true }

const viewShape = z.object({ target: z.string().nullable(), since: z.string().nullable(), collects: z.boolean(), waiting: z.number(), delivered: z.number(), stopped: z.number() })
const listShape = z.object({ data: z.array(z.object({ customer: z.string(), invoice: z.string(), number: z.string(), target: z.string(), state: z.string(), amount_due: z.string(), currency: z.string(), external_id: z.string().nullable(), reason: z.string().nullable() })) })
const side = z.object({ invoices: z.number(), totals: z.array(z.object({ currency: z.string(), amount: z.string() })) })
const reportShape = z.object({
  target: z.string(), from: z.string(), to: z.string(), here: side, there: side.extend({ others: z.number() }), agrees: z.boolean(),
  differences: z.array(z.object({ kind: z.string(), invoice: z.string().nullable(), number: z.string().nullable(), customer: z.string().nullable(), external_id: z.string().nullable(), here: z.string().nullable(), there: z.string().nullable() })),
})

async function status({ json }: Options, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const view = understood(viewShape, await client.request('GET', '/v1/handover'), client)
  if (json) printJson(deps, view)
  else if (view.target === null) print(deps, 'Invoices are not handed over. To begin: PUT /v1/handover with a target.')
  else print(deps, `${view.target}, invoices finalized since ${view.since}, ${view.collects ? 'collected there' : 'sent from there'}: ${view.delivered} delivered, ${view.waiting} waiting, ${view.stopped} stopped.`)
  return 0
}

async function list({ json, state }: Options & { readonly state?: string }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { data } = understood(listShape, await client.request('GET', `/v1/handover/invoices${state === undefined ? '' : `?state=${encodeURIComponent(state)}`}`), client)
  if (json) printJson(deps, data)
  else if (data.length === 0) say(deps, 'None.')
  else print(deps, table([['invoice', 'customer', 'to', 'state', 'there', '', 'amount', 'why'], ...data.map((row) => [row.number, row.customer, row.target, row.state, row.external_id ?? '', row.currency, row.amount_due, row.reason ?? ''])], 99))
  return 0
}

async function retry(invoice: string | null, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { invoices } = understood(z.object({ invoices: z.number() }), await client.request('POST', '/v1/handover/retry', invoice === null ? {} : { invoice }), client)
  print(deps, `${invoices} are tried again.`)
  return 0
}

async function reconcile(options: Options & { readonly from: string; readonly to: string }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const query = new URLSearchParams({ from: timeOf(options.from, '--from'), to: timeOf(options.to, '--to') })
  const report = understood(reportShape, await client.request('GET', `/v1/handover/reconciliation?${query}`), client)
  if (options.json) {
    printJson(deps, report)
    return report.agrees ? 0 : 2
  }
  const totals = ({ invoices, totals: sums }: z.output<typeof side>): string => `${invoices} invoices${sums.map(({ amount, currency }) => `, ${amount} ${currency}`).join('')}`
  print(deps, `here   ${totals(report.here)}\n${report.target.padEnd(6)} ${totals(report.there)}${report.there.others === 0 ? '' : ` (and ${report.there.others} that are not from here)`}`)
  if (report.differences.length > 0) print(deps, `\n${table([['', 'invoice', 'customer', 'there', 'here', 'there'], ...report.differences.map((row) => [row.kind, row.number ?? row.invoice ?? '', row.customer ?? '', row.external_id ?? '', row.here ?? '', row.there ?? ''])], 99)}`)
  say(deps, report.agrees ? 'Both sides agree.' : `${report.differences.length} differences.`)
  return report.agrees ? 0 : 2
}
