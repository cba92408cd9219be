// `tollgate rerate --from DAY --to DAY`: past usage under a corrected price. Shows by customer what was charged, what it would have been and
// the difference; with --post, or a yes, it becomes adjustments on the next invoices. Exit codes: 0 nothing to do or posted, 1 error,
// 2 something is different and was not posted.

import type { Command } from 'commander'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { readFiles, withOverlays, type OverlayOptions } from './catalog-files.ts'
import { connect, understood, type Client } from './client.ts'
import { table } from './explain-input.ts'
import { CliError, confirm, isInteractive, paint, print, printJson, runCommand, say, type CliDeps } from './output.ts'
import { bar, signed, timeOf } from './simulate.ts'

type Options = OverlayOptions & { readonly catalog?: string; readonly from: string; readonly to: string; readonly plan?: readonly string[]; readonly reason: string; readonly post?: true; readonly top: string; readonly json?: true }

export function registerRerateCommand(program: Command, deps: CliDeps): void {
  withOverlays(program.command('rerate'))
    .description('rate past usage again under a corrected price; changes nothing until it is posted')
    .requiredOption('--from <time>', 'first day or time, such as 2026-10-01')
    .requiredOption('--to <time>', 'first day or time after it')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--catalog <file>', 'the corrected catalog; that in force unless stated')
    .option('--plan <id...>', 'only customers on these plans')
    .option('--post', 'post the adjustments without asking')
    .option('--top <count>', 'entries shown', '20')
    .option('--json', 'print JSON instead of text')
    .action((options: Options) => runCommand(deps, () => rerate(options, deps)))
}

const totalsShape = z.object({ currency: z.string(), state: z.string(), customers: z.number(), before: z.string(), after: z.string(), difference: z.string() })
const reratingShape = z.object({
  id: z.string(), state: z.string(), from: z.string(), to: z.string(), failure: z.string().nullable(), customers: z.number(), events: z.number(), events_unpriced: z.number(), totals: z.array(totalsShape),
  progress: z.object({ events: z.number(), events_expected: z.number(), customers: z.number(), customers_expected: z.number() }).nullable(),
})
const entryShape = z.object({ customer: z.string(), period: z.object({ start: z.string(), end: z.string() }), currency: z.string(), charged: z.string(), adjusted: z.string(), after: z.string(), difference: z.string(), state: z.string() })
type Shown = z.output<typeof reratingShape>
type Entry = z.output<typeof entryShape>

const POLL_MS = 300

async function rerate(options: Options, deps: CliDeps): Promise<number> {
  if (!/^\d{1,3}$/.test(options.top)) throw new CliError(`--top must be a whole number, not ${JSON.stringify(options.top)}.`)
  const files = options.catalog === undefined ? {} : await readFiles(options.catalog, options, deps)
  const client = connect(deps)
  const body = { ...files, from: timeOf(options.from, '--from'), to: timeOf(options.to, '--to'), reason: options.reason, ...(options.plan === undefined ? {} : { plans: options.plan }) }
  const started = understood(reratingShape, await client.request('POST', '/v1/reratings', body), client)
  const previewed = await follow(client, started, 'running', deps)
  if (previewed.state !== 'previewed') throw new CliError(`The re-rating ended as ${previewed.state}: ${previewed.failure ?? 'it was cancelled'}.`)
  const { data } = understood(z.object({ data: z.array(entryShape) }), await client.request('GET', `/v1/reratings/${started.id}/entries?limit=${options.top}`), client)
  if (!options.json) print(deps, render(previewed, data, deps.stdout))
  const due = previewed.totals.filter(({ state }) => state === 'due')
  if (due.length === 0 || !(await mayPost(options, due, deps))) {
    if (options.json) printJson(deps, { ...previewed, entries: data })
    else if (due.length > 0) say(deps, `Nothing was posted. To post it: POST /v1/reratings/${started.id}/post, or --post`)
    return due.length === 0 ? 0 : 2
  }
  const posted = await follow(client, understood(reratingShape, await client.request('POST', `/v1/reratings/${started.id}/post`), client), 'posting', deps)
  if (options.json) printJson(deps, { ...posted, entries: data })
  else print(deps, `Posted: ${posted.totals.filter(({ state }) => state === 'posted').map(({ difference, currency, customers }) => `${signed(difference)} ${currency} for ${customers} customers`).join(', ')}. It stands on their next invoices.`)
  return 0
}

async function mayPost(options: Options, due: Shown['totals'], deps: CliDeps): Promise<boolean> {
  if (options.post) return true
  if (options.json || !isInteractive(deps)) return false
  return confirm(deps, `Post ${due.map(({ difference, currency, customers }) => `${signed(difference)} ${currency} for ${customers} customers`).join(', ')}?`)
}

/** Shows the progress on a terminal while it is in `state`; an interrupt of the preview cancels it on the server. */
async function follow(client: Client, started: Shown, state: string, deps: CliDeps): Promise<Shown> {
  const cancel = (): void => void client.request('DELETE', `/v1/reratings/${started.id}`).catch(() => undefined)
  if (state === 'running') process.once('SIGINT', cancel)
  try {
    for (let shown = started; ; ) {
      if (isInteractive(deps)) deps.stderr.write(`\r\u001b[K${shown.state === state ? progressOf(shown) : ''}`)
      if (shown.state !== state) return shown
      await delay(POLL_MS)
      shown = understood(reratingShape, await client.request('GET', `/v1/reratings/${started.id}`), client)
    }
  } finally {
    process.off('SIGINT', cancel)
  }
}

function progressOf({ progress, totals }: Shown): string {
  if (progress !== null) return bar(progress)
  const of = (state: string): number => totals.filter((one) => one.state === state).reduce((sum, { customers }) => sum + customers, 0)
  return `${of('posted')} of ${of('posted') + of('due')} customers posted`
}

const TOLD: Readonly<Record<string, string>> = {
  prepaid: 'paid by credits, so nothing is posted: give or take credits by hand', overlaps: 'an earlier re-rating posted another span of the period: name that span', outdated: 'adjusted after the preview: look again',
}

function render(shown: Shown, entries: readonly Entry[], stream: NodeJS.WritableStream): string {
  if (shown.totals.length === 0) return `Nothing is different: ${shown.events} events of ${shown.customers} customers are charged as they should be.`
  const rows = entries.map(({ customer, period, currency, charged, adjusted, after, difference, state }) => [customer, period.start.slice(0, 10), state, currency, charged, adjusted, after, signed(difference)])
  const sums = shown.totals.map(({ currency, state, customers, before, after, difference }) => `${customers} customers: ${before} → ${after} ${currency} (${signed(difference)})${TOLD[state] === undefined ? '' : `; ${TOLD[state]}`}`)
  const unpriced = shown.events_unpriced === 0 ? [] : [`${shown.events_unpriced} events use something that the corrected catalog does not price: they would be charged nothing for it.`]
  return [paint(stream, 'bold', `${shown.from} to ${shown.to}, ${shown.events} events of ${shown.customers} customers`), '', table([['customer', 'period', '', '', 'charged', 'adjusted', 'after', 'difference'], ...rows], 4), '', ...sums, ...unpriced].join('\n')
}
