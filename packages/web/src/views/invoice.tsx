// What the invoice of the running period would say now. Each line opens to the events whose charges it sums, and the rounding is shown.

import { useQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import type { InvoiceLine, PrintedInvoice, PrintedLine } from '../api/operations.ts'
import { useRefresh } from '../api/live.tsx'
import { ask } from '../api/queries.ts'
import { isZero } from '../parts/decimal.ts'
import { day, words } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Empty, Loaded, join } from '../parts/surface.tsx'
import { Ago, Money, Quantity } from '../parts/values.tsx'
import { EventsView } from './events.tsx'

export function InvoiceView({ customer, isOperator = false }: { readonly customer: string; readonly isOperator?: boolean }) {
  const query = useQuery(ask('previewInvoice', { params: { customer } }))
  const [open, setOpen] = useState<string | null>(null)
  const { zone } = useSettings()
  useRefresh([['previewInvoice']], (message) => message.customer === customer)
  return (
    <Loaded query={query} rows={6}>
      {(invoice) => {
        const { currency, period } = invoice
        const span = { from: period.start, to: period.end }
        return (
          <Card title={<>Running period <Badge>preview</Badge></>} note={<>{day(period.start, zone)} – {day(period.end, zone)} · plan {invoice.plan} · read <Ago at={invoice.as_of} /></>} flush>
            {invoice.lines.length + invoice.invoice.lines.length === 0 ? (
              <Empty title="Nothing is due in this period yet" />
            ) : (
              <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label="Invoice lines">
                <table className="w-full text-left">
                  <thead>
                    <tr className="border-b text-xs text-faint">
                      <th scope="col" className="px-3 py-2 pl-5 font-medium">Line</th>
                      <th scope="col" className="px-3 py-2 text-right font-medium">Quantity</th>
                      <th scope="col" className="px-3 py-2 text-right font-medium">Included</th>
                      <th scope="col" className="px-3 py-2 text-right font-medium">Charged</th>
                      <th scope="col" className="px-3 py-2 text-right font-medium">Exact</th>
                      <th scope="col" className="px-3 py-2 pr-5 text-right font-medium">Amount</th>
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
  return (
    <tr className="border-b hover:bg-hover">
      <td className="px-3 py-2 pl-5"><span className="pl-4.5 font-medium">{name}</span> <Badge>{words(kind).toLowerCase()}</Badge></td>
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
  const money = (amount: string) => <Money amount={amount} currency={printed.currency} />
  const less = (name: string, amount: string) => !isZero(amount) && <Sum name={name} value={<>−{money(amount)}</>} />
  return (
    <dl className="ml-auto grid w-full max-w-sm grid-cols-[1fr_auto] gap-x-8 gap-y-1.5 px-5 py-4">
      <Sum name="Subtotal" value={money(printed.subtotal)} />
      {printed.discounts.map(({ name, amount }) => <Sum key={name} name={name} value={<>−{money(amount)}</>} />)}
      {less('Included in the plan', printed.included)}
      {less('Paid by promotional credits', printed.promotional)}
      {printed.taxes.map(({ name, percent, amount }) => <Sum key={`${name} ${percent}`} name={`${name}, ${percent} %${printed.tax_inclusive ? ', included' : ''}`} value={money(amount)} />)}
      {less('Paid by prepaid credits', printed.prepaid)}
      {!isZero(printed.rounding) && <Sum name="Rounding, printed minus exact" value={<code className="font-mono text-xs">{printed.rounding}</code>} />}
      <Sum name="Due" value={money(printed.amount_due)} isTotal />
    </dl>
  )
}

function Line({ line, currency, isOpen, onOpen }: { readonly line: InvoiceLine; readonly currency: string; readonly isOpen: boolean; readonly onOpen: () => void }) {
  const isUsage = line.kind === 'usage'
  return (
    <tr className={join('border-b hover:bg-hover', isOpen && 'bg-hover')}>
      <td className="px-3 py-2 pl-5">
        {isUsage && line.events > 0 ? (
          <button type="button" aria-expanded={isOpen} onClick={onOpen} className="text-left font-medium">
            <span aria-hidden="true" className="mr-1.5 inline-block w-3 text-faint">{isOpen ? '▾' : '▸'}</span>
            {line.name}
            <span className="ml-2 text-xs font-normal text-faint">{line.events} {line.events === 1 ? 'event' : 'events'}</span>
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
