// Budgets as they stand: how much of each is used, until when, and what it concerns.

import type { Budget } from '../api/operations.ts'
import { Gauge, toneOf } from '../parts/controls.tsx'
import { isNegative, isZero, shareOf } from '../parts/decimal.ts'
import { percent, words } from '../parts/format.ts'
import { Badge } from '../parts/surface.tsx'
import { Measure, Time } from '../parts/values.tsx'

type BudgetRowProps = { readonly budget: Budget; readonly actions?: React.ReactNode; readonly entityName?: string | null }

export function BudgetRow({ budget, actions, entityName }: BudgetRowProps) {
  const share = shareOf(budget.used, budget.limit)
  const { unit } = budget
  return (
    <li className="border-b px-5 py-3 last:border-b-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <p className="min-w-0 font-medium">
          {budget.name} <Badge title={budget.id}>{budget.kind}</Badge> {budget.enforcement !== 'hard' && <Badge tone="warn" title={budget.enforcement === 'soft' ? 'Lets through, and reports.' : 'Only counts.'}>{budget.enforcement}</Badge>} {budget.observe && <Badge tone="warn" title="Decided, recorded and shown, but nothing is refused.">observed only</Badge>} {budget.owner === 'tenant' && <Badge tone="accent">set by the customer</Badge>} {budget.per.length > 0 && <Badge>each {budget.per.join(' and ')}</Badge>}
          {entityName !== null && entityName !== undefined && <span className="ml-1 text-xs font-normal text-muted">for {entityName}</span>}
        </p>
        <p className="flex items-center gap-3 text-muted">
          <span>
            <span className="font-medium text-ink"><Measure value={budget.used} unit={unit} /></span> of <Measure value={budget.limit} unit={unit} />
          </span>
          {actions}
        </p>
      </div>
      <div className="mt-2">
        <Gauge share={share} tone={budget.kind === 'allowance' && share >= 1 ? 'accent' : toneOf(share)} label={`${budget.name}: ${percent(share)} used`} />
      </div>
      <p className="mt-1.5 flex flex-wrap gap-x-4 text-xs text-faint">
        <span>{percent(share)} used</span>
        <span>{isNegative(budget.remaining) ? <>over by <Measure value={budget.remaining.slice(1)} unit={unit} /></> : <><Measure value={budget.remaining} unit={unit} /> left</>}{!isZero(budget.leased) && <> (<Measure value={budget.leased} unit={unit} /> held ready by gateways)</>}</span>
        <span>{words(budget.window).toLowerCase()}{budget.resets_at !== null && <>, starts anew <Time at={budget.resets_at} /></>}</span>
        {budget.forecast.exhausted_at !== null && <span className="text-warn">used up <Time at={budget.forecast.exhausted_at} /> at the pace of the last ten minutes</span>}
        {!isZero(budget.rolled_over) && <span><Measure value={budget.rolled_over} unit={unit} /> came over from before</span>}
        {budget.worst_case.overspend !== null && !isZero(budget.worst_case.overspend) && <span title={budget.worst_case.formula}>worst case over by <Measure value={budget.worst_case.overspend} unit={unit} /></span>}
        {budget.features !== null && <span>for {budget.features.join(', ')}</span>}
        {budget.meters !== null && <span>counts {budget.meters.join(', ')}</span>}
      </p>
    </li>
  )
}
