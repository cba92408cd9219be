// Where the customer stands: what is left and how long it lasts, how far the period is, and what is near a limit.

import { useQuery } from '@tanstack/react-query'
import { useRefresh } from '../api/live.tsx'
import type { Budget, Period } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Button, Gauge } from '../parts/controls.tsx'
import { isZero } from '../parts/decimal.ts'
import { day, roughly } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Card, Empty, Figure, Figures, Loaded } from '../parts/surface.tsx'
import { Money, useNow } from '../parts/values.tsx'
import { BudgetRow } from '../views/budgets.tsx'
import { UsageView } from '../views/usage.tsx'
import { GraceBanner, LowBalance, UsageNudge } from '../widgets/notices.tsx'

const WEEK_DAYS = 7
const DAY_MS = 86_400_000

export function Overview({ customer, onOpen }: { readonly customer: string; readonly onOpen: (page: string) => void }) {
  const params = { customer }
  const balance = useQuery(ask('getBalance', { params }))
  const entitlements = useQuery(ask('listEntitlements', { params }))
  const invoice = useQuery(ask('previewInvoice', { params }))
  const runway = useRunway(customer, balance.data?.balance ?? null)
  useRefresh([['getBalance'], ['listEntitlements'], ['previewInvoice']])
  return (
    <div className="space-y-6">
      {entitlements.data !== undefined && <GraceBanner standing={entitlements.data.standing} notice={entitlements.data.notice} />}
      {entitlements.data !== undefined && <UsageNudge budgets={entitlements.data.budgets}><Button onClick={() => onOpen('plans')}>Compare plans</Button></UsageNudge>}
      {balance.data !== undefined && hasWallet(entitlements.data?.budgets) && <LowBalance balance={balance.data} runwayDays={runway}><Button onClick={() => onOpen('credits')}>Add credits</Button></LowBalance>}
      <Loaded query={balance} rows={3}>
        {({ balance: amount, currency }) => (
          <Figures label="Where you stand">
            {(hasWallet(entitlements.data?.budgets) || !isZero(amount)) && <Figure label="Credit balance" value={<Money amount={amount} currency={currency} />} note={runwayText(runway)} />}
            <Figure label="Used this period" value={invoice.data === undefined ? '…' : <Money amount={invoice.data.invoice.subtotal} currency={currency} />} note="fees and usage so far" />
            <Figure label="Due at its end" value={invoice.data === undefined ? '…' : <Money amount={invoice.data.amount_due} currency={currency} />} note="after credits, as of now" />
            <Figure label="Plan" value={entitlements.data?.plan ?? '…'} note={invoice.data === undefined ? '' : <PeriodNote period={invoice.data.period} />} />
          </Figures>
        )}
      </Loaded>
      <Card title="Allowances and limits" note="A live figure counts what is settled; what runs now follows within a second." flush>
        <Loaded query={entitlements} rows={4}>
          {({ budgets }) => {
            const shown = budgets.filter(({ kind }) => kind !== 'wallet')
            return shown.length === 0 ? <Empty title="Nothing limits your use but your credits" /> : <ul>{shown.map((budget) => <BudgetRow key={budget.id} budget={budget} />)}</ul>
          }}
        </Loaded>
      </Card>
      <UsageView customer={customer} isShort />
      {invoice.data !== undefined && <PeriodProgress period={invoice.data.period} />}
    </div>
  )
}

function hasWallet(budgets: readonly Budget[] | undefined): boolean {
  return budgets?.some(({ kind }) => kind === 'wallet') ?? false
}

/** How many days the balance lasts at the pace of the last week; null without usage. For orientation only: a float. */
function useRunway(customer: string, balance: string | null): number | null {
  const hour = Math.ceil(useNow(60_000) / 3_600_000) * 3_600_000
  const usage = useQuery(ask('getUsage', { params: { customer }, query: { from: new Date(hour - WEEK_DAYS * DAY_MS).toISOString(), to: new Date(hour).toISOString(), granularity: 'total' } }))
  if (balance === null || usage.data === undefined) return null
  const aDay = usage.data.totals.reduce((sum, { amount }) => sum + roughly(amount), 0) / WEEK_DAYS
  return aDay <= 0 ? null : Math.max(0, roughly(balance) / aDay)
}

function runwayText(days: number | null): string {
  if (days === null) return 'not used in the last week'
  return days > 365 ? 'for more than a year at this pace' : days < 1 ? 'for less than a day at this pace' : `for about ${Math.floor(days)} ${Math.floor(days) === 1 ? 'day' : 'days'} at this pace`
}

function PeriodNote({ period }: { readonly period: Period }) {
  const { zone } = useSettings()
  return <>until {day(period.end, zone)}</>
}

function PeriodProgress({ period }: { readonly period: Period }) {
  const { zone } = useSettings()
  const now = useNow(60_000)
  const [start, end] = [Date.parse(period.start), Date.parse(period.end)]
  const left = Math.max(0, Math.ceil((end - now) / DAY_MS))
  return (
    <Card title="Billing period" note={`${day(period.start, zone)} – ${day(period.end, zone)}`}>
      <Gauge share={(now - start) / (end - start)} label="Part of the period that is over" />
      <p className="mt-2 text-xs text-faint">{left} {left === 1 ? 'day' : 'days'} left</p>
    </Card>
  )
}
