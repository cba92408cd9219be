// The plans side by side: what each costs, includes and limits, out of the catalog itself. `current` marks the plan one is on.

import type { ReactNode } from 'react'
import type { PublicPlan, PublicPlans } from '../api/operations.ts'
import { Badge, join } from '../parts/surface.tsx'
import { useWords } from '../words/words.tsx'
import { cardsOf } from './model.ts'

export type PricingTableProps = {
  readonly plans: PublicPlans
  readonly current?: string | null
  /** What leads to a plan: a link or button of yours. */
  readonly action?: (plan: PublicPlan) => ReactNode
}

export function PricingTable({ plans, current = null, action }: PricingTableProps) {
  const w = useWords()
  return (
    <ul className="grid gap-4 sm:grid-cols-[repeat(auto-fit,minmax(15rem,1fr))]">
      {cardsOf(w, plans, current).map(({ plan, isCurrent, amount, period, also, funding, sections }) => (
        <li key={plan.id} className={join('flex flex-col rounded-xl border bg-surface p-5', isCurrent && 'border-accent ring-1 ring-accent')}>
          <h2 className="flex items-center justify-between gap-2 font-semibold">
            {plan.name} {isCurrent && <Badge tone="accent">{w.widgets.yourPlan}</Badge>}
          </h2>
          <p className="mt-3 text-2xl font-semibold tracking-tight">
            {amount} <span className="text-sm font-normal text-muted">{period}</span>
          </p>
          {also !== null && <p className="text-xs text-muted">{also}</p>}
          <p className="mt-1 min-h-10 text-xs text-muted">{funding}</p>
          {sections.map(({ title, lines }) => (
            <section key={title} className="mt-4">
              <h3 className="eyebrow">{title}</h3>
              <ul className="mt-1 space-y-0.5 text-sm">
                {lines.map(({ key, strong, text, isCheck }) => (
                  <li key={key}>
                    {isCheck === true && <span aria-hidden="true" className="text-good">✓ </span>}
                    {strong !== '' && <b className="font-medium">{strong} </b>}
                    {text}
                  </li>
                ))}
              </ul>
            </section>
          ))}
          {action !== undefined && <div className="mt-auto pt-5">{action(plan)}</div>}
        </li>
      ))}
    </ul>
  )
}
