// Dated facts about a subscription: what is stored, append only, and what everything about it is folded from. A fact says what
// was true or happened at an instant, in the words of whoever told it; it is never changed. Instants that depend on a calendar are
// computed by the shell before the fact is written.

import type { Instant } from '../time.ts'

export type AddOnQuantity = { readonly id: string; readonly quantity: number }

export type DunningStage = { readonly day: number; readonly action: 'notify' | 'suspend' | 'cancel'; /** What the tenant reads; null for our own words. */ readonly message: string | null }

/** What the customer agreed to: pinned when the plan is chosen, so that history does not move with the catalog. */
export type Terms = {
  /** What happens how many days after a failed payment, in order of the days; grace lasts until the first `suspend`. */
  readonly dunning: readonly DunningStage[]
  /** Days before the end of a trial on which the tenant is told. */
  readonly trialNotices: readonly number[]
  /** What the end of a trial does. */
  readonly trialEnd: 'activate' | 'pause' | 'cancel' | 'expire'
  /** What a lost dispute does to the agreement. */
  readonly disputeLost: 'suspend' | 'cancel' | 'nothing'
  /** Length of the billing period. */
  readonly every: 'month' | 'year'
}

/** A subscription as a provider shows it at one moment, already mapped to our plans. */
export type ProviderState = {
  readonly status: 'incomplete' | 'trialing' | 'active' | 'past_due' | 'unpaid' | 'paused' | 'cancelled' | 'expired'
  readonly plan: string
  readonly seats: number
  readonly addOns: readonly AddOnQuantity[]
  readonly trialEndsAt: Instant | null
  /** Start of the running billing period: anchor of our periods. */
  readonly periodStart: Instant | null
  /** The provider will end it at this instant. */
  readonly cancelAt: Instant | null
  /** The provider will resume it at this instant. */
  readonly resumesAt: Instant | null
}

/** What a change of the agreement sets; what is left out stays. */
export type PlanChange = { readonly plan?: string; readonly seats?: number; readonly addOns?: readonly AddOnQuantity[]; readonly terms?: Terms }

export type FactBody =
  | { readonly kind: 'started'; readonly plan: string; readonly seats: number; readonly addOns: readonly AddOnQuantity[]; readonly terms: Terms; readonly anchorAt: Instant; readonly trialEndsAt: Instant | null; /** It waits for its first payment. */ readonly awaitsPayment: boolean; /** A fixed term ends here. */ readonly endsAt: Instant | null }
  | { readonly kind: 'provider_state'; readonly after: ProviderState; /** The same before the change that the message tells of; null where it does not say. */ readonly before: ProviderState | null; /** Created, changed or ended: what breaks a tie of times. */ readonly stage: 'created' | 'changed' | 'ended'; readonly terms: Terms; /** Read from the provider on our initiative, so newer than any message of that time. */ readonly fetched: boolean; /** When the provider says that the agreement began. */ readonly startedAt: Instant }
  | { readonly kind: 'plan_changed'; readonly change: PlanChange }
  | { readonly kind: 'change_scheduled'; readonly schedule: string; readonly takesEffectAt: Instant; readonly change: PlanChange }
  | { readonly kind: 'change_unscheduled'; readonly schedule: string }
  | { readonly kind: 'cancellation_scheduled'; readonly takesEffectAt: Instant }
  | { readonly kind: 'cancellation_unscheduled' }
  | { readonly kind: 'trial_extended'; readonly trialEndsAt: Instant }
  | { readonly kind: 'paused'; readonly resumesAt: Instant | null }
  | { readonly kind: 'payment_failed' | 'payment_succeeded'; readonly invoice: string | null }
  | { readonly kind: 'activated' | 'collection_stopped' | 'resumed' | 'cancelled' | 'reactivated' | 'trial_converted' | 'term_ended' }
  | { readonly kind: 'dispute_opened' | 'dispute_won' | 'dispute_lost' | 'hold_placed' | 'hold_lifted'; readonly ref: string }

export type FactSource = 'tollgate' | 'stripe' | 'chargebee' | 'recurly'

export type Fact = {
  /** Unique for ever: a provider's id of the message, or ours. The same fact told twice is one. */
  readonly id: string
  /** The agreement that it is about: several may follow each other on one customer. */
  readonly subscription: string
  readonly source: FactSource
  /** When it was so, by the clock of its source. */
  readonly at: Instant
  /** What a person reads: why. */
  readonly reason: string
  readonly body: FactBody
}
