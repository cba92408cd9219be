// How the charges of one event come about, line by line: made anew by the server from the catalog that rated it, and held against what was
// charged.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ChargeLine, UsageEvent } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Button } from '../parts/controls.tsx'
import { measure, quantity } from '../parts/format.ts'
import { Badge, Loaded } from '../parts/surface.tsx'
import { Money } from '../parts/values.tsx'
import { termOf, titleTerm, useWords, type Words } from '../words/words.tsx'

export function ChargeLines({ customer, event }: { readonly customer: string; readonly event: UsageEvent }) {
  const [isOpen, setOpen] = useState(false)
  const w = useWords()
  const { lines: said } = w
  const query = useQuery({ ...ask('explainEvent', { params: { customer }, query: { id: event.id, source: event.source } }), enabled: isOpen })
  if (!isOpen) return <p className="mt-2"><Button className="h-7 px-2 text-xs" onClick={() => setOpen(true)}>{said.verify}</Button></p>
  return (
    <div className="mt-3">
      <Loaded query={query} rows={3}>
        {({ charges, excluded, plan }) => (
          <>
            <p role="status">
              {charges.every(({ agrees }) => agrees) ? <Badge tone="good">{said.same}</Badge> : <Badge tone="bad">{said.differs}</Badge>} <span className="text-muted">{said.underPlan(plan)}{excluded !== null && `; ${said.excluded(termOf(w, excluded))}`}</span>
            </p>
            <ul className="mt-2 space-y-2">
              {charges.map(({ price, entry, meter, amount, lines }) => (
                <li key={`${price} ${entry} ${meter}`}>
                  <p className="flex justify-between gap-4"><span className="font-medium">{price ?? said.notPriced}{entry !== null && ` ${entry}`} <span className="font-normal text-muted">{said.on(termOf(w, meter))}</span></span> <Money amount={amount} currency={event.currency} /></p>
                  {lines.map((line, index) => <p key={index} className="flex justify-between gap-4 pl-3 text-muted"><span>{lineText(w, line, event.currency)}</span> <Money amount={line.amount} currency={event.currency} /></p>)}
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </div>
  )
}

function lineText(w: Words, { kind, tier, quantity: units, unit_amount: price, per, percent, exchange_rate: rate }: ChargeLine, currency: string): string {
  return [
    titleTerm(w, kind) + (tier === null ? '' : w.lines.tier(tier)), units === null ? '' : quantity(units, true), price === null ? '' : w.lines.at(`${measure(price, currency, true)}${per === null || per === '1' ? w.lines.each : w.lines.per(quantity(per))}`),
    percent === null ? '' : `${percent} %`, rate === null ? '' : w.lines.rate(rate),
  ].filter(Boolean).join(', ')
}
