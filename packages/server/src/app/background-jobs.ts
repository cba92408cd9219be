// Background work at providers, as nodes ask for it. What a node settled itself is only marked; what no node holds any more is settled
// here, under the id of its reservation, so that it is charged once whoever ends it.

import { DAY_MS, type BackgroundJobs } from '@tollgate/core'
import { claimJobs, findJob, finishJobRow, forgetJobs, insertJob } from '../store/background-jobs.ts'
import type { ControlPlane } from './control-plane.ts'

/** A node that is silent for so long is taken for dead: another looks after its jobs. */
const CLAIM_SECONDS = 300
/** As long as providers keep results. */
const KEPT_MS = 30 * DAY_MS

export function createBackgroundJobs(plane: Pick<ControlPlane, 'sql' | 'queue'>): BackgroundJobs {
  return {
    open: (node, job) => insertJob(plane.sql, node, job, CLAIM_SECONDS),
    claim: (node, limit) => claimJobs(plane.sql, node, limit, CLAIM_SECONDS),
    finish: async (id, event) => {
      // First the money: a crash in between finds a duplicate, never nothing.
      if (event !== null) await plane.queue.accept([{ event, statedTime: false }])
      await finishJobRow(plane.sql, id)
    },
    find: (customer, providerId) => findJob(plane.sql, customer, providerId),
  }
}

export async function forgetBackgroundJobs(plane: ControlPlane): Promise<number> {
  return forgetJobs(plane.sql, new Date(plane.clock.now() - KEPT_MS))
}
