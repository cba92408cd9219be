// The first page: what the gateway decides now, and what it adds up to.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useRefresh } from '../api/live.tsx'
import type { Overview as OverviewFigures } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Chart } from '../parts/chart.tsx'
import { Gauge } from '../parts/controls.tsx'
import { clockTime, compact, percent, quantity, roughly, words } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Figure, Figures, Loaded, PageHead } from '../parts/surface.tsx'
import { Money, Quantity, useNow } from '../parts/values.tsx'
import { add, shareOf, subtract } from '../parts/decimal.ts'
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
  const { margin, currency, customers, minutes } = figures
  const hour = sumsOf(minutes)
  const share = shareOf(subtract(margin.charge, margin.cost), margin.charge)
  const denied = hour.events + hour.denied === 0 ? 0 : hour.denied / (hour.events + hour.denied)
  return (
    <Figures label="Figures">
      <Figure label="Events, last hour" value={<Quantity value={String(hour.events)} />} note={<PerSecond events={hour.events} />} />
      <Figure label="Refused, last hour" value={<Quantity value={String(hour.denied)} />} note={`${percent(denied)} of all`} tone={denied > 0.2 ? 'warn' : 'neutral'} />
      <Figure label="Charged, last hour" value={<Money amount={hour.charge} currency={currency} />} note="posted" />
      <Figure label="Margin, 24 hours" value={roughly(margin.charge) === 0 ? '–' : percent(share)} note={margin.unpriced === 0 ? 'of charge over provider cost' : `without ${compact(margin.unpriced)} of unknown cost`} tone={share < 0 ? 'bad' : 'neutral'} />
      <Figure label="Recurring fees" value={<Money amount={figures.recurring} currency={currency} />} note="a month" />
      <Figure label="Customers" value={<Quantity value={String(customers.total)} />} note={standingText(customers.by_standing)} />
    </Figures>
  )
}

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

function Health({ figures }: { readonly figures: OverviewFigures }) {
  const alerts = useQuery({ ...ask('listAlerts', { query: { level: 'problem', limit: PROBLEMS_SHOWN } }), refetchInterval: 30_000 })
  const problems = alerts.data?.data.filter(({ at }) => Date.now() - Date.parse(at) < DAY_MS).length ?? 0
  const rows = [
    { name: 'Gateways', value: `${figures.nodes} connected`, isGood: figures.nodes > 0, why: 'Without a gateway no request passes.' },
    { name: 'Settlement', value: figures.waiting === 0 ? 'up to date' : `${figures.waiting} events wait`, isGood: figures.waiting < 5_000, why: 'Events that are recorded and not charged yet.' },
    { name: 'Parked events', value: String(figures.parked), isGood: figures.parked === 0, why: 'Usage that could not be settled and waits for a person.' },
    { name: 'Problems, last day', value: problems === PROBLEMS_SHOWN ? `${problems} or more` : String(problems), isGood: problems === 0, why: 'Alerts that somebody must act on.' },
  ]
  return (
    <Card title="Health" actions={<><Link to="/operations/alerts" className="text-sm font-medium text-accent">Alerts</Link><Link to="/operations/system" className="text-sm font-medium text-accent">System</Link></>}>
      <dl className="space-y-2">
        {rows.map(({ name, value, isGood, why }) => (
          <div key={name} className="flex items-center justify-between gap-3" title={why}>
            <dt className="text-muted">{name}</dt>
            <dd><Badge tone={isGood ? 'good' : 'warn'}>{value}</Badge></dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

function LastMonth() {
  const query = useQuery(ask('getMargin', { query: { from: daysAgo(29), to: daysAgo(0), by: 'day', top: 1 } }))
  if (query.data === undefined) return null
  const { total, metrics, currency } = query.data
  const rows = [
    ['Revenue', <Money key="revenue" amount={total.revenue} currency={currency} />], ['Margin', total.margin_percent === null ? '–' : `${total.margin_percent} %`],
    ['Revenue by customer', metrics.revenue_per_customer === null ? '–' : <Money key="customer" amount={metrics.revenue_per_customer} currency={currency} />],
    ['Revenue by user', metrics.revenue_per_user === null ? '–' : <Money key="user" amount={metrics.revenue_per_user} currency={currency} />],
    ['Net revenue retention', metrics.net_revenue_retention === null ? '–' : `${metrics.net_revenue_retention} %`],
  ] as const
  return (
    <Card title="Last 30 days" note={total.requests_without_cost === 0 ? 'As in the books.' : `As in the books; ${compact(total.requests_without_cost)} requests of unknown cost count as none.`} actions={<Link to="/money/margin" className="text-sm font-medium text-accent">Margin</Link>}>
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
