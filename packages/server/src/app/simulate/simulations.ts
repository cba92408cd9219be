// Simulations that were asked for: one runs at a time, the last ones are kept in memory with their results until the control plane stops.
// They read what is stored and change nothing, so losing one loses nothing.

import { InputError, SIMULATIONS_KEPT, type Catalog, type CatalogDocument, type Instant } from '@tollgate/core'
import { compileCatalog } from '../../platform/meter-expression.ts'
import { latestRateCard } from '../../store/rate-cards.ts'
import { exchangeFor } from '../exchange/import-exchange.ts'
import { parseCatalog } from '../catalog/parse-yaml.ts'
import type { ControlPlane } from '../control-plane.ts'
import { InvalidCatalogError, type CatalogText } from '../plan-catalog.ts'
import { Problem } from '../problems.ts'
import { withRates } from '../rates/effective-rates.ts'
import { simulate, type SimulationProgress } from './simulate.ts'
import type { SimulationResult } from './totals.ts'

export type Simulation = {
  readonly id: string
  readonly from: Instant
  readonly to: Instant
  readonly startedAt: Instant
  status: 'running' | 'done' | 'failed' | 'cancelled'
  progress: SimulationProgress
  result: SimulationResult | null
  /** Why it failed. */
  reason: string | null
  readonly cancel: () => void
}

const kept = new WeakMap<ControlPlane, Map<string, Simulation>>()

export async function startSimulation(plane: ControlPlane, input: CatalogText & { readonly from: Instant; readonly to: Instant; readonly plans: readonly string[] | null }): Promise<Simulation> {
  const simulations = kept.get(plane) ?? new Map<string, Simulation>()
  kept.set(plane, simulations)
  if ([...simulations.values()].some(({ status }) => status === 'running')) throw new Problem('simulation_running', 'another simulation runs: wait for it, or cancel it')
  const span = { start: input.from, end: Math.min(input.to, plane.clock.now()) as Instant }
  if (span.start >= span.end) throw new InputError({ code: 'out_of_range', field: 'from', message: 'the period begins after it ends, or lies in the future' })
  const draft = await draftCatalog(plane, input)
  const aborting = new AbortController()
  const simulation: Simulation = {
    id: `sim_${plane.randomText()}`, from: span.start, to: span.end, startedAt: plane.clock.now(), status: 'running', progress: { events: 0, eventsExpected: 0, customers: 0, customersExpected: 0 }, result: null, reason: null,
    cancel: () => aborting.abort(),
  }
  simulations.set(simulation.id, simulation)
  while (simulations.size > SIMULATIONS_KEPT) simulations.delete(simulations.keys().next().value!)
  simulate({ sql: plane.sql, current: plane.catalogs.current(), draft, span, plans: input.plans, signal: aborting.signal, onProgress: (progress) => void (simulation.progress = progress) }).then(
    (result) => void Object.assign(simulation, { status: 'done', result }),
    (error: unknown) => {
      Object.assign(simulation, aborting.signal.aborted ? { status: 'cancelled' } : { status: 'failed', reason: error instanceof InputError ? error.message : 'something broke on our side; the log has more' })
      if (!aborting.signal.aborted) plane.log.error({ error, simulation: simulation.id }, 'a simulation failed')
    },
  )
  return simulation
}

export function findSimulation(plane: ControlPlane, id: string): Simulation {
  const found = kept.get(plane)?.get(id)
  if (found === undefined) throw new Problem('not_found', `there is no simulation ${id}: results are kept until ${SIMULATIONS_KEPT} others were started or the control plane stops`, 'simulation')
  return found
}

/** A catalog text as it would be in force: with the rates and exchange rates of now. */
export async function draftCatalog(plane: ControlPlane, text: CatalogText): Promise<Catalog> {
  return compileCatalog(await draftDocument(plane, text), 0)
}

export async function draftDocument(plane: ControlPlane, { source, overlays }: CatalogText): Promise<CatalogDocument> {
  const imported = (await latestRateCard(plane.sql))?.rates ?? []
  const parsed = parseCatalog(source, imported, overlays)
  if (parsed.kind === 'invalid') throw new InvalidCatalogError(parsed.issues)
  return { ...withRates(parsed.document, imported), exchange_rates: await exchangeFor(plane.sql, parsed.document, plane.clock.now()) }
}
