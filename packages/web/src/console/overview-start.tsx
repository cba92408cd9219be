// What the product does, said with the figures of now: a request is decided, metered, charged and billed. And the last request that was
// refused, one click from its why.

import { useQuery } from '@tanstack/react-query'
import { Link, type LinkProps } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Overview as OverviewFigures } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { add } from '../parts/decimal.ts'
import { words } from '../parts/format.ts'
import { buttonLook } from '../parts/controls.tsx'
import { Ago, Money, Quantity } from '../parts/values.tsx'
import { CustomerName } from './customer-name.tsx'

type Step = { readonly name: string; readonly does: string; readonly figure: ReactNode; readonly to: NonNullable<LinkProps['to']>; readonly leads: string }

export function Steps({ figures }: { readonly figures: OverviewFigures }) {
  const { minutes, currency, recurring, nodes } = figures
  const events = minutes.reduce((sum, minute) => sum + minute.events, 0)
  const denied = minutes.reduce((sum, minute) => sum + minute.denied, 0)
  const charge = minutes.reduce((sum, minute) => add(sum, minute.charge), '0')
  const steps: readonly Step[] = [
    { name: 'Decide', does: 'Before a request runs: may it, and is there money for it? Else it is refused, with the reason.', figure: <><Quantity value={String(events)} /> ran, <Quantity value={String(denied)} /> refused</>, to: '/live', leads: 'Watch them live' },
    { name: 'Meter', does: 'What the provider says was used becomes an event that is never lost and never counted twice.', figure: <>{nodes} {nodes === 1 ? 'gateway' : 'gateways'} connected</>, to: '/operations/system', leads: 'System' },
    { name: 'Charge', does: 'Every event is priced exactly by your catalog, and paid from allowance, credits or the invoice.', figure: <Money amount={charge} currency={currency} />, to: '/catalog/plans', leads: 'Plans and prices' },
    { name: 'Bill', does: 'Charges and fees add up to the invoice, line by line, and to the books.', figure: <><Money amount={recurring} currency={currency} /> of fees a month</>, to: '/money/invoices', leads: 'Invoices' },
  ]
  return (
    <ol aria-label="What Tollgate does" className="mb-6 grid gap-px overflow-hidden rounded-xl border bg-line sm:grid-cols-2 lg:grid-cols-4">
      {steps.map(({ name, does, figure, to, leads }, index) => (
        <li key={name} className="flex flex-col bg-surface px-4 py-4">
          <p className="flex items-center gap-2 font-semibold"><span aria-hidden="true" className="grid size-5 place-items-center rounded-full bg-accent-soft text-2xs text-accent">{index + 1}</span><span>{name}</span></p>
          <p className="mt-1.5 text-xs text-muted">{does}</p>
          <p className="mt-2 font-medium">{figure}</p>
          <p className="mt-auto pt-2"><Link to={to} className="text-xs font-medium text-accent hover:underline">{leads}</Link></p>
        </li>
      ))}
    </ol>
  )
}

/** Nothing while nothing was refused. */
export function LastRefusal() {
  const query = useQuery(ask('listDecisions', { query: { outcome: 'denied', limit: 1 } }))
  const last = query.data?.data[0]
  if (last === undefined) return null
  return (
    <section aria-label="The last request that was refused" className="mb-6 flex flex-wrap items-center justify-between gap-3 rounded-xl border bg-surface px-5 py-3">
      <p>
        <span className="text-muted">Last refused, <Ago at={last.time} />:</span> <CustomerName id={last.customer} tab="decisions" /> {last.model !== null && <span className="text-muted">asked {last.model}</span>} <b className="font-medium text-bad">{words(last.reason ?? 'refused')}</b>
      </p>
      <Link to="/customers/$customer/decisions/$decision" params={{ customer: last.customer, decision: last.id }} search={{ at: last.time }} className={buttonLook()}>Why was it refused?</Link>
    </section>
  )
}
