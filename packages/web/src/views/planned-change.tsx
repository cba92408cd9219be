// What a change of plan or seats costs and when it takes effect, shown before it is made.

import type { SubscriptionChange } from '../api/operations.ts'
import { isNegative } from '../parts/decimal.ts'
import { day } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge } from '../parts/surface.tsx'
import { Money } from '../parts/values.tsx'
import { useWords } from '../words/words.tsx'

export function PlannedChange({ change }: { readonly change: SubscriptionChange }) {
  const { zone } = useSettings()
  const { change: said } = useWords()
  const { amount, currency, lines, takes_effect_at: at, upgrade, period } = change
  const isLater = Date.parse(at) > Date.now() + 60_000
  return (
    <section aria-label={said.label} className="rounded-lg border bg-sunken px-4 py-3">
      <p>
        <Badge tone={upgrade ? 'accent' : 'neutral'}>{upgrade ? said.more : said.notMore}</Badge> {said.inForce} <b className="font-medium">{isLater ? said.onDay(day(at, zone)) : said.atOnce}</b>
      </p>
      {lines.length === 0 ? (
        <p className="mt-2 text-muted">{isLater ? said.nothingLater : said.nothingNow}</p>
      ) : (
        <dl className="mt-2 grid grid-cols-[1fr_auto] gap-x-6 gap-y-1 text-xs">
          {lines.map(({ kind, id, name, seconds, period_seconds: all, whole, amount: due }) => (
            <div key={`${kind} ${id}`} className="contents">
              <dt className="text-muted" title={said.ofPeriod({ seconds, all, whole, currency })}>{name}</dt>
              <dd className="text-right"><Money amount={due} currency={currency} /></dd>
            </div>
          ))}
          <dt className="border-t pt-1 font-semibold">{isNegative(amount) ? said.back : said.due}</dt>
          <dd className="border-t pt-1 text-right font-semibold"><Money amount={amount} currency={currency} /></dd>
        </dl>
      )}
      <p className="mt-2 text-xs text-faint">{said.period({ from: day(period.start, zone), to: day(period.end, zone) })}</p>
    </section>
  )
}
