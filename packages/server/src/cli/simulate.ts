// `tollgate simulate --catalog draft.yaml --from DAY --to DAY`: last month's real usage under a draft: revenue, cost, margin, and who would pay more
// or less. The server does the work; this shows how far it is. Exit codes: 0 done, 1 error.

import { CATALOG_BYTES_MAX } from '@tollgate/core'
import type { Command } from 'commander'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { connect, understood, type Client } from './client.ts'
import { readText, table } from './explain-input.ts'
import { CliError, isInteractive, paint, print, printJson, runCommand, say, type CliDeps } from './output.ts'

type Options = { readonly catalog: string; readonly from: string; readonly to: string; readonly plan?: readonly string[]; readonly top: string; readonly json?: true }

export function registerSimulateCommand(program: Command, deps: CliDeps): void {
  program
    .command('simulate')
    .description('rate past usage under a draft of the catalog; changes nothing')
    .requiredOption('--catalog <file>', 'the draft, - for standard input')
    .requiredOption('--from <time>', 'first day or time, such as 2026-10-01')
    .requiredOption('--to <time>', 'first day or time after it')
    .option('--plan <id...>', 'only customers on these plans')
    .option('--top <count>', 'customers shown of those who would pay more, and of those who would pay less', '10')
    .option('--json', 'print JSON instead of text')
    .action((options: Options) => runCommand(deps, () => simulate(options, deps)))
}

const amountsShape = z.object({ asset: z.string(), current: z.string(), simulated: z.string(), change: z.string(), cost: z.string().nullable(), margin_current: z.string().nullable(), margin_simulated: z.string().nullable() })
const customerShape = z.object({ customer: z.string(), name: z.string(), plan: z.string(), change: z.string(), amounts: z.array(amountsShape) })
export const simulationShape = z.object({
  id: z.string(), status: z.enum(['running', 'done', 'failed', 'cancelled']), from: z.string(), to: z.string(), reason: z.string().nullable(),
  progress: z.object({ events: z.number(), events_expected: z.number(), customers: z.number(), customers_expected: z.number() }),
  result: z.object({
    catalog_version: z.number(), customers: z.number(), customers_changed: z.number(), customers_skipped: z.number(), events: z.number(), events_unpriced: z.number(), events_without_cost: z.number(),
    totals: z.array(amountsShape), plans: z.array(z.object({ plan: z.string(), customers: z.number(), customers_changed: z.number(), amounts: z.array(amountsShape) })).default([]), decreases: z.array(customerShape), increases: z.array(customerShape), exchange: z.array(z.string()),
  }).nullable(),
})
export type Shown = z.output<typeof simulationShape>
type Result = NonNullable<Shown['result']>

const POLL_MS = 300

async function simulate(options: Options, deps: CliDeps): Promise<number> {
  const source = await readText(options.catalog, deps)
  if (Buffer.byteLength(source) > CATALOG_BYTES_MAX) throw new CliError(`${options.catalog} is larger than a catalog may be.`)
  const client = connect(deps)
  const startedAt = performance.now()
  const body = { source, from: timeOf(options.from, '--from'), to: timeOf(options.to, '--to'), ...(options.plan === undefined ? {} : { plans: options.plan }) }
  const started = understood(simulationShape, await client.request('POST', '/v1/simulations', body), client)
  const ended = await follow(client, started, deps)
  if (ended.status === 'failed') throw new CliError(`The simulation failed: ${ended.reason ?? 'the server does not say why'}.`)
  if (ended.status === 'cancelled' || ended.result === null) throw new CliError('The simulation was cancelled.')
  if (options.json) printJson(deps, ended)
  else print(deps, render(ended, ended.result, { top: countOf(options.top), stream: deps.stdout }))
  if (!options.json) say(deps, `\n${ended.result.events} events in ${((performance.now() - startedAt) / 1000).toFixed(1)} s. Nothing was changed.`)
  return 0
}

/** Shows the progress on a terminal until the simulation has ended; an interrupt cancels it on the server. */
export async function follow(client: Client, started: Shown, deps: CliDeps): Promise<Shown> {
  const cancel = (): void => void client.request('DELETE', `/v1/simulations/${started.id}`).catch(() => undefined)
  process.once('SIGINT', cancel)
  try {
    for (let shown = started; ; ) {
      if (isInteractive(deps)) deps.stderr.write(`\r\u001b[K${shown.status === 'running' ? bar(shown.progress) : ''}`)
      if (shown.status !== 'running') return shown
      await delay(POLL_MS)
      shown = understood(simulationShape, await client.request('GET', `/v1/simulations/${started.id}`), client)
    }
  } finally {
    process.off('SIGINT', cancel)
  }
}

const BAR_WIDTH = 30

export function bar({ events, events_expected: expected, customers, customers_expected: all }: Shown['progress']): string {
  const share = Math.min(0.99, Math.max(expected === 0 ? 0 : events / expected, all === 0 ? 0 : customers / all))
  const full = Math.round(share * BAR_WIDTH)
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${String(Math.round(share * 100)).padStart(2)} %  ${events} events, ${customers} of ${all} customers`
}

function render(shown: Shown, result: Result, of: { readonly top: number; readonly stream: NodeJS.WritableStream }): string {
  const totals = [['', 'current', 'simulated', 'change', 'cost', 'margin', 'then'], ...result.totals.map(({ asset, current, simulated, change, cost, margin_current: margin, margin_simulated: then }) => [asset, current, simulated, signed(change), cost ?? 'unknown', margin ?? '', then ?? ''])]
  const side = (title: string, customers: Result['increases']): string[] => {
    if (customers.length === 0) return []
    const rows = customers.slice(0, of.top).map(({ customer, name, plan, change }) => [customer, name, plan, signed(change)])
    return ['', paint(of.stream, 'bold', title), table([['customer', 'name', 'plan', 'change'], ...rows], 3), ...(customers.length > of.top ? [`… and ${customers.length - of.top} more: --top`] : [])]
  }
  const notes = [
    ...(result.events_unpriced === 0 ? [] : [`${result.events_unpriced} events use something that the draft does not price.`]),
    ...(result.events_without_cost === 0 ? [] : [`${result.events_without_cost} events have no known cost, so the margin is too high: tollgate rates unpriced`]),
    ...(result.customers_skipped === 0 ? [] : [`${result.customers_skipped} customers are on plans that the draft does not have.`]),
  ]
  return [
    paint(of.stream, 'bold', `${shown.from} to ${shown.to}, against catalog version ${result.catalog_version}`), '', table(totals, 1),
    ...side('Would pay more', result.increases), ...side('Would pay less', result.decreases),
    '', `${result.customers_changed} of ${result.customers} customers would see another bill.`, ...notes,
  ].join('\n')
}

export function signed(amount: string): string {
  return amount.startsWith('-') || amount === '0' ? amount : `+${amount}`
}

function countOf(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new CliError(`--top must be a whole number, not ${JSON.stringify(text)}.`)
  return Number(text)
}

/** A day begins at midnight UTC. */
export function timeOf(text: string, flag: string): string {
  const full = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text
  if (Number.isNaN(Date.parse(full))) throw new CliError(`${flag} must be a day such as 2026-10-01 or a time with its zone, not ${JSON.stringify(text)}.`)
  return full
}
