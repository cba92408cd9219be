// How the charges of one event come about, line by line: made anew by the server from the catalog that rated it, and held against what was
// charged.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ChargeLine, UsageEvent } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Button } from '../parts/controls.tsx'
import { measure, quantity, words } from '../parts/format.ts'
import { Badge, Loaded } from '../parts/surface.tsx'
import { Money } from '../parts/values.tsx'

export function ChargeLines({ customer, event }: { readonly customer: string; readonly event: UsageEvent }) {
  const [isOpen, setOpen] = useState(false)
  const query = useQuery({ ...ask('explainEvent', { params: { customer }, query: { id: event.id, source: event.source } }), enabled: isOpen })
  if (!isOpen) return <p className="mt-2"><Button className="h-7 px-2 text-xs" onClick={() => setOpen(true)}>Verify line by line</Button></p>
  return (
    <div className="mt-3">
      <Loaded query={query} rows={3}>
        {({ charges, excluded, plan }) => (
          <>
            <p role="status">
              {charges.every(({ agrees }) => agrees) ? <Badge tone="good">worked out anew, and the same</Badge> : <Badge tone="bad">differs from what was charged</Badge>} <span className="text-muted">under plan {plan}{excluded !== null && `; not charged, because of ${words(excluded).toLowerCase()}`}</span>
            </p>
            <ul className="mt-2 space-y-2">
              {charges.map(({ price, entry, meter, amount, lines }) => (
                <li key={`${price} ${entry} ${meter}`}>
                  <p className="flex justify-between gap-4"><span className="font-medium">{price ?? 'not priced'}{entry !== null && ` ${entry}`} <span className="font-normal text-muted">on {words(meter).toLowerCase()}</span></span> <Money amount={amount} currency={event.currency} /></p>
                  {lines.map((line, index) => <p key={index} className="flex justify-between gap-4 pl-3 text-muted"><span>{lineText(line, event.currency)}</span> <Money amount={line.amount} currency={event.currency} /></p>)}
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </div>
  )
}

function lineText({ kind, tier, quantity: units, unit_amount: price, per, percent, exchange_rate: rate }: ChargeLine, currency: string): string {
  return [
    words(kind) + (tier === null ? '' : ` of tier ${tier}`), units === null ? '' : quantity(units, true), price === null ? '' : `at ${measure(price, currency, true)}${per === null || per === '1' ? ' each' : ` per ${quantity(per)}`}`,
    percent === null ? '' : `${percent} %`, rate === null ? '' : `at a rate of ${rate}`,
  ].filter(Boolean).join(', ')
}
