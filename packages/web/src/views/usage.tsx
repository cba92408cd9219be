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
import { axisMoney, clockTime, compact, day, measure, money, pageZone, roughly, shortDay, type Zone } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Loaded } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Measure, Money, Quantity, useNow } from '../parts/values.tsx'
import { termOf, useWords, type Words } from '../words/words.tsx'
import { before, momentsOf, SPANS, windowOf, zoomed, type Span, type UsageWindow } from './usage-window.ts'

type Group = 'model' | 'feature' | 'entity' | 'customer'
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
  const w = useWords()
  const { usage: said } = w
  const groups: readonly (readonly [Group, string])[] = [['model', said.byModel], ['feature', said.byFeature], customer === null ? ['customer', said.byCustomer] : ['entity', said.byTeam]]
  const { zone } = useSettings()
  const timeZone = pageZone(zone)
  const now = useNow(NOW_MS)
  const window = zooms.at(-1) ?? windowOf(span, now, timeZone)
  const query = useUsage(customer, window, group)
  const earlier = before(window, { now, timeZone })
  const past = useUsage(customer, isCompared ? earlier : null, null)
  const teams = useQuery({ ...ask('listEntities', { params: { customer: customer ?? '' }, query: { limit: 500 } }), enabled: customer !== null && group === 'entity' })
  useRefresh(customer === null ? [['getUsageOfAll']] : [['getUsage']], (message) => message.type === 'usage.settled' && (customer === null || message.customer === customer))
  const zoom = (first: string, last: string) => {
    const next = zoomed(window, Date.parse(first), Date.parse(last), { now, timeZone })
    if (next !== null) setZooms([...zooms, next])
  }
  return (
    <div className="space-y-6">
      <Card
        title={zooms.length === 0 ? said.usage : said.usageIn(windowText(window, zone))}
        note={said.note}
        actions={
          <>
            {zooms.length > 0 && <Button look="quiet" onClick={() => setZooms(zooms.slice(0, -1))}>{said.zoomOut}</Button>}
            <Button look="quiet" aria-pressed={isCompared} title={said.compareTitle} className={isCompared ? 'bg-accent-soft text-ink' : ''} onClick={() => setCompared(!isCompared)}>{said.compare}</Button>
            <Choice isBare label={said.figure} value={figure} options={[['amount', said.charges], ...(query.data?.totals ?? []).map(({ meter }) => [meter, termOf(w, meter)] as const)]} onChange={(event) => setFigure(event.target.value)} />
            <Choice isBare label={said.group} value={group} options={groups} onChange={(event) => setGroup(event.target.value as Group)} />
            <Choice isBare label={said.time} value={span} options={SPANS.map((one) => [one, said.spans[one]] as const)} onChange={(event) => { setSpan(event.target.value as Span); setZooms([]) }} />
          </>
        }
      >
        <div className="min-h-75">
        <Loaded query={query} rows={6}>
          {(usage) =>
            usage.data.length === 0 && (past.data?.data.length ?? 0) === 0 ? (
              <Empty title={said.none}>{said.noneDetail}</Empty>
            ) : (
              <>
                <Sum now={usage} past={isCompared && earlier !== null ? past.data : undefined} figure={figure} than={zooms.length === 0 ? said.spansBefore[span] : said.timeBefore} />
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
  const timeZone = pageZone(zone)
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
  const w = useWords()
  const timeZone = pageZone(zone)
  const times = momentsOf(window, rows.map(({ start }) => start), timeZone)
  const formatValue = (value: string) => (figure === 'amount' ? money(value, currency, isExact) : measure(value, figure, isExact))
  const clock = (at: string) => clockTime(at, zone).slice(0, 5)
  const earlier = past === null ? null : sumsOf(past, figure, timeZone).slice(0, times.length)
  const isLong = window.to - window.from > 86_400_000
  return (
    <Chart
      label={w.usage.by({ figure: figure === 'amount' ? w.usage.charges : termOf(w, figure), group: termOf(w, group) })}
      times={times}
      series={seriesOf(w, rows, { times, group, figure })}
      formatTime={(at) => (at === '' ? '' : window.granularity === 'day' ? shortDay(at, zone) : isLong ? `${shortDay(at, zone)} ${clock(at)}` : clock(at))}
      formatValue={formatValue}
      formatAxis={(value) => (figure === 'amount' ? axisMoney(value, currency) : compact(value))}
      onPick={(at) => onRange(at, at)}
      onRange={onRange}
      {...(earlier === null || earlier.every((value) => roughly(value) === 0) ? {} : { before: { name: w.usage.before, values: earlier } })}
      {...(onOut === undefined ? {} : { onOut })}
    />
  )
}

/** One sum for each moment of the time before, in its order. */
function sumsOf({ rows, window }: { readonly rows: readonly UsageRow[]; readonly window: UsageWindow }, figure: string, timeZone: string): readonly string[] {
  const sums = new Map<string, string>()
  for (const row of rows) {
    if (row.start === null || (figure !== 'amount' && row.meter !== figure)) continue
    const at = new Date(row.start).toISOString()
    sums.set(at, add(sums.get(at) ?? '0', valueOf(row, figure)))
  }
  return momentsOf(window, rows.map(({ start }) => start), timeZone).map((at) => sums.get(at) ?? '0')
}

function seriesOf(w: Words, rows: readonly UsageRow[], { times, group, figure }: { readonly times: readonly string[]; readonly group: Group; readonly figure: string }): readonly Series[] {
  const wanted = figure === 'amount' ? rows : rows.filter(({ meter }) => meter === figure)
  const totals = new Map<string, string>()
  for (const row of wanted) totals.set(nameOf(w, row, group), add(totals.get(nameOf(w, row, group)) ?? '0', valueOf(row, figure)))
  const names = [...totals].sort(([, a], [, b]) => roughly(b) - roughly(a)).map(([name]) => name)
  const shown = names.length > SERIES_MAX ? [...names.slice(0, SERIES_MAX - 1), w.usage.others] : names
  const cells = new Map<string, string>()
  for (const row of wanted) {
    const name = nameOf(w, row, group)
    const key = `${new Date(row.start ?? 0).toISOString()} ${shown.includes(name) ? name : w.usage.others}`
    cells.set(key, add(cells.get(key) ?? '0', valueOf(row, figure)))
  }
  return shown.map((name) => ({ name, values: times.map((at) => cells.get(`${at} ${name}`) ?? '0') }))
}

/** Teams and users by their names, where they are known. */
function named(rows: readonly UsageRow[], teams: readonly Entity[]): readonly UsageRow[] {
  const names = new Map(teams.map(({ id, name }) => [id, name]))
  return names.size === 0 ? rows : rows.map((row) => { const { entity } = row as { readonly entity?: string | null }; return entity === undefined || entity === null ? row : { ...row, entity: names.get(entity) ?? entity } })
}

function nameOf(w: Words, row: UsageRow, group: Group): string {
  if (row.rest === true) return w.usage.others
  // What was grouped by is a member of the row.
  const value = (row as Readonly<Record<string, unknown>>)[group]
  return typeof value === 'string' ? value : group === 'model' ? w.usage.noModel : group === 'feature' ? w.usage.noFeature : w.usage.noTeam
}

function Sums({ rows, group, currency }: { readonly rows: readonly UsageRow[]; readonly group: Group; readonly currency: string }) {
  const w = useWords()
  const { usage: said } = w
  const sums = new Map<string, { readonly name: string; readonly meter: string; quantity: string; amount: string; events: number }>()
  for (const row of rows) {
    const key = `${nameOf(w, row, group)}\n${row.meter}`
    const sum = sums.get(key) ?? { name: nameOf(w, row, group), meter: row.meter, quantity: '0', amount: '0', events: 0 }
    sums.set(key, { ...sum, quantity: add(sum.quantity, row.quantity), amount: add(sum.amount, row.amount), events: sum.events + row.events })
  }
  const list = [...sums.values()].sort((a, b) => roughly(b.amount) - roughly(a.amount) || roughly(b.quantity) - roughly(a.quantity))
  const total = list.reduce((sum, { amount }) => add(sum, amount), '0')
  return (
    <Card title={said.byWhat} flush>
      <Table
        label={said.usageBy(termOf(w, group))}
        rows={list}
        rowKey={({ name, meter }) => `${name} ${meter}`}
        columns={[
          { head: said[group], cell: ({ name }) => name },
          { head: said.meter, cell: ({ meter }) => <Badge>{termOf(w, meter)}</Badge> },
          { head: said.quantity, isNumber: true, cell: ({ quantity }) => <Quantity value={quantity} /> },
          { head: said.events, isNumber: true, cell: ({ events }) => <Quantity value={String(events)} /> },
          { head: said.charge, isNumber: true, cell: ({ amount }) => <Money amount={amount} currency={currency} /> },
        ]}
        foot={
          <tr>
            <th scope="row" colSpan={4} className="px-5 py-2 text-left font-medium">{said.sum}</th>
            <td className="px-3 py-2 pr-5 text-right"><Money amount={total} currency={currency} /></td>
          </tr>
        }
      />
    </Card>
  )
}
