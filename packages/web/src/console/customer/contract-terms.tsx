// The terms of a contract for people: what is off, what is promised, what is priced, included and capped otherwise than by the plan; a ramp
// phase by phase, with the one of today marked.

import type { ReactNode } from 'react'
import { day, measure, quantity, words } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge } from '../../parts/surface.tsx'
import { phasesOf, type ContractDocument, type Terms } from './contract-document.ts'

export function ContractTerms({ document, currency }: { readonly document: ContractDocument; readonly currency: string }) {
  const { zone } = useSettings()
  const phases = phasesOf(document)
  const today = new Date().toISOString().slice(0, 10)
  const running = phases.findLast(({ from }) => from <= today)
  const date = (text: string) => day(`${text}T12:00:00Z`, zone)
  return (
    <div>
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <b className="font-semibold">{document.name}</b>
        <span className="text-muted">{date(document.from)} – {document.to === null ? 'without an end' : `before ${date(document.to)}`}</span>
        {document.to !== null && document.to <= today ? <Badge tone="warn">over</Badge> : document.from > today ? <Badge>not yet</Badge> : <Badge tone="good">holds</Badge>}
      </p>
      <ol className="mt-3 space-y-3">
        {phases.map((phase) => (
          <li key={phase.from} className="rounded-lg border px-4 py-3">
            {phases.length > 1 && <p className="mb-2 text-xs font-medium text-muted">From {date(phase.from)} {phase === running && <Badge tone="accent">now</Badge>}</p>}
            <dl className="grid gap-x-8 gap-y-1.5 sm:grid-cols-[10rem_1fr]">{rowsOf(phase, currency).map(({ name, value }, index) => <div key={index} className="contents"><dt className="text-muted">{name}</dt><dd>{value}</dd></div>)}</dl>
          </li>
        ))}
      </ol>
    </div>
  )
}

function rowsOf({ discounts, prices, fee, allowances, limits, commitment }: Terms, currency: string): readonly { readonly name: string; readonly value: ReactNode }[] {
  const money = (text: string) => measure(text, currency)
  const rows = [
    ...discounts.map(({ name, id, on, of, percent, amount }) => ({ name: 'Discount', value: `${percent === null ? `${money(amount ?? '0')} a period` : `${percent} %`} off ${on === 'all' ? 'everything' : `${on} ${of ?? ''}`} – ${name ?? id}` })),
    ...(fee === null ? [] : [{ name: 'Fee', value: `${money(fee)} a period, instead of the plan’s` }]),
    ...(commitment === null ? [] : [{ name: 'Commitment', value: [commitment.minimum === null ? '' : `at least ${money(commitment.minimum)}`, commitment.maximum === null ? '' : `at most ${money(commitment.maximum)}`, `in each ${commitment.window === 'contract_year' ? 'year of the contract' : 'billing period'}`, commitment.counts === 'usage' ? '; fees do not count' : ''].filter(Boolean).join(' ') }]),
    ...prices.map(({ id, meter, model, amount, per, override }) => ({ name: 'Price', value: <>{id}: {model === 'per_unit' && amount !== undefined ? `${money(amount)} for ${quantity(per ?? '1')} of ${meter ?? ''}` : `${words(model ?? '')} on ${meter ?? ''}`} <Override kind={override} /></> })),
    ...allowances.map(({ id, name, quantity: units, override }) => ({ name: 'Included', value: <>{quantity(units)} of {name ?? id} <Override kind={override} /></> })),
    ...limits.map(({ id, name, quantity: units, window, override }) => ({ name: 'Cap', value: <>{quantity(units)} a {window} – {name ?? id} <Override kind={override} /></> })),
  ]
  return rows.length === 0 ? [{ name: 'Terms', value: 'Those of the plan.' }] : rows
}

function Override({ kind }: { readonly kind: string }) {
  return <Badge title={kind === 'grant' ? 'Holds where it is better for the customer.' : 'Holds even where it is worse for the customer.'}>{kind === 'grant' ? 'where better' : 'replaces'}</Badge>
}
