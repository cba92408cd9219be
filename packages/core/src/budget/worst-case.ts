// The most by which what gateways let through can exceed a budget's limit, by its configuration: the formula of
// docs/concepts/enforcement.md with the terms that this budget has. Null where there is no bound.

import { holdToExact, type Budget } from './budget.ts'

export type WorstCase = { readonly overspend: bigint | null; readonly formula: string }

/** `lentBelow`: by how much limit − settled − lent is below zero now, after a limit was lowered. Exact units. */
export function worstCase(budget: Budget, standing: { readonly nodes: number; readonly lentBelow: bigint; readonly limit: bigint }): WorstCase {
  const { enforcement, terms } = budget
  const nodes = BigInt(Math.max(1, standing.nodes))
  const unbounded = (formula: string): WorstCase => ({ overspend: null, formula })
  if (terms?.observe === true) return unbounded('Observed only: nothing is refused.')
  if (enforcement === 'metered') return unbounded('Only counted: nothing is refused.')
  if (terms?.rate !== undefined) {
    const burst = holdToExact(budget.unit, terms.rate.burst ?? terms.rate.limit)
    return { overspend: burst, formula: `Any window holds at most the limit and one burst (${terms.rate.burst === undefined ? 'the limit again' : 'as set'}), and on each gateway one request that is larger than its share of the burst. A restarted gateway begins with a full burst.` }
  }
  if (enforcement === 'soft') return unbounded('Soft: past the limit requests go on after their action, with a warning.')
  if (terms?.exhausted?.action === 'overage') return unbounded('Past the limit requests go on and are paid: the funding bounds them.')
  if (terms?.exhausted?.action === 'throttle') return unbounded(`Past the limit ${terms.exhausted.perMinute} requests a minute go on, each as large as it may be.`)
  const parts = ['What each request uses above its estimate: 0 where the estimate is an upper bound, as it is on hard budgets.']
  let overspend = standing.lentBelow
  if (standing.lentBelow > 0n) parts.push('What was lent to gateways beyond the limit when it was lowered.')
  if (terms?.failMode?.mode === 'open') {
    if (terms.failMode.amount === null) return unbounded('Open: a gateway that cannot ask lets everything through.')
    overspend += holdToExact(budget.unit, terms.failMode.amount) * nodes
    parts.push(`What gateways let through while they cannot ask: the amount of the fail mode on each of ${nodes}.`)
  }
  return { overspend, formula: parts.join(' ') }
}
