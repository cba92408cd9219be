// `tollgate margin`: what customers, features, models, plans or days earned and cost, and what is left.

import type { Command } from 'commander'
import * as z from 'zod'
import { DAY_MS } from '@tollgate/core'
import { systemClock } from '../platform/clock.ts'
import { connect, understood } from './client.ts'
import { table } from './explain-input.ts'
import { paint, print, printJson, runCommand, type CliDeps } from './output.ts'

type Options = { readonly from?: string; readonly to?: string; readonly by: string; readonly customer?: string; readonly top: string; readonly json?: true }

export function registerMarginCommand(program: Command, deps: CliDeps): void {
  program
    .command('margin')
    .description('revenue, provider cost, overhead and what is left')
    .option('--from <day>', 'first day, UTC; 30 days back unless stated')
    .option('--to <day>', 'last day; today unless stated')
    .option('--by <names>', 'customer, feature, model, plan, day: up to three with commas', 'customer')
    .option('--customer <id>', 'only this customer')
    .option('--top <count>', 'rows: those of the largest revenue', '20')
    .option('--json', 'print JSON instead of text')
    .action((options: Options) => runCommand(deps, () => margin(options, deps)))
}

const figures = { requests: z.int(), requests_without_cost: z.int(), revenue: z.string(), provider_cost: z.string(), overhead: z.string(), margin: z.string(), margin_percent: z.string().nullable(), below_target: z.boolean() }
const shape = z.looseObject({
  from: z.string(), to: z.string(), currency: z.string(), target: z.looseObject({ min: z.string(), max: z.string() }).nullable(), total: z.looseObject(figures),
  rows: z.array(z.looseObject({ group: z.record(z.string(), z.string()), is_rest: z.boolean(), ...figures })),
  metrics: z.looseObject({
    customers: z.int(), revenue_per_customer: z.string().nullable(), users: z.int(), revenue_per_user: z.string().nullable(), net_revenue_retention: z.string().nullable(),
    plans: z.array(z.looseObject({ plan: z.string(), requests: z.int(), margin_per_request: z.string().nullable() })),
  }),
  unconverted: z.array(z.looseObject({ currency: z.string(), revenue: z.string(), cost: z.string() })),
})
type Report = z.output<typeof shape>

async function margin(options: Options, deps: CliDeps): Promise<number> {
  const client = connect(deps)
  const now = systemClock.now()
  const { from = dayOf(now - 29 * DAY_MS), to = dayOf(now), by, customer, top } = options
  const query = new URLSearchParams({ from, to, by, top, ...(customer === undefined ? {} : { customer }) })
  const report = understood(shape, await client.request('GET', `/v1/margin?${query}`), client)
  if (options.json) printJson(deps, report)
  else print(deps, render(report, { by: by.split(','), stream: deps.stdout, span: `${from} to ${to}` }))
  return 0
}

function render(report: Report, { by, stream, span }: { readonly by: readonly string[]; readonly stream: NodeJS.WritableStream; readonly span: string }): string {
  const row = (name: readonly string[], one: Report['total']) => [...name, String(one.requests), one.revenue, one.provider_cost, one.overhead, one.margin, one.margin_percent === null ? '' : `${one.margin_percent} %`, one.below_target ? 'below target' : '']
  const names = (one: Report['rows'][number]) => (one.is_rest ? ['all others', ...by.slice(1).map(() => '')] : by.map((name) => one.group[name] || '–'))
  const rows = [[...by, 'requests', 'revenue', 'cost', 'overhead', 'margin', '', ''], ...report.rows.map((one) => row(names(one), one)), row(['in all', ...by.slice(1).map(() => '')], report.total)]
  const { metrics } = report
  return [
    paint(stream, 'bold', `${span}, in ${report.currency}${report.target === null ? '' : `, target ${report.target.min} to ${report.target.max} %`}`), '', table(rows, by.length), '',
    `${metrics.customers} customers${part(', revenue a customer', metrics.revenue_per_customer)}${part(`, ${metrics.users} users, revenue a user`, metrics.revenue_per_user)}${part(', net revenue retention', metrics.net_revenue_retention, ' %')}`,
    ...metrics.plans.map(({ plan, requests, margin_per_request: each }) => `${plan === '' ? 'no plan' : plan}: ${requests} requests${part(', margin a request', each)}`),
    ...(report.total.requests_without_cost > 0 ? [`${report.total.requests_without_cost} requests have no known cost, so the margin is too high: tollgate rates unpriced`] : []),
    ...report.unconverted.map(({ currency, revenue, cost }) => `Left out for want of an exchange rate: revenue ${revenue} and cost ${cost} ${currency}`),
  ].join('\n')
}

function part(name: string, value: string | null, unit = ''): string {
  return value === null ? '' : `${name} ${value}${unit}`
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
