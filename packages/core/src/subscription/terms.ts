// What a plan says about the course of a subscription, as the terms that are pinned when it is chosen.

import type { Plan } from '../catalog/catalog.ts'
import type { DunningStage, Terms } from './fact.ts'

/** Unless the plan says otherwise: the tenant is told at once, and a week later the subscription is suspended. */
export const DEFAULT_DUNNING: readonly DunningStage[] = [
  { day: 0, action: 'notify', message: null },
  { day: 7, action: 'suspend', message: null },
]

export function termsOf(plan: Plan): Terms {
  return {
    dunning: plan.dunning ?? DEFAULT_DUNNING,
    trialNotices: plan.trial?.notices ?? [],
    trialEnd: plan.trial?.end ?? 'activate',
    disputeLost: plan.standings?.disputeLost ?? 'suspend',
    every: plan.period,
  }
}
