// Agent runs: what the events and requests that name one run add up to.

import { DAY_MS, instant, type Instant } from '@tollgate/core'
import { latestRuns, runSums, runTotals, type RunRow, type RunTotals } from '../store/runs.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { Problem } from './problems.ts'

export type RunReport = Awaited<ReturnType<typeof runSums>> & { readonly totals: RunTotals }

export async function runOf(plane: ControlPlane, customer: string, run: string): Promise<RunReport> {
  await getCustomer(plane, customer)
  const of = { customer, run }
  const totals = await runTotals(plane.sql, of)
  if (totals === null) throw new Problem('not_found', `customer ${customer} has no usage of a run ${run}`, 'run')
  return { totals, ...(await runSums(plane.sql, of)) }
}

/** The latest first; of the last day unless `from` says otherwise. */
export async function runsOf(plane: ControlPlane, customer: string, input: { readonly from: Instant | null; readonly limit: number }): Promise<RunRow[]> {
  await getCustomer(plane, customer)
  return latestRuns(plane.sql, { customer, from: input.from ?? instant(plane.clock.now() - DAY_MS), limit: input.limit })
}
