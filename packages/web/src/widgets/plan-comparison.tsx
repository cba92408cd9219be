// The plans of the catalog side by side, a line for everything that one of them has.

import type { PublicPlan, PublicPlans } from '../api/operations.ts'
import { money, quantity } from '../parts/format.ts'
import { join } from '../parts/surface.tsx'
import { termOf, useWords } from '../words/words.tsx'

type Line = { readonly name: string; readonly of: (plan: PublicPlan) => string }
const NONE = '–'

export function PlanComparison({ plans: { plans, currency }, current = null }: { readonly plans: PublicPlans; readonly current?: string | null }) {
  const w = useWords()
  const { widgets: said } = w
  const groups: readonly (readonly [string, readonly Line[]])[] = [
    [said.costs, [{ name: said.aPeriod, of: ({ recurring, period }) => `${money(recurring[0]?.amount ?? '0', currency)} ${said.a(termOf(w, period))}` }]],
    [said.included, linesOf(plans, ({ allowances }) => allowances, ({ quantity: units }) => quantity(units))],
    [said.beyond, linesOf(plans, ({ prices }) => prices, ({ text }) => text)],
    [said.limits, linesOf(plans, ({ limits }) => limits, ({ quantity: units }) => quantity(units))],
    [said.features, linesOf(plans, ({ features }) => features, ({ value }) => value ?? w.common.yes)],
  ]
  return (
    <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={said.sideBySide}>
      <table className="w-full text-left">
        <thead>
          <tr className="border-b">
            <th scope="col" className="px-3 py-2 pl-5 text-xs font-medium text-faint">{said.what}</th>
            {plans.map(({ id, name }) => <th key={id} scope="col" className={join('px-3 py-2 font-semibold', id === current && 'text-accent')}>{name}{id === current && <span className="sr-only">{said.yourPlanAside}</span>}</th>)}
          </tr>
        </thead>
        {groups.filter(([, lines]) => lines.length > 0).map(([title, lines]) => (
          <tbody key={title}>
            <tr><th scope="rowgroup" colSpan={plans.length + 1} className="eyebrow px-5 pt-3 pb-1">{title}</th></tr>
            {lines.map(({ name, of }) => (
              <tr key={name} className="border-b hover:bg-hover">
                <th scope="row" className="px-3 py-1.5 pl-5 font-normal text-muted">{name}</th>
                {plans.map((plan) => <td key={plan.id} className="px-3 py-1.5">{of(plan)}</td>)}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </div>
  )
}

/** One line for each thing that any plan has, by its id. */
function linesOf<Thing extends { readonly id: string; readonly name: string }>(plans: readonly PublicPlan[], things: (plan: PublicPlan) => readonly Thing[], textOf: (thing: Thing) => string): readonly Line[] {
  const names = new Map(plans.flatMap(things).map(({ id, name }) => [id, name]))
  return [...names].map(([id, name]) => ({
    name,
    of: (plan) => {
      const found = things(plan).find((thing) => thing.id === id)
      return found === undefined ? NONE : textOf(found)
    },
  }))
}
