// Where a subscription stands, in words that a support agent can read out: what is, since when, why, and what comes next.

import type { Subscription } from '../api/operations.ts'
import { day, type Zone } from '../parts/format.ts'

/** States that are no adjectives. */
const WORDS: Readonly<Record<string, string>> = { grace: 'in grace', trialing: 'in trial' }

const PERMITS: Readonly<Record<string, string>> = {
  good: 'Requests are served.',
  grace: 'Requests are still served, and a payment is late.',
  suspended: 'Requests are refused until what is owed is paid or the hold is lifted.',
  paused: 'Requests are refused while it is paused.',
  disputed: 'Requests are refused while a payment is disputed.',
  incomplete: 'Requests are refused until the first payment is recorded.',
  cancelled: 'Requests are refused: the agreement has ended.',
  expired: 'Requests are refused: the agreement has ended.',
}

export function standingText(name: string, subscription: Subscription, zone: Zone): string {
  const { state, plan, since, reason, standing } = subscription
  return [`${name} is ${WORDS[state] ?? state} on plan ${plan} since ${day(since, zone)}: ${reason}.`, PERMITS[standing] ?? '', nextText(subscription, zone)].filter(Boolean).join(' ')
}

/** What comes next by itself; empty when nothing is known to come. */
export function nextText({ ahead, scheduled, cancels_at: cancels, grace_ends_at: grace, trial_ends_at: trial, resumes_at: resumes, state }: Subscription, zone: Zone): string {
  const [next] = ahead
  if (next !== undefined) return `On ${day(next.from, zone)} it is ${WORDS[next.state] ?? next.state}${next.state === state ? ` on plan ${next.plan}` : ''}: ${next.reason}.`
  if (cancels !== null) return `It ends on ${day(cancels, zone)}.`
  if (grace !== null) return `Grace ends on ${day(grace, zone)}.`
  if (trial !== null) return `The trial ends on ${day(trial, zone)}.`
  if (resumes !== null) return `It resumes on ${day(resumes, zone)}.`
  const [change] = scheduled
  return change === undefined ? '' : `A change is ordered for ${day(change.takes_effect_at, zone)}.`
}
