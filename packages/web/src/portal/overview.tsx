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
import { useLocale, useWords, type Words } from '../words/words.tsx'

const WEEK_DAYS = 7
const DAY_MS = 86_400_000

export function Overview({ customer, onOpen }: { readonly customer: string; readonly onOpen: (page: string) => void }) {
  const params = { customer }
  const { overview: said } = useWords()
  const balance = useQuery(ask('getBalance', { params }))
  const entitlements = useQuery(ask('listEntitlements', { params }))
  const invoice = useQuery(ask('previewInvoice', { params }))
  const locale = useLocale()
  const plans = useQuery(ask('listPlans', { query: { locale } }))
  // A plan that is not public has no other name here.
  const planName = plans.isPending ? '…' : (plans.data?.plans.find(({ id }) => id === entitlements.data?.plan)?.name ?? entitlements.data?.plan ?? '…')
  const runway = useRunway(customer, balance.data?.balance ?? null)
  useRefresh([['getBalance'], ['listEntitlements'], ['previewInvoice']])
  return (
    <div className="space-y-6">
      {entitlements.data !== undefined && <GraceBanner standing={entitlements.data.standing} notice={entitlements.data.notice} />}
      {entitlements.data !== undefined && <UsageNudge budgets={entitlements.data.budgets}><Button onClick={() => onOpen('plans')}>{said.compare}</Button></UsageNudge>}
      {balance.data !== undefined && hasWallet(entitlements.data?.budgets) && <LowBalance balance={balance.data} runwayDays={runway}><Button onClick={() => onOpen('credits')}>{said.addCredits}</Button></LowBalance>}
      <Loaded query={balance} rows={3}>
        {({ balance: amount, currency }) => (
          <Figures label={said.standing}>
            {(hasWallet(entitlements.data?.budgets) || !isZero(amount)) && <Figure label={said.balance} value={<Money amount={amount} currency={currency} />} note={runwayText(said, runway)} />}
            <Figure label={said.used} value={invoice.data === undefined ? '…' : <Money amount={invoice.data.invoice.subtotal} currency={currency} />} note={said.usedNote} />
            <Figure label={said.due} value={invoice.data === undefined ? '…' : <Money amount={invoice.data.amount_due} currency={currency} />} note={said.dueNote} />
            <Figure label={said.plan} value={planName} note={invoice.data === undefined ? '' : <PeriodNote period={invoice.data.period} />} />
          </Figures>
        )}
      </Loaded>
      <Card title={said.limits} note={said.limitsNote} flush>
        <Loaded query={entitlements} rows={4}>
          {({ budgets }) => {
            const shown = budgets.filter(({ kind }) => kind !== 'wallet')
            return shown.length === 0 ? <Empty title={said.noLimits} /> : <ul>{shown.map((budget) => <BudgetRow key={budget.id} budget={budget} />)}</ul>
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

function runwayText(said: Words['overview'], days: number | null): string {
  if (days === null) return said.notUsed
  return days > 365 ? said.runwayYear : days < 1 ? said.runwayDay : said.runway(Math.floor(days))
}

function PeriodNote({ period }: { readonly period: Period }) {
  const { zone } = useSettings()
  const { overview: said } = useWords()
  return <>{said.until(day(period.end, zone))}</>
}

function PeriodProgress({ period }: { readonly period: Period }) {
  const { zone } = useSettings()
  const now = useNow(60_000)
  const { overview: said } = useWords()
  const [start, end] = [Date.parse(period.start), Date.parse(period.end)]
  const left = Math.max(0, Math.ceil((end - now) / DAY_MS))
  return (
    <Card title={said.period} note={`${day(period.start, zone)} – ${day(period.end, zone)}`}>
      <Gauge share={(now - start) / (end - start)} label={said.periodGone} />
      <p className="mt-2 text-xs text-faint">{said.daysLeft(left)}</p>
    </Card>
  )
}
