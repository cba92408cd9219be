// What was taken back of a customer's invoices.

import { useQuery } from '@tanstack/react-query'
import { ask } from '../api/queries.ts'
import { Card, Loaded } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Money, Time } from '../parts/values.tsx'

/** Nothing while there is none. */
export function CreditNotes({ customer }: { readonly customer: string }) {
  const query = useQuery(ask('listCreditNotes', { params: { customer } }))
  if (query.data !== undefined && query.data.data.length === 0) return null
  return (
    <Card className="mt-6" title="Credit notes" note="Taken back of an invoice, with its tax." flush>
      <Loaded query={query} rows={2}>
        {({ data }) => (
          <Table
            label="Credit notes"
            rows={data}
            rowKey={({ id }) => id}
            columns={[
              { head: 'Number', cell: ({ document }) => <span className="font-medium">{document.number}</span> },
              { head: 'Of invoice', cell: ({ document }) => document.corrects },
              { head: 'Written', cell: ({ created_at: at }) => <Time at={at} className="text-muted" /> },
              { head: 'Why', className: 'text-muted', cell: ({ reason }) => reason },
              { head: 'Net', isNumber: true, cell: ({ net, currency }) => <Money amount={net} currency={currency} /> },
              { head: 'Tax', isNumber: true, cell: ({ tax, currency }) => <Money amount={tax} currency={currency} className="text-muted" /> },
              { head: 'Total', isNumber: true, cell: ({ document, currency }) => <Money amount={document.total} currency={currency} className="font-medium" /> },
            ]}
          />
        )}
      </Loaded>
    </Card>
  )
}
