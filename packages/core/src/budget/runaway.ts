// Signs that an agent's run has got into a loop: the same prompt again and again, or its customer's spending far above what is
// usual, most of it by this run. Only a suspicion: what follows from it is the customer's setting. Pure but for the record that
// it is given, which is the node's own and survives no restart.

import type { Instant } from '../time.ts'

export type RunawayRule = {
  /** `warn` tells, `throttle` lets a few requests a minute through, `halt` ends the run. */
  readonly action: 'off' | 'warn' | 'throttle' | 'halt'
  /** So many equal prompts of one run within {@link windowMs}. */
  readonly repeats: number
  readonly windowMs: number
  /** The last ten seconds against the last hour. */
  readonly velocityRatio: number
}

export const RUNAWAY_DEFAULT: RunawayRule = { action: 'warn', repeats: 5, windowMs: 60_000, velocityRatio: 8 }
/** Requests a minute that a throttled run may still make. */
export const RUNAWAY_REQUESTS_PER_MINUTE = 6

/** Decaying sums of requests: of the last ten seconds and of the last hour. */
export type Pace = { fast: number; slow: number; at: Instant; readonly since: Instant }

const FAST_MS = 10_000
const SLOW_MS = 3_600_000
/** A pace must be known this long before a jump means anything. */
const WARM_MS = 600_000
/** Fewer requests than this in ten seconds are no runaway, however quiet it was before. */
const FAST_MIN = 10

export function openPace(now: Instant): Pace {
  return { fast: 0, slow: 0, at: now, since: now }
}

function beat(pace: Pace, now: Instant): void {
  const elapsed = Math.max(0, now - pace.at)
  pace.fast = pace.fast * Math.exp(-elapsed / FAST_MS) + 1
  pace.slow = pace.slow * Math.exp(-elapsed / SLOW_MS) + 1
  pace.at = now
}

/** What one run has done lately. Prompts are kept by their fingerprint, the latest few. */
export type RunTrace = { readonly pace: Pace; readonly prompts: Map<string, { count: number; since: Instant }>; suspectedAt: Instant | null; /** When it was let through last while it is throttled. */ passedAt: number }

/** Prompts of a run that are told apart; a loop turns around few. */
const PROMPTS_MAX = 8

export function openRun(now: Instant): RunTrace {
  return { pace: openPace(now), prompts: new Map(), suspectedAt: null, passedAt: 0 }
}

/** Notes a request of the run and says what is suspicious about it; null for nothing. */
export function observeRun(rule: RunawayRule, run: RunTrace, customer: Pace, request: { readonly prompt: string | null; readonly now: Instant }): 'repeats' | 'velocity' | null {
  const { now } = request
  beat(run.pace, now)
  beat(customer, now)
  if (request.prompt !== null && repeatsOf(run, request.prompt, rule.windowMs, now) >= rule.repeats) return 'repeats'
  const isWarm = now - customer.since >= WARM_MS && customer.fast >= FAST_MIN
  const usual = customer.slow * (FAST_MS / Math.min(SLOW_MS, now - customer.since + 1))
  return isWarm && customer.fast > usual * rule.velocityRatio && run.pace.fast * 2 > customer.fast ? 'velocity' : null
}

function repeatsOf(run: RunTrace, prompt: string, windowMs: number, now: Instant): number {
  const known = run.prompts.get(prompt)
  run.prompts.delete(prompt)
  const next = known === undefined || now - known.since > windowMs ? { count: 1, since: now } : { ...known, count: known.count + 1 }
  run.prompts.set(prompt, next)
  if (run.prompts.size > PROMPTS_MAX) run.prompts.delete(run.prompts.keys().next().value!)
  return next.count
}
