// A customer's usage events, newest first, each with its charge and how it came to it. `isOperator` shows what only the operator is told.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import type { UsageEvent } from '../api/operations.ts'
import { useRefresh } from '../api/live.tsx'
import { askPages } from '../api/queries.ts'
import { Id } from '../parts/copy.tsx'
import { isZero } from '../parts/decimal.ts'
import { Badge, Empty, Loaded, join } from '../parts/surface.tsx'
import { More } from '../parts/table.tsx'
import { Money, Quantity, Time } from '../parts/values.tsx'
import { ChargeLines } from './charge-lines.tsx'

export type EventFilter = { readonly price?: string; readonly batch?: string; readonly period_start?: string; readonly from?: string; readonly to?: string; readonly feature?: string }
type EventsProps = { readonly customer: string; readonly filter?: EventFilter; readonly isOperator?: boolean; readonly isLive?: boolean }

export function EventsView({ customer, filter = {}, isOperator = false, isLive = true }: EventsProps) {
  const query = useInfiniteQuery(askPages('listEvents', { params: { customer }, query: { order: 'newest', limit: 50, ...filter } }))
  const [open, setOpen] = useState<string | null>(null)
  useRefresh([['listEvents']], (message) => isLive && message.type === 'usage.settled' && message.customer === customer)
  return (
    <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
      {(events) =>
        events.length === 0 ? (
          <Empty title="No usage events here yet">They appear within a second of being settled.</Empty>
        ) : (
          <>
            <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label="Usage events">
              <table className="w-full text-left">
                <thead>
                  <tr className="border-b text-xs text-faint">
                    <th scope="col" className="px-3 py-2 pl-5 font-medium">Time</th>
                    <th scope="col" className="px-3 py-2 font-medium">Model or type</th>
                    <th scope="col" className="px-3 py-2 font-medium">Feature</th>
                    <th scope="col" className="px-3 py-2 font-medium">Used</th>
                    {isOperator && <th scope="col" className="px-3 py-2 text-right font-medium">Cost</th>}
                    <th scope="col" className="px-3 py-2 text-right font-medium">Charge</th>
                    <th scope="col" className="w-10 px-3 py-2 pr-5"><span className="sr-only">Details</span></th>
                  </tr>
                </thead>
                <tbody>
                  {events.map((event) => {
                    const key = `${event.source} ${event.id}`
                    const isOpen = open === key
                    return (
                      <Fragment key={key}>
                        <tr className={join('border-b hover:bg-hover', isOpen && 'bg-hover')}>
                          <td className="px-3 py-2 pl-5 whitespace-nowrap"><Time at={event.time} /></td>
                          <td className="max-w-56 truncate px-3 py-2">{event.dimensions['model'] ?? event.type}</td>
                          <td className="px-3 py-2 text-muted">{event.feature ?? '–'}</td>
                          <td className="px-3 py-2 text-muted">{usedText(event)}</td>
                          {isOperator && <td className="px-3 py-2 text-right text-muted">{event.cost === null || event.cost === undefined ? '–' : <Money {...event.cost} />}</td>}
                          <td className="px-3 py-2 text-right whitespace-nowrap">
                            {event.estimated && <Badge tone="warn" title="Counted by us, because the provider told no usage.">estimated</Badge>} <Money amount={event.amount} currency={event.currency} />
                          </td>
                          <td className="px-3 py-2 pr-5 text-right">
                            <button type="button" aria-expanded={isOpen} aria-label={`Details of the event of ${event.time}`} onClick={() => setOpen(isOpen ? null : key)} className="rounded px-1.5 text-muted hover:bg-sunken hover:text-ink">
                              {isOpen ? '−' : '+'}
                            </button>
                          </td>
                        </tr>
                        {isOpen && (
                          <tr className="border-b bg-sunken">
                            <td colSpan={isOperator ? 7 : 6} className="px-5 py-4">
                              <EventDetails customer={customer} event={event} isOperator={isOperator} />
                            </td>
                          </tr>
                        )}
                      </Fragment>
                    )
                  })}
                </tbody>
              </table>
            </div>
            <More query={query} />
          </>
        )
      }
    </Loaded>
  )
}

const SHOWN_QUANTITIES = ['input_tokens', 'cached_input_tokens', 'output_tokens']

function usedText({ quantities }: UsageEvent): string {
  const names = Object.keys(quantities).filter((name) => !isZero(quantities[name]!) && name !== 'requests')
  const ordered = [...SHOWN_QUANTITIES.filter((name) => names.includes(name)), ...names.filter((name) => !SHOWN_QUANTITIES.includes(name))]
  return ordered.slice(0, 3).map((name) => `${quantities[name]} ${name.replace(/_tokens$/, '').replaceAll('_', ' ')}`).join(' · ')
}

/** How the charge came to be: every price with the aggregate that it met, and who paid. */
export function EventDetails({ customer, event, isOperator }: { readonly customer: string; readonly event: UsageEvent; readonly isOperator: boolean }) {
  const { paid, currency } = event
  const parts = [
    ...paid.draws.map(({ block, amount }) => ({ name: `from credits ${block}`, amount })),
    ...(isZero(paid.accrued) ? [] : [{ name: 'on the invoice', amount: paid.accrued }]),
    ...(isZero(paid.debt) ? [] : [{ name: 'owed', amount: paid.debt }]),
  ]
  return (
    <div className="grid gap-x-10 gap-y-4 text-xs md:grid-cols-2">
      <section>
        <h3 className="font-semibold">How the charge came to be</h3>
        <table className="mt-2 w-full text-left">
          <thead className="text-faint">
            <tr>
              <th scope="col" className="py-1 font-medium">Price</th>
              <th scope="col" className="py-1 text-right font-medium">Used</th>
              <th scope="col" className="py-1 text-right font-medium">Included</th>
              <th scope="col" className="py-1 text-right font-medium" title="Billable quantity of the period before this event">Before</th>
              <th scope="col" className="py-1 text-right font-medium">Charge</th>
            </tr>
          </thead>
          <tbody>
            {event.charges.map((charge) => (
              <tr key={`${charge.price} ${charge.meter}`} className="border-t">
                <td className="py-1">{charge.price ?? 'included'}</td>
                <td className="py-1 text-right"><Quantity value={charge.quantity} /></td>
                <td className="py-1 text-right"><Quantity value={charge.included} /></td>
                <td className="py-1 text-right"><Quantity value={charge.before} /></td>
                <td className="py-1 text-right"><Money amount={charge.amount} currency={currency} /></td>
              </tr>
            ))}
          </tbody>
        </table>
        <p className="mt-2 text-muted">
          Paid: {parts.length === 0 ? 'nothing was due' : parts.map(({ name, amount }, index) => <Fragment key={name}>{index > 0 && ', '}<Money amount={amount} currency={currency} /> {name}</Fragment>)}. Rated by version {event.catalog_version} of the price list.
        </p>
        <ChargeLines customer={customer} event={event} />
      </section>
      <section>
        <h3 className="font-semibold">What was used</h3>
        <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-6 gap-y-1">
          {Object.entries(event.quantities).map(([name, value]) => <Pair key={name} name={name} value={<Quantity value={value} />} />)}
          {Object.entries(event.dimensions).map(([name, value]) => <Pair key={name} name={name} value={value} />)}
          {event.run !== null && <Pair name="run" value={event.run} />}
          {event.entity !== null && <Pair name="entity" value={event.entity} />}
          <Pair name="event" value={<Id id={event.id} />} />
          {isOperator && event.cost !== null && event.cost !== undefined && <Pair name="provider cost" value={<Money {...event.cost} />} />}
          {isOperator && Object.entries(event.context ?? {}).map(([name, value]) => <Pair key={name} name={name} value={String(value)} />)}
        </dl>
      </section>
    </div>
  )
}

function Pair({ name, value }: { readonly name: string; readonly value: React.ReactNode }) {
  return (
    <>
      <dt className="text-faint">{name}</dt>
      <dd className="min-w-0 break-words">{value}</dd>
    </>
  )
}
