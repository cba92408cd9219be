// Invoices that were written: each with its number, what it says, and the PDF. Their lines were frozen when they were closed.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Fragment, useState, type ReactNode } from 'react'
import { authorization } from '../api/client.ts'
import type { Invoice } from '../api/operations.ts'
import { askPages } from '../api/queries.ts'
import { Button, Dialog } from '../parts/controls.tsx'
import { day } from '../parts/format.ts'
import { saveFile } from '../parts/save-file.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Loaded, type Tone } from '../parts/surface.tsx'
import { More, Table } from '../parts/table.tsx'
import { Money, Quantity } from '../parts/values.tsx'
import { EventsView } from './events.tsx'
import { Totals } from './invoice.tsx'
import { termOf, useWords } from '../words/words.tsx'

const STATES: Readonly<Record<Invoice['state'], Tone>> = { draft: 'neutral', open: 'accent', paid: 'good', void: 'neutral', uncollectible: 'bad' }

/** Of one customer, or of all. `actions`: what an operator may do about one. */
export function InvoicesView({ customer, state, actions, customerName }: { readonly customer: string | null; readonly state?: Invoice['state']; readonly actions?: (invoice: Invoice) => ReactNode; readonly customerName?: (invoice: Invoice) => ReactNode }) {
  const query = { limit: 50, ...(state === undefined ? {} : { state }) }
  const own = useInfiniteQuery({ ...askPages('listInvoices', { params: { customer: customer ?? '' }, query }), enabled: customer !== null })
  const all = useInfiniteQuery({ ...askPages('listAllInvoices', { query }), enabled: customer === null })
  const asked = customer === null ? all : own
  const [open, setOpen] = useState<Invoice | null>(null)
  const w = useWords()
  const { invoice } = w
  const { zone } = useSettings()
  return (
    <>
      <Loaded query={{ ...asked, data: asked.data?.pages.flatMap(({ data }) => data) }}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty title={invoice.noneYet}>{invoice.noneYetDetail}</Empty>
          ) : (
            <Table
              isLong={customer === null}
              label={invoice.invoices}
              rows={rows}
              rowKey={({ id }) => id}
              columns={[
                { head: invoice.number, cell: (row) => <button type="button" className="font-medium underline decoration-edge underline-offset-2" onClick={() => setOpen(row)}>{row.document.number ?? invoice.draft}</button> },
                ...(customer === null ? [{ head: invoice.customer, cell: (row: Invoice) => customerName?.(row) ?? row.document.buyer.name }] : []),
                { head: invoice.period, cell: ({ period }) => <span className="text-muted">{day(period.start, zone)} – {day(period.end, zone)}</span> },
                { head: invoice.state, cell: (row) => <Badge tone={STATES[row.state]}>{termOf(w, row.state)}</Badge> },
                { head: invoice.total, isNumber: true, cell: ({ document, currency }) => <Money amount={document.total} currency={currency} /> },
                { head: invoice.due, isNumber: true, cell: ({ amount_due: amount, currency }) => <Money amount={amount} currency={currency} /> },
                { head: <span className="sr-only">{w.common.actions}</span>, isNumber: true, cell: (row) => <span className="flex justify-end gap-2">{actions?.(row)}<Pdf invoice={row} /></span> },
              ]}
            />
          )
        }
      </Loaded>
      <More query={asked} isAuto={customer === null} />
      {open !== null && <Dialog isOpen isWide onClose={() => setOpen(null)} title={invoice.titled(open.document.number ?? `(${invoice.draft})`)} lead={`${open.document.buyer.name} · ${day(open.period.start, zone)} – ${day(open.period.end, zone)}`}><Printed invoice={open} /></Dialog>}
    </>
  )
}

/** What was printed; a line of usage opens to the events whose charges it sums. */
function Printed({ invoice: { customer, document: printed } }: { readonly invoice: Invoice }) {
  const { invoice } = useWords()
  const [open, setOpen] = useState<number | null>(null)
  return (
    <div className="-mx-6 -mb-6">
      <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={invoice.linesOf}>
        <table className="w-full text-left">
          <thead>
            <tr className="border-b text-xs text-faint">
              <th scope="col" className="px-3 py-2 pl-5 font-medium">{invoice.line}</th>
              <th scope="col" className="px-3 py-2 text-right font-medium">{invoice.quantity}</th>
              <th scope="col" className="px-3 py-2 text-right font-medium">{invoice.exact}</th>
              <th scope="col" className="px-3 py-2 pr-5 text-right font-medium">{invoice.amount}</th>
            </tr>
          </thead>
          <tbody>
            {printed.lines.map((line) => (
              <Fragment key={line.line}>
                <tr className="border-b">
                  <td className="px-3 py-2 pl-5">
                    {line.kind === 'usage' || line.kind === 'late_usage' ? (
                      <button type="button" aria-expanded={open === line.line} onClick={() => setOpen(open === line.line ? null : line.line)} className="text-left font-medium"><span aria-hidden="true" className="mr-1.5 inline-block w-3 text-faint">{open === line.line ? '▾' : '▸'}</span>{line.name}</button>
                    ) : (
                      <span className="pl-4.5 font-medium">{line.name}</span>
                    )}
                  </td>
                  <td className="px-3 py-2 text-right text-muted"><Quantity value={line.quantity} /></td>
                  <td className="px-3 py-2 text-right font-mono text-xs text-muted">{line.exact}</td>
                  <td className="px-3 py-2 pr-5 text-right"><Money amount={line.amount} currency={printed.currency} /></td>
                </tr>
                {open === line.line && (
                  <tr className="border-b bg-sunken">
                    <td colSpan={4} className="p-0"><EventsView customer={customer} filter={{ price: line.price, from: line.from, to: line.to }} isLive={false} /></td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      <Totals printed={printed} />
      {printed.notes.length > 0 && <p className="px-5 pb-4 text-xs text-muted">{printed.notes.join(' ')}</p>}
    </div>
  )
}

/** The API wants the token in a header, which a link cannot send. */
function Pdf({ invoice }: { readonly invoice: Invoice }) {
  const [isBusy, setBusy] = useState(false)
  const w = useWords()
  const [hasFailed, setFailed] = useState(false)
  const load = async () => {
    setBusy(true)
    const answer = await fetch(`/v1/customers/${encodeURIComponent(invoice.customer)}/invoices/${encodeURIComponent(invoice.id)}/pdf`, { headers: authorization(), credentials: 'same-origin' }).catch(() => null)
    setBusy(false)
    setFailed(answer === null || !answer.ok)
    if (answer === null || !answer.ok) return
    saveFile(await answer.blob(), `${invoice.document.number ?? invoice.id}.pdf`)
  }
  return (
    <Button className="h-7 px-2 text-xs" disabled={isBusy} onClick={() => void load()} aria-label={w.invoice.pdfOf(invoice.document.number ?? invoice.id)}>
      {hasFailed ? w.common.tryAgain : w.invoice.pdf}
    </Button>
  )
}

export function InvoicesCard({ customer, actions }: { readonly customer: string; readonly actions?: (invoice: Invoice) => ReactNode }) {
  const { invoice } = useWords()
  return (
    <Card className="mt-6" title={invoice.invoices} note={invoice.invoicesNote} flush>
      <InvoicesView customer={customer} {...(actions === undefined ? {} : { actions })} />
    </Card>
  )
}
