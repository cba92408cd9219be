// What a customer, or all of them, used and was charged, over time and by what it was used for: a chart with its table, then the sums by group. A click on
// a day opens its hours.

import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { Entity, Usage, UsageOfAll, UsageRow } from '../api/operations.ts'
import { useRefresh } from '../api/live.tsx'
import { ask } from '../api/queries.ts'
import { Chart, SERIES_MAX, type Series } from '../parts/chart.tsx'
import { Button, Choice } from '../parts/controls.tsx'
import { add } from '../parts/decimal.ts'
import { axisMoney, clockTime, compact, day, measure, money, roughly, shortDay } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Loaded } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Money, Quantity } from '../parts/values.tsx'

const GROUPS = [['model', 'By model'], ['feature', 'By feature'], ['entity', 'By team or user']] as const
const GROUPS_OF_ALL = [['model', 'By model'], ['feature', 'By feature'], ['customer', 'By customer']] as const
type Group = (typeof GROUPS | typeof GROUPS_OF_ALL)[number][0]
const SPANS = [['24h', 'Last 24 hours'], ['7d', 'Last 7 days'], ['30d', 'Last 30 days'], ['90d', 'Last 90 days']] as const
type Span = (typeof SPANS)[number][0]
const DAY_MS = 86_400_000
const SPAN_DAYS: Readonly<Record<Span, number>> = { '24h': 1, '7d': 7, '30d': 30, '90d': 90 }

type Window = { readonly from: number; readonly to: number; readonly granularity: 'hour' | 'day' }

/** Largest groups that a chart of all customers shows by themselves; a report of every customer by day has no end. */
const TOP_OF_ALL = 7

type UsageProps = { /** Null: all customers. */ readonly customer: string | null; /** The chart without the sums below it. */ readonly isShort?: boolean }

export function UsageView({ customer, isShort = false }: UsageProps) {
  const [group, setGroup] = useState<Group>('model')
  const [span, setSpan] = useState<Span>('30d')
  const [zoom, setZoom] = useState<number | null>(null)
  const [figure, setFigure] = useState('amount')
  const { zone } = useSettings()
  const window = windowOf(span, zoom)
  const timeZone = zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
  const asked = { from: new Date(window.from).toISOString(), to: new Date(window.to).toISOString(), granularity: window.granularity, group_by: group, time_zone: timeZone } as const
  const one = useQuery({ ...ask('getUsage', { params: { customer: customer ?? '' }, query: asked }), placeholderData: keepPreviousData, enabled: customer !== null })
  const all = useQuery({ ...ask('getUsageOfAll', { query: { ...asked, top: TOP_OF_ALL } }), placeholderData: keepPreviousData, enabled: customer === null })
  const teams = useQuery({ ...ask('listEntities', { params: { customer: customer ?? '' }, query: { limit: 500 } }), enabled: customer !== null && group === 'entity' })
  const query: UseQueryResult<Usage | UsageOfAll> = customer === null ? all : one
  useRefresh(customer === null ? [['getUsageOfAll']] : [['getUsage']], (message) => message.type === 'usage.settled' && (customer === null || message.customer === customer))
  return (
    <div className="space-y-6">
      <Card
        title={zoom === null ? 'Usage' : `Usage on ${day(new Date(zoom).toISOString(), zone)}`}
        note="Posted usage: it never changes, it only grows."
        actions={
          <>
            {zoom !== null && <Button look="quiet" onClick={() => setZoom(null)}>← All days</Button>}
            <Choice isBare label="Figure" value={figure} options={[['amount', 'Charges'], ['events', 'Events'], ...(query.data?.totals ?? []).map(({ meter }) => [meter, meter] as const)]} onChange={(event) => setFigure(event.target.value)} />
            <Choice isBare label="Group" value={group} options={customer === null ? GROUPS_OF_ALL : GROUPS} onChange={(event) => setGroup(event.target.value as Group)} />
            <Choice isBare label="Time" value={span} options={SPANS} onChange={(event) => { setSpan(event.target.value as Span); setZoom(null) }} />
          </>
        }
      >
        <Loaded query={query} rows={6}>
          {(usage) =>
            usage.data.length === 0 ? (
              <Empty title="No usage in this time">It appears here within a second of the first request.</Empty>
            ) : (
              <UsageChart rows={named(usage.data, teams.data?.data ?? [])} group={group} figure={figure} currency={usage.currency} window={window} onPick={window.granularity === 'day' ? (at) => setZoom(Date.parse(at)) : undefined} />
            )
          }
        </Loaded>
      </Card>
      {!isShort && query.data !== undefined && query.data.data.length > 0 && <Sums rows={named(query.data.data, teams.data?.data ?? [])} group={group} currency={query.data.currency} />}
    </div>
  )
}

/** From whole hours on, so that a page asks the same again until the hour is over. */
function windowOf(span: Span, zoom: number | null): Window {
  if (zoom !== null) return { from: zoom, to: zoom + DAY_MS, granularity: 'hour' }
  const to = Math.ceil(Date.now() / 3_600_000) * 3_600_000
  const days = SPAN_DAYS[span]
  return days === 1 ? { from: to - DAY_MS, to, granularity: 'hour' } : { from: startOfDay(to - days * DAY_MS), to, granularity: 'day' }
}

function startOfDay(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0)
}

type UsageChartProps = { readonly rows: readonly UsageRow[]; readonly group: Group; readonly figure: string; readonly currency: string; readonly window: Window; readonly onPick: ((at: string) => void) | undefined }

function UsageChart({ rows, group, figure, currency, window, onPick }: UsageChartProps) {
  const { isExact, zone } = useSettings()
  const times = momentsOf(rows, window)
  const formatValue = (value: string) => (figure === 'amount' ? money(value, currency, isExact) : measure(value, figure === 'events' ? 'event' : figure, isExact))
  return (
    <Chart
      label={`${figure === 'amount' ? 'Charges' : figure} by ${group}`}
      times={times}
      series={seriesOf(rows, { times, group, figure })}
      formatTime={(at) => (at === '' ? '' : window.granularity === 'hour' ? clockTime(at, zone).slice(0, 5) : shortDay(at, zone))}
      formatValue={formatValue}
      formatAxis={(value) => (figure === 'amount' ? axisMoney(value, currency) : compact(value))}
      {...(onPick === undefined ? {} : { onPick })}
    />
  )
}

/** Every moment of the window, those without usage too: a gap is a fact. */
function momentsOf(rows: readonly UsageRow[], { from, to, granularity }: Window): readonly string[] {
  const known = new Set(rows.flatMap(({ start }) => (start === null ? [] : [Date.parse(start)])))
  const moments = new Set(known)
  for (let at = from; at < to; at = granularity === 'hour' ? at + 3_600_000 : new Date(at).setDate(new Date(at).getDate() + 1)) if (![...known].some((other) => Math.abs(other - at) < (granularity === 'hour' ? 1 : DAY_MS / 2))) moments.add(at)
  return [...moments].filter((at) => at >= from - DAY_MS && at < to).sort((a, b) => a - b).map((at) => new Date(at).toISOString())
}

function seriesOf(rows: readonly UsageRow[], { times, group, figure }: { readonly times: readonly string[]; readonly group: Group; readonly figure: string }): readonly Series[] {
  const wanted = figure === 'amount' || figure === 'events' ? rows : rows.filter(({ meter }) => meter === figure)
  const value = (row: UsageRow) => (figure === 'amount' ? row.amount : figure === 'events' ? String(row.events) : row.quantity)
  const totals = new Map<string, string>()
  for (const row of wanted) totals.set(nameOf(row, group), add(totals.get(nameOf(row, group)) ?? '0', value(row)))
  const names = [...totals].sort(([, a], [, b]) => roughly(b) - roughly(a)).map(([name]) => name)
  const shown = names.length > SERIES_MAX ? [...names.slice(0, SERIES_MAX - 1), 'others'] : names
  const cells = new Map<string, string>()
  for (const row of wanted) {
    const name = nameOf(row, group)
    const key = `${new Date(row.start ?? 0).toISOString()} ${shown.includes(name) ? name : 'others'}`
    cells.set(key, add(cells.get(key) ?? '0', value(row)))
  }
  return shown.map((name) => ({ name, values: times.map((at) => cells.get(`${at} ${name}`) ?? '0') }))
}

/** Teams and users by their names, where they are known. */
function named(rows: readonly UsageRow[], teams: readonly Entity[]): readonly UsageRow[] {
  const names = new Map(teams.map(({ id, name }) => [id, name]))
  return names.size === 0 ? rows : rows.map((row) => { const { entity } = row as { readonly entity?: string | null }; return entity === undefined || entity === null ? row : { ...row, entity: names.get(entity) ?? entity } })
}

function nameOf(row: UsageRow, group: Group): string {
  if (row.rest === true) return 'others'
  // What was grouped by is a member of the row.
  const value = (row as Readonly<Record<string, unknown>>)[group]
  return typeof value === 'string' ? value : group === 'model' ? 'no model' : group === 'feature' ? 'no feature' : 'no team'
}

function Sums({ rows, group, currency }: { readonly rows: readonly UsageRow[]; readonly group: Group; readonly currency: string }) {
  const sums = new Map<string, { readonly name: string; readonly meter: string; quantity: string; amount: string; events: number }>()
  for (const row of rows) {
    const key = `${nameOf(row, group)}\n${row.meter}`
    const sum = sums.get(key) ?? { name: nameOf(row, group), meter: row.meter, quantity: '0', amount: '0', events: 0 }
    sums.set(key, { ...sum, quantity: add(sum.quantity, row.quantity), amount: add(sum.amount, row.amount), events: sum.events + row.events })
  }
  const list = [...sums.values()].sort((a, b) => roughly(b.amount) - roughly(a.amount) || roughly(b.quantity) - roughly(a.quantity))
  const total = list.reduce((sum, { amount }) => add(sum, amount), '0')
  return (
    <Card title="By what" flush>
      <Table
        label={`Usage by ${group} and meter`}
        rows={list}
        rowKey={({ name, meter }) => `${name} ${meter}`}
        columns={[
          { head: group === 'entity' ? 'Team or user' : group.charAt(0).toUpperCase() + group.slice(1), cell: ({ name }) => name },
          { head: 'Meter', cell: ({ meter }) => <Badge>{meter}</Badge> },
          { head: 'Quantity', isNumber: true, cell: ({ quantity }) => <Quantity value={quantity} /> },
          { head: 'Events', isNumber: true, cell: ({ events }) => <Quantity value={String(events)} /> },
          { head: 'Charge', isNumber: true, cell: ({ amount }) => <Money amount={amount} currency={currency} /> },
        ]}
        foot={
          <tr>
            <th scope="row" colSpan={4} className="px-5 py-2 text-left font-medium">Sum</th>
            <td className="px-3 py-2 pr-5 text-right"><Money amount={total} currency={currency} /></td>
          </tr>
        }
      />
    </Card>
  )
}
