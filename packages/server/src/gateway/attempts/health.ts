// Whether an upstream, or one of its keys, is worth asking: an upstream that failed several times in a row rests, then one request
// tries it, and its success ends the rest; a key that was refused or limited rests as long as the provider says. Lives in memory of
// one process and knows no clock: instants come in.

import { jittered } from '../../platform/jitter.ts'

export type Health = {
  /** Failures in a row. */
  failures: number
  /** Rests in a row: each is longer than the one before. */
  rests: number
  /** Nobody asks before this instant; 0 while it is well. */
  restsUntil: number
  /** One request tries whether the rest is over. */
  isTried: boolean
  /** What it failed with last. */
  why: string
  /** Further attempts that it has to give: what it answers well adds to them. */
  retries: number
}

/** Failures in a row after which an upstream rests: fewer are bad luck. */
const FAILURES_MAX = 5
const REST_MS = 1_000
/** The longest rest: an upstream that is back is found within it. */
export const REST_MS_MAX = 30_000
/** How long others stay away while one request tries whether a rest is over. */
const TRIAL_MS = 10_000
/** Retries that may follow each other at once, and the share of the good answers that is added: past it an outage is not made worse. */
const RETRIES_MAX = 50
const RETRIES_PER_ANSWER = 0.2

export function newHealth(): Health {
  return { failures: 0, rests: 0, restsUntil: 0, isTried: false, why: '', retries: RETRIES_MAX }
}

export function isResting({ restsUntil }: Health, now: number): boolean {
  return restsUntil > now
}

/** True when a request may go there now. The first one after a rest is its trial: those after it wait for how it ends. */
export function enter(health: Health, now: number): boolean {
  if (health.restsUntil === 0) return true
  if (health.restsUntil > now) return false
  health.isTried = true
  health.restsUntil = now + TRIAL_MS
  return true
}

export function answered(health: Health): void {
  if (health.retries < RETRIES_MAX) health.retries = Math.min(RETRIES_MAX, health.retries + RETRIES_PER_ANSWER)
  if (health.failures === 0 && health.restsUntil === 0) return
  health.failures = 0
  health.rests = 0
  health.restsUntil = 0
  health.isTried = false
}

/** True when it rests from now on. */
export function failed(health: Health, now: number, why: string): boolean {
  health.failures += 1
  health.why = why
  // Requests that were under way when it began to rest make it no longer.
  if (health.restsUntil > now && !health.isTried) return false
  if (health.failures < FAILURES_MAX && health.rests === 0) return false
  health.restsUntil = now + jittered(Math.min(REST_MS_MAX, REST_MS * 2 ** health.rests))
  health.rests += 1
  health.isTried = false
  return true
}

/** False when an outage would only be made worse. */
export function takeRetry(health: Health): boolean {
  if (health.retries < 1) return false
  health.retries -= 1
  return true
}
