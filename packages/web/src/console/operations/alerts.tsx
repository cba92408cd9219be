// What calls for a look, newest first: budgets near their limit, runs in a loop, books or totals that disagree, messages that stopped.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useRefresh } from '../../api/live.tsx'
import type { Alert } from '../../api/operations.ts'
import { askPages } from '../../api/queries.ts'
import { Choice, Filter } from '../../parts/controls.tsx'
import { words } from '../../parts/format.ts'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Measure, Time } from '../../parts/values.tsx'
import { CustomerName } from '../customer-name.tsx'

export function AlertsPage() {
  const [level, setLevel] = useState<Alert['level'] | ''>('')
  const [customer, setCustomer] = useState('')
  const query = useInfiniteQuery(askPages('listAlerts', { query: { limit: 50, ...(level === '' ? {} : { level }), ...(customer === '' ? {} : { customer }) } }))
  useRefresh([['listAlerts']], ({ type }) => type !== 'usage.settled' && type !== 'request.denied')
  return (
    <>
      <PageHead title="Alerts" lead="What calls for a look, kept for a month. Webhooks are told the same when it happens.">
        <Choice isBare label="Level" value={level} options={[['', 'All levels'], ['problem', 'Problems'], ['notice', 'Notices']]} onChange={(event) => setLevel(event.target.value as 'notice')} />
        <Filter label="Customer id" value={customer} onChange={setCustomer} />
      </PageHead>
      <Card flush>
        <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }} rows={6}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title="Nothing calls for a look">Budgets that reach a share of their limit, runs in a loop, figures that disagree and messages that stopped appear here by themselves.</Empty>
            ) : (
              <Table
                isLong
                label="Alerts"
                rows={rows}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'When', className: 'align-top whitespace-nowrap', cell: ({ at }) => <Time at={at} withSeconds /> },
                  { head: 'Level', className: 'align-top', cell: ({ level: one }) => <Badge tone={one === 'problem' ? 'bad' : 'warn'}>{one}</Badge> },
                  { head: 'Customer', className: 'align-top', cell: ({ customer: id }) => <CustomerName id={id} /> },
                  { head: 'What', cell: (row) => <What alert={row} /> },
                ]}
              />
            )
          }
        </Loaded>
        <More query={query} isAuto />
      </Card>
    </>
  )
}

export function What({ alert: { type, says, data } }: { readonly alert: Alert }) {
  const text = (name: string) => (typeof data[name] === 'string' || typeof data[name] === 'number' ? String(data[name]) : null)
  const [name, percent, used, limit, unit] = ['name', 'percent', 'used', 'limit', 'unit'].map(text)
  if (type === 'budget.threshold' && used && limit && unit)
    return (
      <p>
        <b className="font-medium">{name ?? text('budget')}</b> is used to {percent} %: <Measure value={used} unit={unit} /> of <Measure value={limit} unit={unit} />
      </p>
    )
  const rest = Object.entries(data).filter(([, value]) => value !== null && value !== undefined && value !== '')
  return (
    <>
      <p><b className="font-medium">{words(type)}</b> <span className="text-muted">{says.replace(' For the operator.', '')}</span></p>
      {rest.length > 0 && <p className="mt-0.5 font-mono text-xs break-words text-muted">{rest.map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' · ')}</p>}
    </>
  )
}
