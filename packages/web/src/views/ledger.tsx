// A customer's ledger: what each account stands at, every transfer between them, and the events behind a transfer.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ask, askPages } from '../api/queries.ts'
import { useRefresh } from '../api/live.tsx'
import type { Transfer } from '../api/operations.ts'
import { Button, Dialog, Field } from '../parts/controls.tsx'
import { words } from '../parts/format.ts'
import { Badge, Card, Empty, Loaded } from '../parts/surface.tsx'
import { More, Table } from '../parts/table.tsx'
import { Money, Time } from '../parts/values.tsx'
import { EventsView } from './events.tsx'

export function LedgerView({ customer, isOperator = false }: { readonly customer: string; readonly isOperator?: boolean }) {
  const [account, setAccount] = useState<string | null>(null)
  const [open, setOpen] = useState<Transfer | null>(null)
  const [at, setAt] = useState('')
  const accounts = useQuery(ask('listAccounts', { params: { customer }, query: at === '' ? {} : { at: `${at}T00:00:00Z` } }))
  const transfers = useInfiniteQuery(askPages('listTransfers', { params: { customer }, query: { limit: 100, ...(account === null ? {} : { account }) } }))
  useRefresh([['listAccounts'], ['listTransfers']], (message) => message.customer === customer)
  return (
    <div className="space-y-6">
      <Card title="Accounts" note="Credits minus debits. Over a currency they sum to zero." actions={<div className="-mb-5 w-40"><Field label="At the start of (UTC)" type="date" value={at} onChange={(event) => setAt(event.target.value)} /></div>} flush>
        <Loaded query={accounts}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="No transfer has been posted yet" />
            ) : (
              <Table
                label="Accounts"
                rows={data}
                rowKey={(row) => `${row.account} ${row.currency}`}
                columns={[
                  { head: 'Account', cell: (row) => <button type="button" className="font-mono text-xs underline decoration-edge underline-offset-2" onClick={() => setAccount(row.account)}>{row.account}</button> },
                  { head: 'Debits', isNumber: true, cell: (row) => <Money amount={row.debits} currency={row.currency} /> },
                  { head: 'Credits', isNumber: true, cell: (row) => <Money amount={row.credits} currency={row.currency} /> },
                  { head: 'Balance', isNumber: true, cell: (row) => <Money amount={row.balance} currency={row.currency} className="font-medium" /> },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      <Card title={account === null ? 'Transfers' : `Transfers of ${account}`} note="In the order of posting. A posted transfer never changes." actions={account === null ? undefined : <Button onClick={() => setAccount(null)}>All accounts</Button>} flush>
        <Loaded query={{ ...transfers, data: transfers.data?.pages.flatMap(({ data }) => data) }}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title="No transfer has been posted yet" />
            ) : (
              <Table
                isLong
                label="Transfers"
                rows={rows}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'Posted', cell: ({ posted_at }) => <Time at={posted_at} /> },
                  { head: 'Cause', cell: (row) => (row.cause === 'usage' ? <button type="button" title={row.cause_id} onClick={() => setOpen(row)} className="font-medium text-accent">{words(row.cause)}: events</button> : <Badge title={row.cause_id}>{words(row.cause)}</Badge>) },
                  { head: 'Debit', cell: ({ debit }) => <code className="font-mono text-xs">{debit}</code> },
                  { head: 'Credit', cell: ({ credit }) => <code className="font-mono text-xs">{credit}</code> },
                  { head: 'Amount', isNumber: true, cell: ({ amount, currency }) => <Money amount={amount} currency={currency} /> },
                ]}
              />
            )
          }
        </Loaded>
        <More query={transfers} />
      </Card>
      {open !== null && <Behind customer={customer} transfer={open} isOperator={isOperator} onClose={() => setOpen(null)} />}
    </div>
  )
}

/** The events of a settlement and billing period, whose charges a transfer moves. */
function Behind({ customer, transfer, isOperator, onClose }: { readonly customer: string; readonly transfer: Transfer; readonly isOperator: boolean; readonly onClose: () => void }) {
  const { amount, currency, cause_id: batch, debit, credit, period_start: period } = transfer
  return (
    <Dialog isOpen isWide onClose={onClose} title="The events behind a transfer" lead={<><Money amount={amount} currency={currency} className="font-medium text-ink" /> from <code className="font-mono text-xs">{debit}</code> to <code className="font-mono text-xs">{credit}</code>, settlement <code className="font-mono text-xs">{batch}</code>. What an event was charged may be shared out over several transfers: from each credit block, and the rest on the invoice.</>}>
      <div className="-mx-6 max-h-96 overflow-auto border-y">
        <EventsView customer={customer} filter={{ batch, ...(period === null ? {} : { period_start: period }) }} isOperator={isOperator} isLive={false} />
      </div>
      <p className="mt-4 text-right"><Button onClick={onClose}>Close</Button></p>
    </Dialog>
  )
}
