// The jobs of a control plane, each on its interval: one run at a time, a failure is told and tried again at the next turn.

import { endOverdueDoubts } from '../app/authority/doubt.ts'
import { backfillMeters } from '../app/backfill.ts'
import { forgetBackgroundJobs } from '../app/background-jobs.ts'
import { recogniseRevenue } from '../app/books/recognise.ts'
import { expireBlocks } from '../app/credits.ts'
import { forgetSessions } from '../app/console-sessions.ts'
import type { ControlPlane } from '../app/control-plane.ts'
import { forgetAnswers } from '../app/idempotency.ts'
import { createContractFollower } from '../app/contracts/follow.ts'
import { runBilling } from '../app/invoices/run.ts'
import { createBooksChecker } from '../app/ledger/check.ts'
import { checkpointDaily } from '../app/ledger/checkpoints.ts'
import { addUpLevels } from '../app/levels.ts'
import { keepPartitions } from '../app/partitions.ts'
import { importScheduled } from '../app/rates/import-scheduled.ts'
import { deliverDue } from '../app/webhooks/deliver.ts'
import { forgetDeliveries } from '../app/webhooks/deliveries.ts'
import { fanOut } from '../app/webhooks/fan-out.ts'
import { proveRollups } from '../app/rollup-check.ts'
import { forgetEndedBudgets, forgetMinutes, forgetOutbox } from '../app/retention.ts'
import { runDueSubscriptions } from '../app/subscription/due.ts'
import { drainInbox } from '../app/providers/inbox.ts'
import { onMessage } from '../app/providers/receive.ts'
import { resyncAll, runFetches } from '../app/providers/resync.ts'

type Job = { readonly name: string; readonly everyMs: number; readonly run: (plane: ControlPlane) => Promise<unknown> }

/** Woken by each message that comes. */
const PROCESS_INBOX = 'process-provider-messages'

const JOBS: readonly Job[] = [
  { name: 'queue-webhooks', everyMs: 500, run: fanOut },
  { name: 'deliver-webhooks', everyMs: 500, run: (plane) => deliverDue(plane) },
  { name: 'forget-webhook-deliveries', everyMs: 3_600_000, run: forgetDeliveries },
  { name: 'end-overdue-doubts', everyMs: 5_000, run: endOverdueDoubts },
  { name: PROCESS_INBOX, everyMs: 1_000, run: drainInbox },
  { name: 'read-from-providers', everyMs: 1_000, run: runFetches },
  { name: 'compare-with-providers', everyMs: 24 * 3_600_000, run: resyncAll },
  { name: 'run-due-subscriptions', everyMs: 500, run: runDueSubscriptions },
  { name: 'expire-credit-blocks', everyMs: 10_000, run: expireBlocks },
  { name: 'forget-idempotency-answers', everyMs: 3_600_000, run: forgetAnswers },
  { name: 'forget-outbox-messages', everyMs: 3_600_000, run: forgetOutbox },
  { name: 'close-periods', everyMs: 60_000, run: (plane) => runBilling(plane) },
  { name: 'recognise-revenue', everyMs: 300_000, run: (plane) => recogniseRevenue(plane) },
  { name: 'add-up-levels', everyMs: 60_000, run: addUpLevels },
  { name: 'backfill-meters', everyMs: 10_000, run: backfillMeters },
  { name: 'prove-rollups', everyMs: 300_000, run: proveRollups },
  { name: 'sign-ledger-checkpoints', everyMs: 600_000, run: checkpointDaily },
  { name: 'check-books', everyMs: 60_000, run: createBooksChecker() },
  { name: 'forget-ended-budgets', everyMs: 3_600_000, run: forgetEndedBudgets },
  { name: 'forget-background-jobs', everyMs: 3_600_000, run: forgetBackgroundJobs },
  { name: 'forget-minutes', everyMs: 600_000, run: forgetMinutes },
  { name: 'forget-ended-sessions', everyMs: 3_600_000, run: forgetSessions },
  { name: 'follow-contracts', everyMs: 60_000, run: createContractFollower() },
  { name: 'import-rates', everyMs: 3_600_000, run: importScheduled },
  { name: 'create-event-partitions', everyMs: 6 * 3_600_000, run: keepPartitions },
]

/** Starts the jobs; the returned function stops them and waits for those that run. */
export function startJobs(plane: ControlPlane): () => Promise<void> {
  const running = new Map<string, Promise<unknown>>()
  const timers = JOBS.map((job) => {
    const turn = () => {
      if (running.has(job.name)) return
      const run = job.run(plane)
        .catch((error: unknown) => plane.log.error({ error, job: job.name }, 'a job failed; it runs again at its next turn'))
        .finally(() => running.delete(job.name))
      running.set(job.name, run)
    }
    if (job.name === PROCESS_INBOX) onMessage(plane, turn)
    return setInterval(turn, job.everyMs)
  })
  return async () => {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(running.values())
  }
}
