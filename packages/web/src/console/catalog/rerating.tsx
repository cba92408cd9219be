// One re-rating: how far it is, its sums, every customer and period that would be different, and posting what is due.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { randomKey } from '../../api/client.ts'
import type { Rerating, ReratingEntry } from '../../api/operations.ts'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm, Field, Gauge } from '../../parts/controls.tsx'
import { isNegative, isZero } from '../../parts/decimal.ts'
import { day, quantity } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge, Card, Empty, Failure, Figure, Figures, Loaded, PageHead, type Tone } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Measure } from '../../parts/values.tsx'
import { CustomerName } from '../customer-name.tsx'
import { useMay } from '../session.tsx'
import { ReratingState } from './reratings.tsx'

const REFRESH_MS = 1_000

export function ReratingPage() {
  const params = useParams({ from: '/catalog/reratings/$rerating' })
  const query = useQuery({ ...ask('getRerating', { params }), refetchInterval: ({ state: { data } }) => (data === undefined || data.state === 'running' || data.state === 'posting' ? REFRESH_MS : false) })
  const [isPosting, setPosting] = useState(false)
  const { zone } = useSettings()
  const isAdmin = useMay()
  const cancel = useWrite('cancelRerating')
  return (
    <>
      <p className="mb-2 text-xs"><Link to="/catalog/reratings" className="text-muted hover:text-ink">← Re-rating</Link></p>
      <Loaded query={query} rows={8}>
        {(rerating) => (
          <>
            <PageHead
              title={`Usage of ${day(rerating.from, zone)} – ${day(rerating.to, zone)}, rated again`}
              lead={<span className="flex flex-wrap items-center gap-x-3 gap-y-1"><ReratingState state={rerating.state} /><span>under {rerating.catalog_version === null ? 'a text that came with it' : `version ${rerating.catalog_version}`}</span>{rerating.plans !== null && <span>on {rerating.plans.join(', ')}</span>}<span>“{rerating.reason}”</span></span>}
            >
              {isAdmin && (rerating.state === 'running' || rerating.state === 'previewed') && <Button disabled={cancel.isPending} onClick={() => cancel.mutate({ params })}>Cancel it</Button>}
              {isAdmin && rerating.state === 'previewed' && dueOf(rerating).length > 0 && <Button look="primary" onClick={() => setPosting(true)}>Post …</Button>}
            </PageHead>
            {cancel.error !== null && <Failure error={cancel.error} />}
            {rerating.progress !== null ? <Progress progress={rerating.progress} /> : <Sums rerating={rerating} />}
            {rerating.progress === null && rerating.totals.length > 0 && <Entries key={rerating.state} id={rerating.id} isPosting={rerating.state === 'posting'} />}
            {isPosting && <Post rerating={rerating} onClose={() => setPosting(false)} />}
          </>
        )}
      </Loaded>
    </>
  )
}

function dueOf({ totals }: Rerating): Rerating['totals'] {
  return totals.filter(({ state }) => state === 'due')
}

function Progress({ progress: { events, events_expected: expected, customers, customers_expected: all } }: { readonly progress: NonNullable<Rerating['progress']> }) {
  return (
    <Card>
      <div role="status">
        <Gauge share={expected === 0 ? 0 : events / expected} label="Part of the events that is rated" />
        <p className="mt-2 text-muted">{quantity(String(events))} of about {quantity(String(expected))} events, {quantity(String(customers))} of {quantity(String(all))} customers. You may leave this page.</p>
      </div>
    </Card>
  )
}

const STATES: Readonly<Record<ReratingEntry['state'], { readonly tone: Tone; readonly says: string }>> = {
  due: { tone: 'warn', says: 'Can be posted.' },
  posted: { tone: 'good', says: 'In the ledger, and a line of the next invoice.' },
  prepaid: { tone: 'neutral', says: 'Paid from credits: give or take credits by hand.' },
  overlaps: { tone: 'bad', says: 'Another re-rating posted another span of the period.' },
  outdated: { tone: 'bad', says: 'The span was adjusted after this was looked at: look again.' },
}

function Sums({ rerating }: { readonly rerating: Rerating }) {
  if (rerating.failure !== null) return <Card><p><Badge tone="bad">failed</Badge> {rerating.failure}</p></Card>
  return (
    <div className="mb-6 space-y-6">
      <Figures label="What was looked at">
        <Figure label="Customers" value={quantity(String(rerating.customers))} note="looked at" />
        <Figure label="Events" value={quantity(String(rerating.events))} note="rated again" />
        <Figure label="Without a price" value={quantity(String(rerating.events_unpriced))} note="events of which something has none" tone={rerating.events_unpriced > 0 ? 'warn' : 'neutral'} />
      </Figures>
      <Card title="What is different" flush>
        {rerating.totals.length === 0 ? (
          <Empty title={rerating.state === 'cancelled' ? 'It was cancelled' : 'Nothing is different'} />
        ) : (
          <Table
            label="Sums by currency and state"
            rows={rerating.totals}
            rowKey={({ currency, state }) => `${currency} ${state}`}
            columns={[
              { head: 'State', cell: ({ state }) => <><Badge tone={STATES[state].tone}>{state}</Badge> <span className="ml-1 text-muted">{STATES[state].says}</span></> },
              { head: 'Customers', isNumber: true, cell: ({ customers }) => quantity(String(customers)) },
              { head: 'Before', isNumber: true, cell: ({ before, currency }) => <Measure value={before} unit={currency} /> },
              { head: 'After', isNumber: true, cell: ({ after, currency }) => <Measure value={after} unit={currency} /> },
              { head: 'Difference', isNumber: true, cell: ({ difference, currency }) => <Difference value={difference} unit={currency} /> },
            ]}
          />
        )}
      </Card>
    </div>
  )
}

function Difference({ value, unit }: { readonly value: string; readonly unit: string }) {
  return <span className="font-medium">{!isNegative(value) && !isZero(value) && '+'}<Measure value={value} unit={unit} /></span>
}

function Entries({ id, isPosting }: { readonly id: string; readonly isPosting: boolean }) {
  const query = useInfiniteQuery({ ...askPages('listReratingEntries', { params: { rerating: id }, query: { limit: 100 } }), refetchOnMount: 'always', ...(isPosting ? { refetchInterval: REFRESH_MS } : {}) })
  const { zone } = useSettings()
  return (
    <Card title="By customer and billing period" flush>
      <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }} rows={6}>
        {(rows) => (
          <Table
            label="What it changes"
            rows={rows}
            rowKey={({ customer, period, currency }) => `${customer} ${period.start} ${currency}`}
            columns={[
              { head: 'Customer', cell: ({ customer }) => <CustomerName id={customer} tab="invoice" /> },
              { head: 'Period', cell: ({ period }) => <span className="whitespace-nowrap text-muted">{day(period.start, zone)} – {day(period.end, zone)}</span> },
              { head: 'Events', isNumber: true, cell: ({ events }) => quantity(String(events)) },
              { head: 'Charged', isNumber: true, cell: ({ charged, adjusted, currency }) => <><Measure value={charged} unit={currency} />{!isZero(adjusted) && <div className="text-xs text-muted">adjusted by <Measure value={adjusted} unit={currency} /></div>}</> },
              { head: 'After', isNumber: true, cell: ({ after, currency }) => <Measure value={after} unit={currency} /> },
              { head: 'Difference', isNumber: true, cell: ({ difference, currency }) => <Difference value={difference} unit={currency} /> },
              { head: 'State', cell: ({ state }) => <Badge tone={STATES[state].tone} title={STATES[state].says}>{state}</Badge> },
            ]}
          />
        )}
      </Loaded>
      <More query={query} />
    </Card>
  )
}

function Post({ rerating, onClose }: { readonly rerating: Rerating; readonly onClose: () => void }) {
  const [key] = useState(randomKey)
  const [count, setCount] = useState('')
  const write = useWrite('postRerating', onClose)
  const due = dueOf(rerating)
  const customers = due.reduce((sum, { customers: some }) => sum + some, 0)
  return (
    <Dialog isOpen onClose={onClose} title="Post the differences?" lead="Each becomes a transfer in the ledger and a line of the customer’s next invoice that names its days. Posted again, it posts nothing twice.">
      <DialogForm submit="Post" onSubmit={() => write.mutate({ params: { rerating: rerating.id }, idempotencyKey: key })} onCancel={onClose} isBusy={write.isPending} isReady={count === String(customers)} error={write.error}>
        <ul className="list-disc pl-5">{due.map(({ currency, difference }) => <li key={currency}>{isNegative(difference) ? 'Given back: ' : 'Charged: '}<Difference value={difference} unit={currency} /></li>)}</ul>
        <Field label={`How many customers does it touch? Type ${customers}`} inputMode="numeric" required value={count} onChange={(event) => setCount(event.target.value.trim())} />
      </DialogForm>
    </Dialog>
  )
}
