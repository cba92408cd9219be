// The invoices of all customers, and what may be done about each.

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Invoice } from '../../api/operations.ts'
import { Choice } from '../../parts/controls.tsx'
import { Card, PageHead } from '../../parts/surface.tsx'
import { InvoicesView } from '../../views/invoices.tsx'
import { InvoiceActions } from './invoice-actions.tsx'

const STATES = [['', 'All states'], ['draft', 'Draft'], ['open', 'Open'], ['paid', 'Paid'], ['void', 'Void'], ['uncollectible', 'Uncollectible']] as const

export function InvoicesPage() {
  const [state, setState] = useState<Invoice['state'] | ''>('')
  return (
    <>
      <PageHead title="Invoices" lead="Written when a billing period ends. A closed one never changes; what was wrong is taken back by a credit note.">
        <Choice isBare label="State" value={state} options={STATES} onChange={(event) => setState(event.target.value as Invoice['state'])} />
      </PageHead>
      <Card flush>
        <InvoicesView key={state} customer={null} {...(state === '' ? {} : { state })} customerName={({ customer, document }) => <Link to="/customers/$customer" params={{ customer }} search={{ tab: 'invoice' }} className="hover:underline">{document.buyer.name}</Link>} actions={(invoice) => <InvoiceActions invoice={invoice} />} />
      </Card>
    </>
  )
}
