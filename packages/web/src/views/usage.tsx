// What a customer, or all of them, used and was charged, over time and by what it was used for: a chart with its table, beside the time before, then
// the sums by group. A day opens to its hours, an hour to its minutes; so does what is dragged over.

import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import type { Entity, Usage, UsageOfAll, UsageRow } from '../api/operations.ts'
import { useRefresh } from '../api/live.tsx'
import { ask } from '../api/queries.ts'
import { Chart, SERIES_MAX, type Series } from '../parts/chart.tsx'
import { Button, Choice } from '../parts/controls.tsx'
import { add } from '../parts/decimal.ts'
import { Change } from '../parts/change.tsx'
import { axisMoney, clockTime, compact, day, measure, money, roughly, shortDay, type Zone } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Loaded } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Measure, Money, Quantity, useNow } from '../parts/values.tsx'
import { before, momentsOf, SPANS, windowOf, zoomed, type Span, type UsageWindow } from './usage-window.ts'

const GROUPS = [['model', 'By model'], ['feature', 'By feature'], ['entity', 'By team or user']] as const
const GROUPS_OF_ALL = [['model', 'By model'], ['feature', 'By feature'], ['customer', 'By customer']] as const
type Group = (typeof GROUPS | typeof GROUPS_OF_ALL)[number][0]
/** The span up to now moves on with whole hours. */
const NOW_MS = 60_000

/** Largest groups that a chart of all customers shows by themselves; a report of every customer by day has no end. */
const TOP_OF_ALL = 7

type UsageProps = { /** Null: all customers. */ readonly customer: string | null; /** The chart without the sums below it. */ readonly isShort?: boolean }

export function UsageView({ customer, isShort = false }: UsageProps) {
  const [group, setGroup] = useState<Group>('model')
  const [span, setSpan] = useState<Span>('30d')
  /** What was zoomed into, the latest last. */
  const [zooms, setZooms] = useState<readonly UsageWindow[]>([])
  const [figure, setFigure] = useState('amount')
  const [isCompared, setCompared] = useState(true)
  const { zone } = useSettings()
  const now = useNow(NOW_MS)
  const window = zooms.at(-1) ?? windowOf(span, now)
  const query = useUsage(customer, window, group)
  const earlier = before(window, now)
  const past = useUsage(customer, isCompared ? earlier : null, null)
  const teams = useQuery({ ...ask('listEntities', { params: { customer: customer ?? '' }, query: { limit: 500 } }), enabled: customer !== null && group === 'entity' })
  useRefresh(customer === null ? [['getUsageOfAll']] : [['getUsage']], (message) => message.type === 'usage.settled' && (customer === null || message.customer === customer))
  const zoom = (first: string, last: string) => {
    const next = zoomed(window, Date.parse(first), Date.parse(last), now)
    if (next !== null) setZooms([...zooms, next])
  }
  const name = zooms.length === 0 ? SPANS.find(([one]) => one === span)![1].toLowerCase().replace('last ', '') : 'time'
  return (
    <div className="space-y-6">
      <Card
        title={zooms.length === 0 ? 'Usage' : `Usage, ${windowText(window, zone)}`}
        note="Posted usage: it never changes, it only grows."
        actions={
          <>
            {zooms.length > 0 && <Button look="quiet" onClick={() => setZooms(zooms.slice(0, -1))}>← Zoom out</Button>}
            <Button look="quiet" aria-pressed={isCompared} title="Beside the same length of time before it." className={isCompared ? 'bg-sunken text-ink' : ''} onClick={() => setCompared(!isCompared)}>Compare</Button>
            <Choice isBare label="Figure" value={figure} options={[['amount', 'Charges'], ...(query.data?.totals ?? []).map(({ meter }) => [meter, meter] as const)]} onChange={(event) => setFigure(event.target.value)} />
            <Choice isBare label="Group" value={group} options={customer === null ? GROUPS_OF_ALL : GROUPS} onChange={(event) => setGroup(event.target.value as Group)} />
            <Choice isBare label="Time" value={span} options={SPANS} onChange={(event) => { setSpan(event.target.value as Span); setZooms([]) }} />
          </>
        }
      >
        <div className="min-h-78">
        <Loaded query={query} rows={6}>
          {(usage) =>
            usage.data.length === 0 && (past.data?.data.length ?? 0) === 0 ? (
              <Empty title="No usage in this time">It appears here within a second of the first request.</Empty>
            ) : (
              <>
                <Sum now={usage} past={isCompared && earlier !== null ? past.data : undefined} figure={figure} than={`the ${name} before`} />
                <UsageChart rows={named(usage.data, teams.data?.data ?? [])} past={isCompared && earlier !== null && past.data !== undefined ? { rows: past.data.data, window: earlier } : null} group={group} figure={figure} currency={usage.currency} window={window} onRange={zoom} {...(zooms.length > 0 ? { onOut: () => setZooms(zooms.slice(0, -1)) } : {})} />
              </>
            )
          }
        </Loaded>
        </div>
      </Card>
      {!isShort && query.data !== undefined && query.data.data.length > 0 && <Sums rows={named(query.data.data, teams.data?.data ?? [])} group={group} currency={query.data.currency} />}
    </div>
  )
}

/** Nothing is asked for a window that is null. */
function useUsage(customer: string | null, window: UsageWindow | null, group: Group | null): UseQueryResult<Usage | UsageOfAll> {
  const { zone } = useSettings()
  const { from, to, granularity } = window ?? { from: 0, to: 0, granularity: 'day' }
  const timeZone = zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
  const asked = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), granularity, time_zone: timeZone, ...(group === null ? {} : { group_by: group }) } as const
  // Another group of the same time stands until it is there; figures of another time would be wrong ones.
  const ofSameTime = <Known extends Usage | UsageOfAll>(known: Known | undefined) => (known !== undefined && known.granularity === granularity && Date.parse(known.from) === from ? known : undefined)
  const one = useQuery({ ...ask('getUsage', { params: { customer: customer ?? '' }, query: asked }), placeholderData: ofSameTime, enabled: customer !== null && window !== null })
  const all = useQuery({ ...ask('getUsageOfAll', { query: { ...asked, ...(group === null ? {} : { top: TOP_OF_ALL }) } }), placeholderData: ofSameTime, enabled: customer === null && window !== null })
  return customer === null ? all : one
}

function windowText({ from, to, granularity }: UsageWindow, zone: Zone): string {
  const [start, end] = [new Date(from).toISOString(), new Date(to - 1).toISOString()]
  const minute = (at: string) => clockTime(at, zone).slice(0, 5)
  if (granularity === 'minute') return `${shortDay(start, zone)}, ${minute(start)} – ${minute(new Date(to).toISOString())}`
  return day(start, zone) === day(end, zone) ? day(start, zone) : `${day(start, zone)} – ${day(end, zone)}`
}

/** What it comes to, and how that stands against the time before. */
function Sum({ now, past, figure, than }: { readonly now: Usage | UsageOfAll; readonly past: Usage | UsageOfAll | undefined; readonly figure: string; readonly than: string }) {
  const total = ({ totals }: Usage | UsageOfAll) => totals.filter(({ meter, currency }) => (figure === 'amount' ? currency === now.currency : meter === figure)).reduce((sum, row) => add(sum, valueOf(row, figure)), '0')
  return (
    <p className="mb-3 flex min-h-7 flex-wrap items-baseline gap-x-3">
      <span className="text-lg font-semibold tracking-tight">{figure === 'amount' ? <Money amount={total(now)} currency={now.currency} /> : <Measure value={total(now)} unit={figure} />}</span>
      {past !== undefined && <span className="text-xs"><Change now={total(now)} before={total(past)} than={than} /></span>}
    </p>
  )
}

function valueOf(row: Pick<UsageRow, 'amount' | 'quantity'>, figure: string): string {
  return figure === 'amount' ? row.amount : row.quantity
}

type UsageChartProps = { readonly rows: readonly UsageRow[]; readonly past: { readonly rows: readonly UsageRow[]; readonly window: UsageWindow } | null; readonly group: Group; readonly figure: string; readonly currency: string; readonly window: UsageWindow; readonly onRange: (first: string, last: string) => void; readonly onOut?: () => void }

function UsageChart({ rows, past, group, figure, currency, window, onRange, onOut }: UsageChartProps) {
  const { isExact, zone } = useSettings()
  const times = momentsOf(window, rows.map(({ start }) => start))
  const formatValue = (value: string) => (figure === 'amount' ? money(value, currency, isExact) : measure(value, figure, isExact))
  const clock = (at: string) => clockTime(at, zone).slice(0, 5)
  const earlier = past === null ? null : sumsOf(past, figure).slice(0, times.length)
  const isLong = window.to - window.from > 86_400_000
  return (
    <Chart
      label={`${figure === 'amount' ? 'Charges' : figure} by ${group}`}
      times={times}
      series={seriesOf(rows, { times, group, figure })}
      formatTime={(at) => (at === '' ? '' : window.granularity === 'day' ? shortDay(at, zone) : isLong ? `${shortDay(at, zone)} ${clock(at)}` : clock(at))}
      formatValue={formatValue}
      formatAxis={(value) => (figure === 'amount' ? axisMoney(value, currency) : compact(value))}
      onPick={(at) => onRange(at, at)}
      onRange={onRange}
      {...(earlier === null || earlier.every((value) => roughly(value) === 0) ? {} : { before: { name: 'before', values: earlier } })}
      {...(onOut === undefined ? {} : { onOut })}
    />
  )
}

/** One sum for each moment of the time before, in its order. */
function sumsOf({ rows, window }: { readonly rows: readonly UsageRow[]; readonly window: UsageWindow }, figure: string): readonly string[] {
  const sums = new Map<string, string>()
  for (const row of rows) {
    if (row.start === null || (figure !== 'amount' && row.meter !== figure)) continue
    const at = new Date(row.start).toISOString()
    sums.set(at, add(sums.get(at) ?? '0', valueOf(row, figure)))
  }
  return momentsOf(window, rows.map(({ start }) => start)).map((at) => sums.get(at) ?? '0')
}

function seriesOf(rows: readonly UsageRow[], { times, group, figure }: { readonly times: readonly string[]; readonly group: Group; readonly figure: string }): readonly Series[] {
  const wanted = figure === 'amount' ? rows : rows.filter(({ meter }) => meter === figure)
  const totals = new Map<string, string>()
  for (const row of wanted) totals.set(nameOf(row, group), add(totals.get(nameOf(row, group)) ?? '0', valueOf(row, figure)))
  const names = [...totals].sort(([, a], [, b]) => roughly(b) - roughly(a)).map(([name]) => name)
  const shown = names.length > SERIES_MAX ? [...names.slice(0, SERIES_MAX - 1), 'others'] : names
  const cells = new Map<string, string>()
  for (const row of wanted) {
    const name = nameOf(row, group)
    const key = `${new Date(row.start ?? 0).toISOString()} ${shown.includes(name) ? name : 'others'}`
    cells.set(key, add(cells.get(key) ?? '0', valueOf(row, figure)))
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
