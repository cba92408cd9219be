// The jobs of a control plane, each on its interval: one run at a time, a failure is told and tried again at the next turn.

import { endOverdueDoubts } from '../app/authority/doubt.ts'
import { backfillMeters } from '../app/backfill.ts'
import { deliverInvoices } from '../app/handover/handovers.ts'
import { keepEven } from '../app/handover/sync.ts'
import { handUsageOver } from '../app/handover/usage.ts'
import { forceScheduled } from '../app/force-catalog.ts'
import { forgetBackgroundJobs } from '../app/background-jobs.ts'
import { exportClosedDays } from '../app/exports/scheduled.ts'
import { deliverMail, forgetMails } from '../app/mail/deliver.ts'
import { queueMail } from '../app/mail/queue.ts'
import { tellMargins } from '../app/books/margin-alerts.ts'
import { addUpUsage } from '../app/books/days.ts'
import { keepBooks } from '../app/books/keep.ts'
import { recogniseRevenue } from '../app/books/recognise.ts'
import { beginBlocks } from '../app/credits.ts'
import { expireBlocks } from '../app/wallets/expire.ts'
import { forgetSessions } from '../app/console-sessions.ts'
import type { ControlPlane } from '../app/control-plane.ts'
import { forgetAnswers } from '../app/idempotency.ts'
import { createContractFollower } from '../app/contracts/follow.ts'
import { createProgressiveBilling } from '../app/invoices/progressive.ts'
import { runBilling } from '../app/invoices/run.ts'
import { createBooksChecker } from '../app/ledger/check.ts'
import { checkpointDaily } from '../app/ledger/checkpoints.ts'
import { addUpLevels } from '../app/levels.ts'
import { keepPartitions } from '../app/partitions.ts'
import { forgetPrompts } from '../app/prompts.ts'
import { importScheduled } from '../app/rates/import-scheduled.ts'
import { forgetCodeFailures } from '../app/wallets/codes.ts'
import { createLowBalanceNotifier, tellEndingCredits } from '../app/wallets/notices.ts'
import { carryOutPayments } from '../app/wallets/payments.ts'
import { carryOutRefunds } from '../app/wallets/refunds.ts'
import { determineTaxes } from '../app/invoices/taxes.ts'
import { createRecharger } from '../app/wallets/recharge.ts'
import { deliverDue } from '../app/webhooks/deliver.ts'
import { forgetDeliveries } from '../app/webhooks/deliveries.ts'
import { fanOut } from '../app/webhooks/fan-out.ts'
import { proveRollups } from '../app/rollup-check.ts'
import { forgetEndedBudgets, forgetMinutes, forgetOutbox } from '../app/retention.ts'
import { runDueSubscriptions } from '../app/subscription/due.ts'
import { drainInbox } from '../app/providers/inbox.ts'
import { onMessage } from '../app/providers/receive.ts'
import { resyncAll, runFetches } from '../app/providers/resync.ts'

type Job = { readonly name: string; /** What it is for, on the page of jobs. */ readonly says: string; readonly everyMs: number; readonly run: (plane: ControlPlane) => Promise<unknown> }

/** Woken by each message that comes. */
const PROCESS_INBOX = 'process-provider-messages'

const JOBS: readonly Job[] = [
  { name: 'queue-webhooks', says: 'Puts what happened into the queues of webhook endpoints.', everyMs: 500, run: fanOut },
  { name: 'deliver-webhooks', says: 'Sends queued messages, and sends again what was not taken.', everyMs: 500, run: (plane) => deliverDue(plane) },
  { name: 'forget-webhook-deliveries', says: 'Forgets old deliveries.', everyMs: 3_600_000, run: forgetDeliveries },
  { name: 'queue-mail', says: 'Puts what people asked to be told of into the queue of mails.', everyMs: 2_000, run: queueMail },
  { name: 'deliver-mail', says: 'Hands mails to the mail server, and again what it did not take.', everyMs: 2_000, run: deliverMail },
  { name: 'forget-mails', says: 'Forgets old mails.', everyMs: 3_600_000, run: forgetMails },
  { name: 'end-overdue-doubts', says: 'Gives back what a gateway that never came back still held.', everyMs: 5_000, run: endOverdueDoubts },
  { name: PROCESS_INBOX, says: 'Reads what billing providers sent.', everyMs: 1_000, run: drainInbox },
  { name: 'read-from-providers', says: 'Reads subscriptions anew whose messages could not be ordered.', everyMs: 1_000, run: runFetches },
  { name: 'compare-with-providers', says: 'Compares every subscription with its provider, as a report.', everyMs: 24 * 3_600_000, run: resyncAll },
  { name: 'run-due-subscriptions', says: 'Ends trials and graces, applies scheduled changes, at their instant.', everyMs: 500, run: runDueSubscriptions },
  { name: 'recharge-wallets', says: 'Begins a purchase for each wallet that fell to its threshold.', everyMs: 1_000, run: createRecharger() },
  { name: 'carry-out-payments', says: 'Asks for the money of purchases, and looks after those that wait.', everyMs: 1_000, run: carryOutPayments },
  { name: 'tell-low-balances', says: 'Tells of wallets that run low.', everyMs: 2_000, run: createLowBalanceNotifier() },
  { name: 'tell-ending-credits', says: 'Tells of credits that end soon.', everyMs: 60_000, run: tellEndingCredits },
  { name: 'carry-out-refunds', says: 'Asks providers to give back the money of refunded credit.', everyMs: 5_000, run: carryOutRefunds },
  { name: 'begin-credit-blocks', says: 'Adds credits to their wallets whose first day has come.', everyMs: 1_000, run: beginBlocks },
  { name: 'expire-credit-blocks', says: 'Ends credits whose time is over.', everyMs: 1_000, run: expireBlocks },
  { name: 'forget-failed-codes', says: 'Forgets failed tries of codes of past hours.', everyMs: 3_600_000, run: forgetCodeFailures },
  { name: 'forget-idempotency-answers', says: 'Forgets answers that were kept for repeated calls.', everyMs: 3_600_000, run: forgetAnswers },
  { name: 'forget-outbox-messages', says: 'Forgets told messages after a month.', everyMs: 3_600_000, run: forgetOutbox },
  { name: 'determine-taxes', says: 'Asks the tax service which tax customers have, before its last answer ends.', everyMs: 10_000, run: determineTaxes },
  { name: 'bill-progressively', says: 'Writes invoices in the middle of a period where usage reached the threshold.', everyMs: 60_000, run: createProgressiveBilling() },
  { name: 'close-periods', says: 'Closes billing periods and writes their invoices.', everyMs: 60_000, run: (plane) => runBilling(plane) },
  { name: 'recognise-revenue', says: 'Recognises revenue day by day, as the books say it.', everyMs: 300_000, run: (plane) => recogniseRevenue(plane) },
  { name: 'add-up-usage', says: 'Adds up what usage earned and cost, by day.', everyMs: 60_000, run: addUpUsage },
  { name: 'close-book-days', says: 'Closes days of the books that are over, and checks their months.', everyMs: 300_000, run: keepBooks },
  { name: 'export-closed-days', says: 'Writes the records of closed days to your storage, where one is set.', everyMs: 300_000, run: exportClosedDays },
  { name: 'tell-margins', says: 'Tells whose margin fell below the target.', everyMs: 3_600_000, run: tellMargins },
  { name: 'add-up-levels', says: 'Adds up measures that are charged by their level over time.', everyMs: 60_000, run: addUpLevels },
  { name: 'backfill-meters', says: 'Counts past events for a meter that is new.', everyMs: 10_000, run: backfillMeters },
  { name: 'prove-rollups', says: 'Compares stored totals with the events that they sum.', everyMs: 300_000, run: proveRollups },
  { name: 'sign-ledger-checkpoints', says: 'Signs the chain of the ledger once a day.', everyMs: 600_000, run: checkpointDaily },
  { name: 'check-books', says: 'Compares every table that knows a figure of a customer.', everyMs: 60_000, run: createBooksChecker() },
  { name: 'forget-ended-budgets', says: 'Forgets budgets of members and minutes that ended long ago.', everyMs: 3_600_000, run: forgetEndedBudgets },
  { name: 'forget-prompts', says: 'Deletes prompts whose time is over.', everyMs: 60_000, run: forgetPrompts },
  { name: 'forget-shared-answers', says: 'Deletes stored answers whose time is over, and the oldest where they are too many.', everyMs: 60_000, run: (plane) => plane.sharedAnswers.trim() },
  { name: 'forget-background-jobs', says: 'Forgets background work of providers that has ended.', everyMs: 3_600_000, run: forgetBackgroundJobs },
  { name: 'forget-minutes', says: 'Forgets totals by minute; those by hour stay.', everyMs: 600_000, run: forgetMinutes },
  { name: 'forget-ended-sessions', says: 'Forgets ended sessions of people.', everyMs: 3_600_000, run: forgetSessions },
  { name: 'follow-contracts', says: 'Puts contracts in force, and out of it, on their dates.', everyMs: 60_000, run: createContractFollower() },
  { name: 'hand-invoices-over', says: 'Hands final invoices to the system that takes them.', everyMs: 5_000, run: deliverInvoices },
  { name: 'keep-invoices-even', says: 'Brings payments, voids and credit notes of handed-over invoices to the side that lacks them.', everyMs: 5_000, run: keepEven },
  { name: 'hand-usage-over', says: 'Sends records of usage to the provider that takes them.', everyMs: 5_000, run: handUsageOver },
  { name: 'put-scheduled-catalog-in-force', says: 'Lets running periods follow a scheduled catalog whose time has come.', everyMs: 500, run: forceScheduled },
  { name: 'import-rates', says: 'Imports the price list of providers, where one is set.', everyMs: 3_600_000, run: importScheduled },
  { name: 'create-event-partitions', says: 'Makes room for the events of coming months.', everyMs: 6 * 3_600_000, run: keepPartitions },
]

/** Starts the jobs; the returned function stops them and waits for those that run. */
export function startJobs(plane: ControlPlane): () => Promise<void> {
  const running = new Map<string, Promise<unknown>>()
  const timers = JOBS.map((job) => {
    plane.jobs.add(job)
    const turn = () => {
      if (running.has(job.name)) return
      const ended = plane.jobs.begin(job.name)
      const run = job.run(plane)
        .then(() => ended(), (error: unknown) => {
          ended(error)
          plane.log.error({ error, job: job.name }, 'a job failed; it runs again at its next turn')
        })
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
