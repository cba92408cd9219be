// What of an event's usage is the customer's to pay, before any allowance: not what the plan excludes (retries, hits of our own
// cache, answers that failed validation), and not what happened inside a run that is charged by its result. The rest is metered,
// limited and costed like any usage; it is only not charged.

import type { Plan } from '../catalog/catalog.ts'
import type { UsageEvent } from '../meter/event.ts'
import type { Measured } from '../meter/measure.ts'
import { isInsideOutcome } from './outcome.ts'
import type { UsagePrice } from './price.ts'

/** Usage that a plan may exclude, by what an event says of itself. */
export const EXCLUSIONS = ['cache_hits', 'retries', 'failed_validations'] as const
export type Exclusion = (typeof EXCLUSIONS)[number]

export type ChargedUsage = Pick<UsageEvent, 'feature' | 'run' | 'dimensions' | 'quantities'>

export function chargeable(plan: Plan, usage: ChargedUsage, measured: readonly Measured[]): readonly Measured[] {
  if (exclusionOf(plan, usage) !== null) return NOTHING
  if (usage.run === null || plan.outcomes.length === 0) return measured
  const inside = plan.outcomes.filter((outcome) => isInsideOutcome(outcome, usage))
  return inside.length === 0 ? measured : measured.filter(({ meter }) => inside.some((outcome) => outcome.meter === meter.id))
}

const NOTHING: readonly Measured[] = []

/** Why the plan does not charge the usage; null when it does. `retry_count` may be told as a number or as a label. */
export function exclusionOf(plan: Plan, { dimensions, quantities }: Pick<ChargedUsage, 'dimensions' | 'quantities'>): Exclusion | null {
  for (const exclusion of plan.excluded) {
    switch (exclusion) {
      case 'cache_hits':
        if (dimensions['cache_status'] === 'hit') return exclusion
        break
      case 'retries':
        if (Number(quantities['retry_count'] ?? dimensions['retry_count'] ?? 0) > 0) return exclusion
        break
      case 'failed_validations':
        if (dimensions['validation'] === 'failed') return exclusion
        break
    }
  }
  return null
}

export type OutcomePrice = Extract<UsagePrice, { readonly model: 'outcome' }>

/** Names a run as charged by a price. */
export function chargedRun(price: string, run: string): string {
  return `${price} ${run}`
}

/** The runs that a rated event has charged, by {@link chargedRun}. */
export function chargedRuns(plan: Plan, run: string | null, rated: { readonly charges: readonly { readonly price: string; readonly amount: bigint }[] }): string[] {
  if (run === null || plan.outcomes.length === 0) return []
  return rated.charges.filter(({ price, amount }) => amount > 0n && plan.outcomes.some(({ id }) => id === price)).map(({ price }) => chargedRun(price, run))
}
