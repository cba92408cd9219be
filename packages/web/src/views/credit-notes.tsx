// What was taken back of a customer's invoices.

import { useQuery } from '@tanstack/react-query'
import { ask } from '../api/queries.ts'
import { Card, Loaded } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { Money, Time } from '../parts/values.tsx'
import { useWords } from '../words/words.tsx'

/** Nothing while there is none. */
export function CreditNotes({ customer }: { readonly customer: string }) {
  const { invoice } = useWords()
  const query = useQuery(ask('listCreditNotes', { params: { customer } }))
  if (query.data !== undefined && query.data.data.length === 0) return null
  return (
    <Card className="mt-6" title={invoice.notes} note={invoice.notesNote} flush>
      <Loaded query={query} rows={2}>
        {({ data }) => (
          <Table
            label={invoice.notes}
            rows={data}
            rowKey={({ id }) => id}
            columns={[
              { head: invoice.number, cell: ({ document }) => <span className="font-medium">{document.number}</span> },
              { head: invoice.ofInvoice, cell: ({ document }) => document.corrects },
              { head: invoice.written, cell: ({ created_at: at }) => <Time at={at} className="text-muted" /> },
              { head: invoice.why, className: 'text-muted', cell: ({ reason }) => reason },
              { head: invoice.net, isNumber: true, cell: ({ net, currency }) => <Money amount={net} currency={currency} /> },
              { head: invoice.tax, isNumber: true, cell: ({ tax, currency }) => <Money amount={tax} currency={currency} className="text-muted" /> },
              { head: invoice.total, isNumber: true, cell: ({ document, currency }) => <Money amount={document.total} currency={currency} className="font-medium" /> },
            ]}
          />
        )}
      </Loaded>
    </Card>
  )
}
