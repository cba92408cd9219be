// The invoices of all customers, and marking one paid.

import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { Invoice } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Card, PageHead } from '../../parts/surface.tsx'
import { Money } from '../../parts/values.tsx'
import { InvoicesView } from '../../views/invoices.tsx'
import { useMay } from '../session.tsx'

const STATES = [['', 'All states'], ['draft', 'Draft'], ['open', 'Open'], ['paid', 'Paid'], ['void', 'Void'], ['uncollectible', 'Uncollectible']] as const

export function InvoicesPage() {
  const [state, setState] = useState<Invoice['state'] | ''>('')
  const [paying, setPaying] = useState<Invoice | null>(null)
  const may = useMay('finance')
  return (
    <>
      <PageHead title="Invoices">
        <Choice isBare label="State" value={state} options={STATES} onChange={(event) => setState(event.target.value as Invoice['state'])} />
      </PageHead>
      <Card flush>
        <InvoicesView key={state} customer={null} {...(state === '' ? {} : { state })} customerName={({ customer, document }) => <Link to="/customers/$customer" params={{ customer }} search={{ tab: 'invoice' }} className="hover:underline">{document.buyer.name}</Link>} actions={(invoice) => may && invoice.state === 'open' && <Button className="h-7 px-2 text-xs" onClick={() => setPaying(invoice)}>Mark paid</Button>} />
      </Card>
      {paying !== null && <Pay invoice={paying} onClose={() => setPaying(null)} />}
    </>
  )
}

function Pay({ invoice, onClose }: { readonly invoice: Invoice; readonly onClose: () => void }) {
  const [reference, setReference] = useState('')
  const write = useWrite('payInvoice', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`Mark invoice ${invoice.document.number ?? ''} paid`} lead={<>Money came: <Money amount={invoice.amount_due} currency={invoice.currency} /> of {invoice.document.buyer.name}.</>}>
      <DialogForm submit="Mark paid" onSubmit={() => write.mutate({ params: { customer: invoice.customer, invoice: invoice.id }, body: { reference: reference === '' ? null : reference } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label="Reference" hint="The payment behind it." maxLength={200} value={reference} onChange={(event) => setReference(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}
