// A customer's usage events, newest first, each with its charge and how it came to it. `isOperator` shows what only the operator is told.

import { useInfiniteQuery } from '@tanstack/react-query'
import { Fragment, useState } from 'react'
import type { UsageEvent } from '../api/operations.ts'
import { useFreshPages } from '../api/live.tsx'
import { askPages } from '../api/queries.ts'
import { Id } from '../parts/copy.tsx'
import { isZero } from '../parts/decimal.ts'
import { Newer } from '../parts/newer.tsx'
import { Badge, Empty, Loaded } from '../parts/surface.tsx'
import { More, Table } from '../parts/table.tsx'
import { Money, Quantity, Time } from '../parts/values.tsx'
import { ChargeLines } from './charge-lines.tsx'
import { termOf, useWords, type Words } from '../words/words.tsx'
import { quantity } from '../parts/format.ts'

export type EventFilter = { readonly price?: string; readonly batch?: string; readonly period_start?: string; readonly from?: string; readonly to?: string; readonly feature?: string }
type EventsProps = { readonly customer: string; readonly filter?: EventFilter; readonly isOperator?: boolean; readonly isLive?: boolean }

export function EventsView({ customer, filter = {}, isOperator = false, isLive = true }: EventsProps) {
  const query = useInfiniteQuery(askPages('listEvents', { params: { customer }, query: { order: 'newest', limit: isLive ? 100 : 50, ...filter } }))
  const [open, setOpen] = useState<string | null>(null)
  const w = useWords()
  const { events: said } = w
  const fresh = useFreshPages(['listEvents'], query.data?.pages.length ?? 0, (message) => isLive && message.type === 'usage.settled' && message.customer === customer)
  return (
    <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
      {(events) =>
        events.length === 0 ? (
          <Empty title={said.none}>{said.noneDetail}</Empty>
        ) : (
          <>
            {isLive && <Newer fresh={fresh} />}
            <Table
              isLong={isLive}
              label={said.label}
              rows={events}
              rowKey={keyOf}
              detail={(event) => open === keyOf(event) && <EventDetails customer={customer} event={event} isOperator={isOperator} />}
              columns={[
                { head: said.time, className: 'whitespace-nowrap', cell: ({ time }) => <Time at={time} /> },
                { head: said.model, className: 'max-w-56 truncate', cell: ({ dimensions, type }) => dimensions['model'] ?? type },
                { head: said.feature, className: 'text-muted', cell: ({ feature }) => feature ?? '–' },
                { head: said.used, className: 'text-muted', cell: (event) => usedText(w, event) },
                ...(isOperator ? [{ head: said.cost, isNumber: true, className: 'text-muted', cell: ({ cost }: UsageEvent) => (cost === null || cost === undefined ? '–' : <Money {...cost} />) }] : []),
                { head: said.charge, isNumber: true, cell: ({ estimated, amount, currency }) => <>{estimated && <Badge tone="warn" title={said.estimatedTitle}>{said.estimated}</Badge>} <Money amount={amount} currency={currency} /></> },
                { head: <span className="sr-only">{said.details}</span>, isNumber: true, cell: (event) => <Opener isOpen={open === keyOf(event)} label={said.detailsOf(event.time)} onPress={() => setOpen(open === keyOf(event) ? null : keyOf(event))} /> },
              ]}
            />
            <More query={query} isAuto={isLive} />
          </>
        )
      }
    </Loaded>
  )
}

function keyOf({ source, id }: UsageEvent): string {
  return `${source} ${id}`
}

function Opener({ isOpen, label, onPress }: { readonly isOpen: boolean; readonly label: string; readonly onPress: () => void }) {
  return (
    <button type="button" aria-expanded={isOpen} aria-label={label} onClick={onPress} className="rounded px-1.5 text-muted hover:bg-sunken hover:text-ink">
      {isOpen ? '−' : '+'}
    </button>
  )
}

const SHOWN_QUANTITIES = ['input_tokens', 'cached_input_tokens', 'output_tokens']

function usedText(w: Words, { quantities }: UsageEvent): string {
  const names = Object.keys(quantities).filter((name) => !isZero(quantities[name]!) && name !== 'requests')
  const ordered = [...SHOWN_QUANTITIES.filter((name) => names.includes(name)), ...names.filter((name) => !SHOWN_QUANTITIES.includes(name))]
  return ordered.slice(0, 3).map((name) => `${quantity(quantities[name]!, true)} ${termOf(w, name)}`).join(' · ')
}

/** How the charge came to be: every price with the aggregate that it met, and who paid. */
export function EventDetails({ customer, event, isOperator }: { readonly customer: string; readonly event: UsageEvent; readonly isOperator: boolean }) {
  const { paid, currency } = event
  const w = useWords()
  const { events: said } = w
  const parts = [
    ...paid.draws.map(({ block, amount }) => ({ name: said.fromCredits(block), amount })),
    ...(isZero(paid.accrued) ? [] : [{ name: said.onInvoice, amount: paid.accrued }]),
    ...(isZero(paid.debt) ? [] : [{ name: said.owed, amount: paid.debt }]),
  ]
  return (
    <div className="grid gap-x-10 gap-y-4 text-xs md:grid-cols-2">
      <section>
        <h3 className="font-semibold">{said.how}</h3>
        <table className="mt-2 w-full text-left">
          <thead className="text-faint">
            <tr>
              <th scope="col" className="py-1 font-medium">{said.price}</th>
              <th scope="col" className="py-1 text-right font-medium">{said.used}</th>
              <th scope="col" className="py-1 text-right font-medium">{said.included}</th>
              <th scope="col" className="py-1 text-right font-medium" title={said.beforeTitle}>{said.before}</th>
              <th scope="col" className="py-1 text-right font-medium">{said.charge}</th>
            </tr>
          </thead>
          <tbody>
            {event.charges.map((charge) => (
              <tr key={`${charge.price} ${charge.meter}`} className="border-t">
                <td className="py-1">{charge.price ?? said.isIncluded}</td>
                <td className="py-1 text-right"><Quantity value={charge.quantity} /></td>
                <td className="py-1 text-right"><Quantity value={charge.included} /></td>
                <td className="py-1 text-right"><Quantity value={charge.before} /></td>
                <td className="py-1 text-right"><Money amount={charge.amount} currency={currency} /></td>
              </tr>
            ))}
          </tbody>
        </table>
        <p className="mt-2 text-muted">
          {said.paid}: {parts.length === 0 ? said.nothingDue : parts.map(({ name, amount }, index) => <Fragment key={name}>{index > 0 && ', '}<Money amount={amount} currency={currency} /> {name}</Fragment>)}. {said.ratedBy(event.catalog_version)}
        </p>
        <ChargeLines customer={customer} event={event} />
      </section>
      <section>
        <h3 className="font-semibold">{said.what}</h3>
        <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-6 gap-y-1">
          {Object.entries(event.quantities).map(([name, value]) => <Pair key={name} name={termOf(w, name)} value={<Quantity value={value} />} />)}
          {Object.entries(event.dimensions).map(([name, value]) => <Pair key={name} name={termOf(w, name)} value={value} />)}
          {event.run !== null && <Pair name={said.run} value={event.run} />}
          {event.entity !== null && <Pair name={said.entity} value={event.entity} />}
          <Pair name={said.event} value={<Id id={event.id} />} />
          {isOperator && event.cost !== null && event.cost !== undefined && <Pair name={said.providerCost} value={<Money {...event.cost} />} />}
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
