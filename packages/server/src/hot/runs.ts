// Watches the runs of agents on this node for loops. What is suspected is told first: as a warning, and once a run in the event
// stream; a customer that asked for it has the run throttled or ended.

import { observeRun, openPace, openRun, RUNAWAY_DEFAULT, RUNAWAY_REQUESTS_PER_MINUTE, type Denial, type Instant, type RunTrace } from '@tollgate/core'
import type { AuthorizeInput, Warning } from './contract.ts'
import type { CustomerState } from './customer-state.ts'

/** Runs that are watched; the one that was seen least recently is forgotten. */
const RUNS_MAX = 20_000
const MINUTE_MS = 60_000

export type Runs = Map<string, RunTrace>

/** What a suspicion means for a request: a warning, or its refusal. `isNew`: to be told in the event stream. */
export type Suspicion = { readonly warning: Warning; readonly denial: Denial | null; readonly isNew: boolean }

export function watchRun(runs: Runs, state: CustomerState, input: Pick<AuthorizeInput, 'run' | 'prompt'>, now: Instant): Suspicion | null {
  const rule = state.snapshot.runaway ?? RUNAWAY_DEFAULT
  if (input.run === null || rule.action === 'off') return null
  const name = `${state.snapshot.customer} ${input.run}`
  const run = runs.get(name) ?? openRun(now)
  runs.delete(name)
  runs.set(name, run)
  if (runs.size > RUNS_MAX) runs.delete(runs.keys().next().value!)
  state.pace ??= openPace(now)
  const found = observeRun(rule, run, state.pace, { prompt: input.prompt ?? null, now })
  const isNew = found !== null && run.suspectedAt === null
  // A suspected run stays so while it keeps asking; one that was quiet for a window begins anew.
  if (found !== null) run.suspectedAt = now
  else if (run.suspectedAt !== null && (rule.action === 'halt' ? false : now - run.suspectedAt > rule.windowMs)) run.suspectedAt = null
  if (run.suspectedAt === null) return null
  const scope = `run:${input.run}`
  const message = found === 'velocity' ? `The run ${input.run} spends far faster than is usual for this customer.` : `The run ${input.run} seems to be in a loop: it asks the same again and again.`
  const warning: Warning = { why: 'runaway', scope, reason: 'run_halted', message }
  return { warning, isNew, denial: denialOf(rule.action, run, { scope, message, now }) }
}

function denialOf(action: 'warn' | 'throttle' | 'halt' | 'off', run: RunTrace, about: { readonly scope: string; readonly message: string; readonly now: Instant }): Denial | null {
  const none = { limit: null, used: null, required: null, unit: null, resetsAt: null, topUpUrl: null, upgradeUrl: null }
  const { scope, message, now } = about
  if (action === 'halt') return { ...none, reason: 'run_halted', scope, message: `${message} It was ended, as this customer asked for. Start another run.` }
  if (action !== 'throttle') return null
  const waitMs = MINUTE_MS / RUNAWAY_REQUESTS_PER_MINUTE
  if (now - run.passedAt >= waitMs) {
    run.passedAt = now
    return null
  }
  return { ...none, reason: 'rate_limited', scope, message: `${message} It is slowed down.`, retryAfterMs: waitMs - (now - run.passedAt) }
}
