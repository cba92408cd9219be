// What is earned on whom and on what: margin by customer, feature, model, plan or day against the target, and what a customer and a user bring.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { MarginReport } from '../../api/operations.ts'
import { ask } from '../../api/queries.ts'
import { Choice, Field } from '../../parts/controls.tsx'
import { isNegative } from '../../parts/decimal.ts'
import { Badge, Card, Empty, Figure, Figures, Loaded, PageHead } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Money, Quantity } from '../../parts/values.tsx'
import { CustomerName } from '../customer-name.tsx'
import { DataExport } from './data-export.tsx'

const DAY_MS = 86_400_000
const BY = [['customer', 'By customer'], ['feature', 'By feature'], ['model', 'By model'], ['feature,model', 'By feature and model'], ['plan', 'By plan'], ['day', 'By day']] as const
type Row = MarginReport['rows'][number]

export function daysAgo(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)
}

export function MarginPage() {
  const [from, setFrom] = useState(() => daysAgo(29))
  const [to, setTo] = useState(() => daysAgo(0))
  const [by, setBy] = useState<string>('customer')
  const query = useQuery({ ...ask('getMargin', { query: { from, to, by } }), placeholderData: keepPreviousData, enabled: from !== '' && to !== '' })
  return (
    <>
      <PageHead title="Margin" lead="Revenue less what providers charge and the overhead that you set, by the days of settlement (UTC), as in the books.">
        <div className="-mb-5 flex flex-wrap items-end gap-2">
          <Field label="From" type="date" required value={from} max={to} onChange={(event) => setFrom(event.target.value)} />
          <Field label="To" type="date" required value={to} min={from} onChange={(event) => setTo(event.target.value)} />
        </div>
      </PageHead>
      <Loaded query={query} rows={8}>
        {(report) => (
          <>
            <Totals report={report} />
            <Card title="Where it is earned" note={report.target === null ? 'No target is set.' : `The target is ${report.target.min} to ${report.target.max} %.`} actions={<Choice isBare label="Group" value={by} options={BY} onChange={(event) => setBy(event.target.value)} />} flush>
              {report.rows.length === 0 ? <Empty title="Nothing was settled in this time" /> : <Rows report={report} />}
            </Card>
          </>
        )}
      </Loaded>
      <DataExport from={from} to={to} />
    </>
  )
}

export function Totals({ report: { total, metrics, currency } }: { readonly report: MarginReport }) {
  const orNone = (amount: string | null) => (amount === null ? '–' : <Money amount={amount} currency={currency} />)
  return (
    <Figures label="Margin">
      <Figure label="Revenue" value={<Money amount={total.revenue} currency={currency} />} note="usage, fees and what takes away from them" />
      <Figure label="Provider cost" value={<Money amount={total.provider_cost} currency={currency} />} note={total.requests_without_cost === 0 ? 'of every request' : <><Quantity value={String(total.requests_without_cost)} /> of unknown cost</>} tone={total.requests_without_cost === 0 ? 'neutral' : 'warn'} />
      <Figure label="Margin" value={total.margin_percent === null ? '–' : `${total.margin_percent} %`} note={<><Money amount={total.margin} currency={currency} />{total.requests_without_cost > 0 && total.known_margin_percent !== null && `; ${total.known_margin_percent} % of what has a known cost`}</>} tone={isNegative(total.margin) ? 'bad' : total.below_target ? 'warn' : 'neutral'} />
      <Figure label="By customer" value={orNone(metrics.revenue_per_customer)} note={`revenue of each of ${metrics.customers}`} />
      <Figure label="By user" value={orNone(metrics.revenue_per_user)} note={`revenue of each of ${metrics.users}`} />
      <Figure label="Net retention" value={metrics.net_revenue_retention === null ? '–' : `${metrics.net_revenue_retention} %`} note="of the revenue of the time before" />
    </Figures>
  )
}

function Rows({ report: { rows, currency } }: { readonly report: MarginReport }) {
  const money = (amount: string) => <Money amount={amount} currency={currency} />
  return (
    <Table
      label="Margin"
      rows={rows}
      rowKey={({ group, is_rest: isRest }) => JSON.stringify([group, isRest])}
      columns={[
        { head: 'Of', cell: (row) => <span className="font-medium"><Of row={row} /></span> },
        { head: 'Requests', isNumber: true, cell: ({ requests }) => <Quantity value={String(requests)} className="text-muted" /> },
        { head: 'Revenue', isNumber: true, cell: ({ revenue }) => money(revenue) },
        { head: 'Cost', isNumber: true, cell: ({ provider_cost: cost, requests_without_cost: unknown }) => <span title={unknown === 0 ? '' : `${unknown} requests of unknown cost`}>{money(cost)}{unknown > 0 && <span className="text-warn"> *</span>}</span> },
        { head: 'Overhead', isNumber: true, cell: ({ overhead }) => <span className="text-muted">{money(overhead)}</span> },
        { head: 'Margin', isNumber: true, cell: ({ margin }) => money(margin) },
        { head: 'Of revenue', isNumber: true, cell: ({ margin_percent: percent, below_target: isBelow }) => (percent === null ? '–' : isBelow ? <Badge tone="warn" title="Below the target.">{percent} %</Badge> : `${percent} %`) },
      ]}
    />
  )
}

function Of({ row: { group, is_rest: isRest } }: { readonly row: Row }) {
  if (isRest) return <>all others</>
  if (group['customer'] !== undefined && group['customer'] !== '') return <CustomerName id={group['customer']} />
  const names = Object.values(group).map((name) => (name === '' ? 'no usage of it' : name))
  return <>{names.join(' · ')}</>
}
