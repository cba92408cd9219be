// What the invoice of the running period would say now. Each line opens to the events whose charges it sums, and the rounding is shown.

import { useQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import type { InvoiceLine, PrintedInvoice, PrintedLine } from '../api/operations.ts'
import { useRefresh } from '../api/live.tsx'
import { ask } from '../api/queries.ts'
import { isZero } from '../parts/decimal.ts'
import { day } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Loaded, join } from '../parts/surface.tsx'
import { Ago, Money, Quantity } from '../parts/values.tsx'
import { EventsView } from './events.tsx'
import { termOf, useWords } from '../words/words.tsx'

export function InvoiceView({ customer, isOperator = false }: { readonly customer: string; readonly isOperator?: boolean }) {
  const query = useQuery(ask('previewInvoice', { params: { customer } }))
  const [open, setOpen] = useState<string | null>(null)
  const { invoice: said } = useWords()
  const { zone } = useSettings()
  useRefresh([['previewInvoice']], (message) => message.customer === customer)
  return (
    <Loaded query={query} rows={6}>
      {(invoice) => {
        const { currency, period } = invoice
        const span = { from: period.start, to: period.end }
        return (
          <Card title={<>{said.running} <Badge>{said.preview}</Badge></>} note={<>{day(period.start, zone)} – {day(period.end, zone)} · {said.onPlan(invoice.plan)} · {said.read} <Ago at={invoice.as_of} /></>} flush>
            {invoice.lines.length + invoice.invoice.lines.length === 0 ? (
              <Empty title={said.none} />
            ) : (
              <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={said.label}>
                <table className="w-full text-left">
                  <thead>
                    <tr className="border-b text-xs text-faint">
                      <th scope="col" className="px-3 py-2 pl-5 font-medium">{said.line}</th>
                      <th scope="col" className="px-3 py-2 text-right font-medium">{said.quantity}</th>
                      <th scope="col" className="px-3 py-2 text-right font-medium">{said.included}</th>
                      <th scope="col" className="px-3 py-2 text-right font-medium">{said.charged}</th>
                      <th scope="col" className="px-3 py-2 text-right font-medium">{said.exact}</th>
                      <th scope="col" className="px-3 py-2 pr-5 text-right font-medium">{said.amount}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {invoice.lines.map((line) => (
                      <Fragment key={keyOf(line)}>
                        <Line line={line} currency={currency} isOpen={open === keyOf(line)} onOpen={() => setOpen(open === keyOf(line) ? null : keyOf(line))} />
                        {open === keyOf(line) && (
                          <tr className="border-b bg-sunken">
                            <td colSpan={6} className="p-0">
                              <EventsView customer={customer} filter={{ price: line.price, ...span }} isOperator={isOperator} />
                            </td>
                          </tr>
                        )}
                      </Fragment>
                    ))}
                    {invoice.invoice.lines.filter(({ kind }) => BESIDE.has(kind)).map((line) => <BesideLine key={line.line} line={line} currency={currency} />)}
                  </tbody>
                </table>
              </div>
            )}
            <Totals printed={invoice.invoice} />
          </Card>
        )
      }}
    </Loaded>
  )
}

/** What the invoice asks for beside the period itself: usage that came after its own period was closed, changes of plan, items by hand. */
const BESIDE: ReadonlySet<PrintedLine['kind']> = new Set(['late_usage', 'proration', 'item'])

function BesideLine({ line: { name, kind, quantity, exact, amount }, currency }: { readonly line: PrintedLine; readonly currency: string }) {
  const w = useWords()
  return (
    <tr className="border-b hover:bg-hover">
      <td className="px-3 py-2 pl-5"><span className="pl-4.5 font-medium">{name}</span> <Badge>{termOf(w, kind)}</Badge></td>
      <td className="px-3 py-2 text-right text-muted"><Quantity value={quantity} /></td>
      <td />
      <td />
      <td className="px-3 py-2 text-right font-mono text-xs text-muted">{exact}</td>
      <td className="px-3 py-2 pr-5 text-right"><Money amount={amount} currency={currency} /></td>
    </tr>
  )
}

/** How the sum of the lines becomes what is due. */
export function Totals({ printed }: { readonly printed: PrintedInvoice }) {
  const { invoice: said } = useWords()
  const money = (amount: string) => <Money amount={amount} currency={printed.currency} />
  const less = (name: string, amount: string) => !isZero(amount) && <Sum name={name} value={<>−{money(amount)}</>} />
  return (
    <dl className="ml-auto grid w-full max-w-sm grid-cols-[1fr_auto] gap-x-8 gap-y-1.5 px-5 py-4">
      <Sum name={said.subtotal} value={money(printed.subtotal)} />
      {printed.discounts.map(({ name, amount }) => <Sum key={name} name={name} value={<>−{money(amount)}</>} />)}
      {less(said.inPlan, printed.included)}
      {less(said.promotional, printed.promotional)}
      {printed.taxes.map(({ name, percent, amount }) => <Sum key={`${name} ${percent}`} name={`${name}, ${percent} %${printed.tax_inclusive ? said.taxIncluded : ''}`} value={money(amount)} />)}
      {less(said.prepaid, printed.prepaid)}
      {!isZero(printed.rounding) && <Sum name={said.rounding} value={<code className="font-mono text-xs">{printed.rounding}</code>} />}
      <Sum name={said.due} value={money(printed.amount_due)} isTotal />
    </dl>
  )
}

function Line({ line, currency, isOpen, onOpen }: { readonly line: InvoiceLine; readonly currency: string; readonly isOpen: boolean; readonly onOpen: () => void }) {
  const isUsage = line.kind === 'usage'
  const { invoice: said } = useWords()
  return (
    <tr className={join('border-b hover:bg-hover', isOpen && 'bg-hover')}>
      <td className="px-3 py-2 pl-5">
        {isUsage && line.events > 0 ? (
          <button type="button" aria-expanded={isOpen} onClick={onOpen} className="text-left font-medium">
            <span aria-hidden="true" className="mr-1.5 inline-block w-3 text-faint">{isOpen ? '▾' : '▸'}</span>
            {line.name}
            <span className="ml-2 text-xs font-normal text-faint">{said.events(line.events)}</span>
          </button>
        ) : (
          <span className="pl-4.5 font-medium">{line.name}</span>
        )}
      </td>
      <td className="px-3 py-2 text-right text-muted">{isUsage && <Quantity value={line.quantity} />}</td>
      <td className="px-3 py-2 text-right text-muted">{isUsage && <Quantity value={line.included} />}</td>
      <td className="px-3 py-2 text-right text-muted">{isUsage && <Quantity value={line.billable} />}</td>
      <td className="px-3 py-2 text-right font-mono text-xs text-muted">{line.exact}</td>
      <td className="px-3 py-2 pr-5 text-right"><Money amount={line.amount} currency={currency} /></td>
    </tr>
  )
}

function keyOf({ price, entry }: InvoiceLine): string {
  return `${price} ${entry ?? ''}`
}

function Sum({ name, value, isTotal = false }: { readonly name: string; readonly value: React.ReactNode; readonly isTotal?: boolean }) {
  return (
    <>
      <dt className={isTotal ? 'border-t pt-1.5 font-semibold' : 'text-muted'}>{name}</dt>
      <dd className={join('text-right', isTotal && 'border-t pt-1.5 font-semibold')}>{value}</dd>
    </>
  )
}
