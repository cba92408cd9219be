// `tollgate handover usage status | list | retry | reconcile`: what became of the usage that another system takes. Exit codes: 0 fine, 1 error,
// and for `reconcile` 2 when the two sides differ.

import type { Command } from 'commander'
import * as z from 'zod'
import { connect, understood } from './client.ts'
import { table } from './explain-input.ts'
import { print, printJson, runCommand, say, type CliDeps } from './output.ts'
import { timeOf } from './simulate.ts'

export function registerHandoverUsageCommands(handover: Command, deps: CliDeps): void {
  const usage = handover.command('usage').description('usage that a payment provider takes, by customer, meter and span')
  const json = ['--json', 'print JSON instead of text'] as const
  usage.command('status').description('to whom, which meters, and how many spans wait').option(...json).action((options: Options) => runCommand(deps, () => status(options, deps)))
  usage.command('list').description('what became of each span, the newest first').option('--state <state>', 'waiting, sent or stopped').option('--customer <customer>', 'only of this one').option(...json)
    .action((options: ListOptions) => runCommand(deps, () => list(options, deps)))
  usage.command('retry').description('try what stopped again').argument('[customer]', 'only of this one').action((customer: string | undefined) => runCommand(deps, () => retry(customer ?? null, deps)))
  usage.command('reconcile').description('hold both sides against each other').requiredOption('--from <time>', 'first day or time').requiredOption('--to <time>', 'first day or time after it').option(...json)
    .action((options: Options & { readonly from: string; readonly to: string }) => runCommand(deps, () => reconcile(options, deps)))
}

type Options = { readonly json?: true }
type ListOptions = Options & { readonly state?: string; readonly customer?: string }

const viewShape = z.object({ target: z.string().nullable(), since: z.string().nullable(), span: z.string().nullable(), meters: z.record(z.string(), z.string()), waiting: z.number(), sent: z.number(), stopped: z.number() })
const listShape = z.object({ data: z.array(z.object({ customer: z.string(), meter: z.string(), name: z.string(), target: z.string(), start: z.string(), span: z.string(), state: z.string(), sent: z.string(), sending: z.string().nullable(), reason: z.string().nullable() })) })
const reportShape = z.object({
  target: z.string(), from: z.string(), to: z.string(), compared: z.number(), agrees: z.boolean(),
  differences: z.array(z.object({ kind: z.string(), customer: z.string(), meter: z.string(), name: z.string(), metered: z.string(), sent: z.string(), there: z.string().nullable() })),
})

async function status({ json }: Options, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const view = understood(viewShape, await client.request('GET', '/v1/handover/usage'), client)
  if (json) printJson(deps, view)
  else if (view.target === null) print(deps, 'Usage is not handed over. To begin: PUT /v1/handover/usage with a target and its meters.')
  else print(deps, `${view.target}, a record an ${view.span} since ${view.since}, ${Object.entries(view.meters).map(([meter, name]) => `${meter} as ${name}`).join(', ')}: ${view.sent} spans sent, ${view.waiting} waiting, ${view.stopped} stopped.`.replace('an day', 'a day'))
  return 0
}

async function list({ json, state, customer }: ListOptions, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const query = new URLSearchParams({ ...(state === undefined ? {} : { state }), ...(customer === undefined ? {} : { customer }) })
  const { data } = understood(listShape, await client.request('GET', `/v1/handover/usage/records?${query}`), client)
  if (json) printJson(deps, data)
  else if (data.length === 0) say(deps, 'None.')
  else print(deps, table([['from', 'customer', 'meter', 'to', 'state', 'sent', 'sending', 'why'], ...data.map((row) => [row.start, row.customer, row.meter, `${row.target} ${row.name}`, row.state, row.sent, row.sending ?? '', row.reason ?? ''])], 99))
  return 0
}

async function retry(customer: string | null, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const { spans } = understood(z.object({ spans: z.number() }), await client.request('POST', '/v1/handover/usage/retry', customer === null ? {} : { customer }), client)
  print(deps, `${spans} spans are tried again.`)
  return 0
}

async function reconcile(options: Options & { readonly from: string; readonly to: string }, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const query = new URLSearchParams({ from: timeOf(options.from, '--from'), to: timeOf(options.to, '--to') })
  const report = understood(reportShape, await client.request('GET', `/v1/handover/usage/reconciliation?${query}`), client)
  if (options.json) printJson(deps, report)
  else {
    if (report.differences.length > 0) print(deps, table([['', 'customer', 'meter', 'metered', 'sent', report.target], ...report.differences.map((row) => [row.kind, row.customer, row.meter, row.metered, row.sent, row.there ?? ''])], 99))
    say(deps, report.agrees ? `Both sides agree on ${report.compared} customers' meters.` : `${report.differences.length} differences among ${report.compared} customers' meters.`)
  }
  return report.agrees ? 0 : 2
}
