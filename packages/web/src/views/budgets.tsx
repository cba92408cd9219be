// Budgets as they stand: how much of each is used, until when, and what it concerns.

import type { Budget } from '../api/operations.ts'
import { Gauge, toneOf } from '../parts/controls.tsx'
import { isNegative, isZero, shareOf } from '../parts/decimal.ts'
import { percent } from '../parts/format.ts'
import { Badge } from '../parts/surface.tsx'
import { Measure, Time } from '../parts/values.tsx'
import { termOf, useWords } from '../words/words.tsx'

type BudgetRowProps = { readonly budget: Budget; readonly actions?: React.ReactNode; readonly entityName?: string | null }

export function BudgetRow({ budget, actions, entityName }: BudgetRowProps) {
  const share = shareOf(budget.used, budget.limit)
  const { unit } = budget
  const w = useWords()
  const { limits } = w
  return (
    <li className="border-b px-5 py-3 last:border-b-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <p className="min-w-0 font-medium">
          {budget.name} <Badge title={budget.id}>{termOf(w, budget.kind)}</Badge> {budget.enforcement !== 'hard' && <Badge tone="warn" title={budget.enforcement === 'soft' ? limits.softTitle : limits.meteredTitle}>{termOf(w, budget.enforcement)}</Badge>} {budget.observe && <Badge tone="warn" title={limits.observedTitle}>{limits.observed}</Badge>} {budget.owner === 'tenant' && <Badge tone="accent">{limits.byCustomer}</Badge>} {budget.per.length > 0 && <Badge>{limits.each(w.common.and(budget.per.map((one) => termOf(w, one))))}</Badge>}
          {entityName !== null && entityName !== undefined && <span className="ml-1 text-xs font-normal text-muted">{limits.forEntity(entityName)}</span>}
        </p>
        <p className="flex items-center gap-3 text-muted">
          <span>
            <span className="font-medium text-ink"><Measure value={budget.used} unit={unit} /></span> {limits.of} <Measure value={budget.limit} unit={unit} />
          </span>
          {actions}
        </p>
      </div>
      <div className="mt-2">
        <Gauge share={share} tone={budget.kind === 'allowance' && share >= 1 ? 'accent' : toneOf(share)} label={limits.usedOf({ name: budget.name, share: percent(share) })} />
      </div>
      <p className="mt-1.5 flex flex-wrap gap-x-4 text-xs text-faint">
        <span>{limits.used(percent(share))}</span>
        <span>{isNegative(budget.remaining) ? <>{limits.overBy} <Measure value={budget.remaining.slice(1)} unit={unit} /></> : <><Measure value={budget.remaining} unit={unit} /> {limits.left}</>}{!isZero(budget.leased) && <> (<Measure value={budget.leased} unit={unit} /> {limits.held})</>}</span>
        <span>{termOf(w, budget.window)}{budget.resets_at !== null && <>, {limits.startsAnew} <Time at={budget.resets_at} /></>}</span>
        {budget.forecast.exhausted_at !== null && <span className="text-warn">{limits.usedUp} <Time at={budget.forecast.exhausted_at} /> {limits.atPace}</span>}
        {!isZero(budget.rolled_over) && <span><Measure value={budget.rolled_over} unit={unit} /> {limits.cameOver}</span>}
        {budget.worst_case.overspend !== null && !isZero(budget.worst_case.overspend) && <span title={budget.worst_case.formula}>{limits.worstCase} <Measure value={budget.worst_case.overspend} unit={unit} /></span>}
        {budget.features !== null && <span>{limits.features(budget.features.join(', '))}</span>}
        {budget.meters !== null && <span>{limits.counts(budget.meters.map((meter) => termOf(w, meter)).join(', '))}</span>}
      </p>
    </li>
  )
}
