// What a change of plan or seats costs and when it takes effect, shown before it is made.

import type { SubscriptionChange } from '../api/operations.ts'
import { isNegative } from '../parts/decimal.ts'
import { day } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge } from '../parts/surface.tsx'
import { Money } from '../parts/values.tsx'

export function PlannedChange({ change }: { readonly change: SubscriptionChange }) {
  const { zone } = useSettings()
  const { amount, currency, lines, takes_effect_at: at, upgrade, period } = change
  const isLater = Date.parse(at) > Date.now() + 60_000
  return (
    <section aria-label="What it costs" className="rounded-lg border bg-sunken px-4 py-3">
      <p>
        <Badge tone={upgrade ? 'accent' : 'neutral'}>{upgrade ? 'costs more' : 'does not cost more'}</Badge> in force {isLater ? <b className="font-medium">on {day(at, zone)}</b> : <b className="font-medium">at once</b>}
      </p>
      {lines.length === 0 ? (
        <p className="mt-2 text-muted">{isLater ? 'Nothing is charged or given back: the running period stays as it is.' : 'Nothing is due for the rest of the running period.'}</p>
      ) : (
        <dl className="mt-2 grid grid-cols-[1fr_auto] gap-x-6 gap-y-1 text-xs">
          {lines.map(({ kind, id, name, seconds, period_seconds: all, whole, amount: due }) => (
            <div key={`${kind} ${id}`} className="contents">
              <dt className="text-muted" title={`${seconds} of ${all} seconds of the period, of ${whole} ${currency}`}>{name}</dt>
              <dd className="text-right"><Money amount={due} currency={currency} /></dd>
            </div>
          ))}
          <dt className="border-t pt-1 font-semibold">{isNegative(amount) ? 'Given back on the next invoice' : 'Due for the rest of the period'}</dt>
          <dd className="border-t pt-1 text-right font-semibold"><Money amount={amount} currency={currency} /></dd>
        </dl>
      )}
      <p className="mt-2 text-xs text-faint">Period {day(period.start, zone)} – {day(period.end, zone)}, shared out by the second.</p>
    </section>
  )
}
