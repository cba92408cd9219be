// What a catalog would have changed in last month's invoices, of those on the plans that it changes and who would follow: a simulation
// over the last whole month, started beside the plan. Its result is asked for by its id.

import { instant, type Span } from '@tollgate/core'
import type { ControlPlane } from './control-plane.ts'
import type { CatalogPlan, CatalogText } from './plan-catalog.ts'
import { Problem } from './problems.ts'
import { startSimulation } from './simulate/simulations.ts'

export type PlanImpact = { readonly simulation: string; readonly span: Span; readonly plans: readonly string[] }

/** Null where nobody would notice, or another simulation runs. */
export async function startImpact(plane: ControlPlane, text: CatalogText, { customersTouched, migrations }: Pick<CatalogPlan, 'customersTouched' | 'migrations'>): Promise<PlanImpact | null> {
  const keeps = new Set(migrations.filter(({ migration }) => migration === 'keep').map(({ plan }) => plan))
  const plans = [...customersTouched].filter(([plan, customers]) => customers > 0 && !keeps.has(plan)).map(([plan]) => plan)
  if (plans.length === 0) return null
  const span = lastMonth(plane.clock.now())
  try {
    const { id } = await startSimulation(plane, { ...text, from: span.start, to: span.end, plans })
    return { simulation: id, span, plans }
  } catch (error) {
    if (error instanceof Problem && error.code === 'simulation_running') return null
    throw error
  }
}

/** The last whole month in UTC: one for all customers, whatever their periods. */
function lastMonth(now: number): Span {
  const date = new Date(now)
  const monthsBack = (months: number) => instant(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - months, 1))
  return { start: monthsBack(1), end: monthsBack(0) }
}
