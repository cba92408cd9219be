// The first page: what the gateway decides now, and what it adds up to.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useRefresh } from '../api/live.tsx'
import type { Overview as OverviewFigures } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Chart } from '../parts/chart.tsx'
import { Change } from '../parts/change.tsx'
import { Gauge } from '../parts/controls.tsx'
import { clockTime, compact, percent, quantity, words } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Figure, Figures, Loaded, PageHead, type Tone } from '../parts/surface.tsx'
import { Ago, Duration, Money, Quantity, useNow } from '../parts/values.tsx'
import { add, isNegative } from '../parts/decimal.ts'
import { DecisionTable } from '../views/decisions.tsx'
import { UsageView } from '../views/usage.tsx'
import { CustomerName } from './customer-name.tsx'
import { daysAgo } from './money/margin.tsx'
import { LastRefusal, Steps } from './overview-start.tsx'

const MINUTE_MS = 60_000
const MINUTES = 60
const DAY_MS = 86_400_000
const PROBLEMS_SHOWN = 20

export function Overview() {
  const overview = useQuery({ ...ask('getOverview', {}), placeholderData: keepPreviousData, refetchInterval: 30_000 })
  const decisions = useQuery({ ...ask('listDecisions', { query: { limit: 8 } }), placeholderData: keepPreviousData })
  useRefresh([['getOverview'], ['listDecisions']], ({ type }) => type === 'usage.settled' || type === 'request.denied')
  return (
    <>
      <PageHead title="Overview" lead="Tollgate stands in front of your AI requests: it decides before each whether it may run, meters what it really used, charges that exactly, and writes the invoice." />
      <LastRefusal />
      <Loaded query={overview} rows={8}>
        {(figures) => (
          <>
            <Steps figures={figures} />
            <Numbers figures={figures} />
            <div className="grid gap-6 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
              <div className="min-w-0 space-y-6">
                <UsageView customer={null} isShort />
                <Activity figures={figures} />
              </div>
              <div className="space-y-6">
                <Refusals figures={figures} />
                <LastMonth />
                <Health figures={figures} />
              </div>
            </div>
          </>
        )}
      </Loaded>
      <Card className="mt-6" title="Newest decisions" note="Each opens to its why." actions={<Link to="/live" className="text-sm font-medium text-accent">All of them, live</Link>} flush>
        <Loaded query={decisions} rows={5}>
          {({ data }) => (data.length === 0 ? <FirstRequest /> : <DecisionTable rows={data} nameOf={(id) => <CustomerName id={id} tab="decisions" />} />)}
        </Loaded>
      </Card>
    </>
  )
}

function Numbers({ figures }: { readonly figures: OverviewFigures }) {
  const { margin, currency, customers, minutes, hour_before: past, decisions } = figures
  const hour = sumsOf(minutes)
  const denied = hour.events + hour.denied === 0 ? 0 : hour.denied / (hour.events + hour.denied)
  return (
    <Figures label="Figures" isFour>
      <Figure label="Events, last hour" value={<Quantity value={String(hour.events)} />} note={<><PerSecond events={hour.events} /> · <Change now={String(hour.events)} before={String(past.events)} than={BEFORE} /></>} />
      <Figure label="Refused, last hour" value={<Quantity value={String(hour.denied)} />} note={<>{percent(denied)} of all · <Change now={String(hour.denied)} before={String(past.denied)} than={BEFORE} isBad /></>} tone={denied > 0.2 ? 'warn' : 'neutral'} />
      <Figure label="Charged, last hour" value={<Money amount={hour.charge} currency={currency} />} note={<Change now={hour.charge} before={past.charge} than={BEFORE} />} />
      <Figure label="A decision takes" value={<Duration ms={decisions.p99_ms} />} note={decisions.p99_ms === null ? 'none in the last five minutes' : <>99 of 100 no longer · half <Duration ms={decisions.p50_ms} /></>} tone={decisions.p99_ms !== null && decisions.measured >= MEASURED_ENOUGH && decisions.p99_ms > SLOW_DECISION_MS ? 'warn' : 'neutral'} />
      <Figure label="Margin, 24 hours" value={margin.percent === null ? '–' : `${margin.percent} %`} note={margin.unpriced === 0 ? 'of charge over provider cost' : `without ${compact(margin.unpriced)} of unknown cost`} tone={margin.percent !== null && isNegative(margin.percent) ? 'bad' : 'neutral'} />
      <Revenue />
      <Figure label="Recurring fees" value={<Money amount={figures.recurring} currency={currency} />} note="a month" />
      <Figure label="Customers" value={<Quantity value={String(customers.total)} />} note={standingText(customers.by_standing)} />
    </Figures>
  )
}

const BEFORE = 'the hour before'
/** A decision out of memory takes a fraction of it; what asks the authority may take as long. */
const SLOW_DECISION_MS = 50
/** Of fewer the slowest is one of the first, which ask the authority. */
const MEASURED_ENOUGH = 200

type Minutes = OverviewFigures['minutes']

function sumsOf(minutes: Minutes): { readonly events: number; readonly denied: number; readonly charge: string } {
  return minutes.reduce((sum, minute) => ({ events: sum.events + minute.events, denied: sum.denied + minute.denied, charge: add(sum.charge, minute.charge) }), { events: 0, denied: 0, charge: '0' })
}

function PerSecond({ events }: { readonly events: number }) {
  return <>{quantity((events / 3_600).toFixed(2))} a second</>
}

function standingText(byStanding: Readonly<Record<string, number>>): string {
  const others = Object.entries(byStanding).filter(([standing]) => standing !== 'good')
  return others.length === 0 ? 'all in good standing' : others.map(([standing, count]) => `${count} ${standing}`).join(', ')
}

function Activity({ figures }: { readonly figures: OverviewFigures }) {
  const { zone } = useSettings()
  const now = useNow(10_000)
  const last = Math.floor(now / MINUTE_MS) * MINUTE_MS
  const times = Array.from({ length: MINUTES }, (_, index) => new Date(last - (MINUTES - 1 - index) * MINUTE_MS).toISOString())
  const known = new Map(figures.minutes.map((minute) => [Date.parse(minute.start), minute]))
  const values = (of: (minute: Minutes[number]) => string) => times.map((at) => { const minute = known.get(Date.parse(at)); return minute === undefined ? '0' : of(minute) })
  const time = (at: string) => (at === '' ? '' : clockTime(at, zone).slice(0, 5))
  return (
    <Card title="The last hour, by minute">
      <Chart label="Events and refusals by minute" times={times} height={168} series={[{ name: 'Events', values: values(({ events }) => String(events)) }, { name: 'Refused', colour: 4, values: values(({ denied }) => String(denied)) }]} formatTime={time} formatValue={(value) => quantity(value)} formatAxis={compact} />
    </Card>
  )
}

function Refusals({ figures }: { readonly figures: OverviewFigures }) {
  const total = figures.refusals.reduce((sum, { requests }) => sum + requests, 0)
  return (
    <Card title="Refused, last 24 hours">
      {total === 0 ? (
        <p className="text-muted">No request was refused.</p>
      ) : (
        <ul className="space-y-3">
          {figures.refusals.map(({ reason, requests }) => (
            <li key={reason}>
              <p className="flex justify-between gap-3">
                <Link to="/live" search={{ outcome: 'denied', reason }} className="truncate hover:underline">{words(reason)}</Link>
                <Quantity value={String(requests)} className="font-medium" />
              </p>
              <div className="mt-1"><Gauge share={requests / total} label={`${words(reason)}: ${percent(requests / total)} of refusals`} tone="bad" /></div>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

type HealthRow = { readonly name: string; readonly value: ReactNode; readonly tone: Tone; readonly why: string }

function Health({ figures }: { readonly figures: OverviewFigures }) {
  const now = useNow(10_000)
  const alerts = useQuery({ ...ask('listAlerts', { query: { level: 'problem', limit: PROBLEMS_SHOWN } }), refetchInterval: 30_000 })
  const problems = alerts.data?.data.filter(({ at }) => Date.now() - Date.parse(at) < DAY_MS).length ?? 0
  const { nodes, authority, journal, waiting, parked, drift } = figures
  const rows: readonly HealthRow[] = [
    { name: 'Gateways', value: `${nodes} connected`, tone: nodes > 0 ? 'good' : 'bad', why: 'Without a gateway no request passes.' },
    { name: 'Authority', value: authority.p99_ms === null ? 'not asked lately' : <>answers in <Duration ms={authority.p99_ms} /></>, tone: authority.p99_ms !== null && authority.p99_ms > SLOW_AUTHORITY_MS ? 'warn' : 'good', why: 'How long gateways wait for budget: 99 of 100 calls of the last five minutes took no longer.' },
    { name: 'Journals', value: !journal.writing ? 'cannot be written' : journal.waiting_bytes === 0 ? 'settled' : `${compact(journal.waiting_bytes)} bytes wait`, tone: !journal.writing ? 'bad' : journal.waiting_bytes > JOURNAL_BEHIND_BYTES ? 'warn' : 'good', why: 'What gateways have written on disk and the settlement has not taken yet.' },
    { name: 'Settlement', value: waiting === 0 ? 'up to date' : `${compact(waiting)} events wait`, tone: waiting < 5_000 ? 'good' : 'warn', why: 'Events that are recorded and not charged yet.' },
    { name: 'Totals against events', ...proofOf(drift.rollups, now), why: 'Stored totals are worked out from their events once more, all the time.' },
    { name: 'Ledger against books', ...proofOf(drift.books, now), why: 'Every table that knows a figure of a customer is compared with the others, and the chain of the ledger is followed.' },
    { name: 'Parked events', value: String(parked), tone: parked === 0 ? 'good' : 'warn', why: 'Usage that could not be settled and waits for a person.' },
    { name: 'Problems, last day', value: problems === PROBLEMS_SHOWN ? `${problems} or more` : String(problems), tone: problems === 0 ? 'good' : 'warn', why: 'Alerts that somebody must act on.' },
  ]
  return (
    <Card title="Health" actions={<><Link to="/operations/alerts" className="text-sm font-medium text-accent">Alerts</Link><Link to="/operations/system" className="text-sm font-medium text-accent">System</Link></>}>
      <dl className="space-y-2">
        {rows.map(({ name, value, tone, why }) => (
          <div key={name} className="flex items-center justify-between gap-3" title={why}>
            <dt className="text-muted">{name}</dt>
            <dd><Badge tone={tone}>{value}</Badge></dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

const SLOW_AUTHORITY_MS = 250
const JOURNAL_BEHIND_BYTES = 8 * 1024 * 1024

function proofOf({ checked_at: checked, differed_at: differed }: OverviewFigures['drift']['rollups'], now: number): Pick<HealthRow, 'value' | 'tone'> {
  if (differed !== null && now - Date.parse(differed) < DAY_MS) return { value: <>differed <Ago at={differed} /></>, tone: 'bad' }
  return checked === null ? { value: 'not checked yet', tone: 'neutral' } : { value: <>agree, <Ago at={checked} /></>, tone: 'good' }
}

/** Of the last 30 days, and of those before them. */
function useMargins() {
  const now = useQuery(ask('getMargin', { query: { from: daysAgo(29), to: daysAgo(0), by: 'day', top: 1 } }))
  const past = useQuery(ask('getMargin', { query: { from: daysAgo(59), to: daysAgo(30), by: 'day', top: 1 } }))
  return { now: now.data, past: past.data }
}

function Revenue() {
  const { now, past } = useMargins()
  return <Figure label="Revenue, 30 days" value={now === undefined ? '–' : <Money amount={now.total.revenue} currency={now.currency} />} note={now !== undefined && past !== undefined && <Change now={now.total.revenue} before={past.total.revenue} than="the 30 days before" />} />
}

function LastMonth() {
  const { now } = useMargins()
  if (now === undefined) return null
  const { total, metrics, currency } = now
  const rows = [
    ['Margin', total.known_margin_percent === null ? '–' : `${total.known_margin_percent} %`],
    ['Revenue by customer', metrics.revenue_per_customer === null ? '–' : <Money key="customer" amount={metrics.revenue_per_customer} currency={currency} />],
    ['Revenue by user', metrics.revenue_per_user === null ? '–' : <Money key="user" amount={metrics.revenue_per_user} currency={currency} />],
    ['Net revenue retention', metrics.net_revenue_retention === null ? '–' : `${metrics.net_revenue_retention} %`],
  ] as const
  return (
    <Card title="Last 30 days" note={total.requests_without_cost === 0 ? 'As in the books.' : `As in the books; ${compact(total.requests_without_cost)} requests of unknown cost are left out of the margin.`} actions={<Link to="/money/margin" className="text-sm font-medium text-accent">Margin</Link>}>
      <dl className="space-y-2">{rows.map(([name, value]) => <div key={name} className="flex justify-between gap-3"><dt className="text-muted">{name}</dt><dd className="font-medium">{value}</dd></div>)}</dl>
    </Card>
  )
}

function FirstRequest() {
  const key = '$(node -p "require(\'./.tollgate/demo.json\').key")'
  const gateway = `http://${location.hostname}:${Number(location.port || 4100) + 1}`
  return (
    <Empty title="Waiting for the first request …" command={`curl -i ${gateway}/v1/chat/completions \\\n  -H "Authorization: Bearer ${key}" -H "Content-Type: application/json" \\\n  -d '{"model":"sandbox-small","messages":[{"role":"user","content":"Say hello"}]}'`}>
      Send one through the gateway; it appears here by itself.
    </Empty>
  )
}
