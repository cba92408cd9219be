// Price simulations: started, looked at, cancelled.

import { formatUnits, units } from '@tollgate/core'
import { findSimulation, startSimulation, type Simulation } from '../../app/simulate/simulations.ts'
import type { CustomerTotals, SimulationResult } from '../../app/simulate/totals.ts'
import { timeOf } from '../contract/fields.ts'
import type { simulationRoutes } from '../contract/simulations.ts'
import type { Handlers } from '../handler.ts'

export const simulationHandlers: Handlers<keyof typeof simulationRoutes> = {
  startSimulation: async ({ plane, body }) => simulationBody(await startSimulation(plane, { source: body.source, overlays: body.overlays, from: body.from, to: body.to, plans: body.plans ?? null }), plane.catalogs.current().currency),
  getSimulation: async ({ plane, params }) => simulationBody(findSimulation(plane, params.simulation), plane.catalogs.current().currency),
  cancelSimulation: async ({ plane, params }) => {
    const simulation = findSimulation(plane, params.simulation)
    simulation.cancel()
    return simulationBody(simulation, plane.catalogs.current().currency)
  },
}

function simulationBody({ id, status, from, to, progress, reason, result }: Simulation, currency: string) {
  return {
    id, status, from: timeOf(from), to: timeOf(to), reason,
    progress: { events: progress.events, events_expected: Math.round(progress.eventsExpected), customers: progress.customers, customers_expected: progress.customersExpected },
    result: result === null ? null : resultBody(result, currency),
  }
}

function resultBody(result: SimulationResult, currency: string) {
  const customers = result.ranked.map(({ own, change }) => ({ customer: own.customer, name: own.name, plan: own.plan, change: formatUnits(change, currency), amounts: amountsBody(own), sign: change }))
  const told = (side: typeof customers) => side.map(({ sign: _, ...customer }) => customer)
  return {
    catalog_version: result.catalogVersion, customers: result.customers, customers_changed: result.changed, customers_skipped: result.skipped,
    events: result.events, events_unpriced: result.unpriced, events_without_cost: result.costUnknown, totals: amountsBody(result.totals),
    plans: result.byPlan.map(({ own, customers: of, changed }) => ({ plan: own.plan, customers: of, customers_changed: changed, amounts: amountsBody(own) })),
    decreases: told(customers.filter(({ sign }) => sign < 0n)), increases: told(customers.filter(({ sign }) => sign > 0n).toReversed()), exchange: [...result.exchange],
  }
}

function amountsBody({ byAsset }: CustomerTotals) {
  return [...byAsset].map(([asset, { current, simulated, cost, isCostKnown }]) => {
    const text = (amount: bigint): string => formatUnits(units(amount), asset)
    return {
      asset, current: text(current), simulated: text(simulated), change: text(simulated - current), cost: isCostKnown ? text(cost) : null,
      margin_current: isCostKnown ? text(current - cost) : null, margin_simulated: isCostKnown ? text(simulated - cost) : null,
    }
  })
}
