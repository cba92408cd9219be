// A customer's ledger: what each account stands at, and every transfer between them.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ask, askPages } from '../api/queries.ts'
import { useRefresh } from '../api/live.tsx'
import { Button } from '../parts/controls.tsx'
import { words } from '../parts/format.ts'
import { Badge, Card, Empty, Loaded } from '../parts/surface.tsx'
import { More, Table } from '../parts/table.tsx'
import { Money, Time } from '../parts/values.tsx'

export function LedgerView({ customer }: { readonly customer: string }) {
  const [account, setAccount] = useState<string | null>(null)
  const accounts = useQuery(ask('listAccounts', { params: { customer } }))
  const transfers = useInfiniteQuery(askPages('listTransfers', { params: { customer }, query: { limit: 100, ...(account === null ? {} : { account }) } }))
  useRefresh([['listAccounts'], ['listTransfers']], (message) => message.customer === customer)
  return (
    <div className="space-y-6">
      <Card title="Accounts" note="Credits minus debits. Over a currency they sum to zero." flush>
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
                label="Transfers"
                rows={rows}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'Posted', cell: ({ posted_at }) => <Time at={posted_at} /> },
                  { head: 'Cause', cell: ({ cause, cause_id }) => <Badge title={cause_id}>{words(cause)}</Badge> },
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
    </div>
  )
}
