// What a node knows of a customer, as plain JSON: compiled by the control plane once per change, pushed by version, kept
// in the node's memory. Decisions read this and the catalog, nothing else.

import type { CustomerId, EntityId } from '../id.ts'
import type { Budget } from '../budget/budget.ts'
import type { EntityKind } from '../budget/match.ts'
import type { RunawayRule } from '../budget/runaway.ts'
import type { TermsDocument } from '../contract/document.ts'
import type { SubscriptionNotice } from '../subscription/notice.ts'
import type { Instant, Span } from '../time.ts'
import type { ResolvedEntitlement } from './compose.ts'

/** What a subscription permits now. `good` may use all that the plan grants; what the others may is for the plan to say. */
export type Standing = 'good' | 'grace' | 'suspended' | 'paused' | 'disputed' | 'incomplete' | 'cancelled' | 'expired'

export type CustomerSnapshot = {
  readonly customer: CustomerId
  readonly name: string
  /** Rises with each change of anything below. */
  readonly version: number
  readonly catalogVersion: number
  readonly plan: string
  /** Catalog version of the plan, where the customer keeps an earlier one than that in force. */
  readonly planVersion?: number
  readonly standing: Standing
  /** How far the customer's clock is ahead of ours: 0 unless a test turned it. */
  readonly clockOffsetMs: number
  /** What the tenant should be told of its subscription; null when all is well. */
  readonly notice: SubscriptionNotice | null
  /** Features by id, resolved from all sources; those that nothing mentions are not there. */
  readonly entitlements: Readonly<Record<string, ResolvedEntitlement>>
  /** Features that may be used in this standing; null for all that are granted. */
  readonly usable: readonly string[] | null
  /** What the plan's usage is priced and paid in: a currency, or the id of a credit asset. */
  readonly currency: string
  /** What invoices are in; left out, the currency of the catalog. */
  readonly money?: string
  /** The terms of the customer's contract that are in force; none unless there. */
  readonly terms?: TermsDocument | null
  /** How long these terms, or none, hold. */
  readonly termsHold?: Span
  /** The billing period that the snapshot was compiled for. */
  readonly period: { readonly start: Instant; readonly end: Instant }
  /** Budgets that must all hold. */
  readonly limits: readonly Budget[]
  /** Who pays, in order. */
  readonly funding: readonly FundingSource[]
  /** Where each aggregate stood at compile time, by `positionKey`, as `formatPosition` writes it. */
  readonly positions: Readonly<Record<string, string>>
  /** Parents of each entity, nearest first, for budgets up the tree. */
  readonly entityPaths: Readonly<Record<EntityId, readonly EntityId[]>>
  /** What each entity is; absent where none is known. */
  readonly entityKinds?: Readonly<Record<EntityId, EntityKind>>
  /** What was stopped by hand; absent for nothing. */
  readonly frozen?: Frozen
  /** Everything is decided, recorded and shown, and nothing is refused. */
  readonly observe?: boolean
  /** What happens to a run that seems to be in a loop; {@link RUNAWAY_DEFAULT} where nothing was set. */
  readonly runaway?: RunawayRule
  /** The snapshot must be compiled anew at this instant: a period ends, a block expires. */
  readonly validUntil: Instant
  readonly topUpUrl: string
  readonly upgradeUrl: string
}

export type FundingSource =
  | { readonly kind: 'allowance'; readonly allowance: string; readonly budget: Budget }
  | { readonly kind: 'wallet'; readonly budget: Budget }
  | { readonly kind: 'overage' }

/** Stopped by one call, until it is lifted. */
export type Frozen = {
  readonly customer: boolean
  readonly entities: readonly EntityId[]
  readonly keys: readonly string[]
  readonly features: readonly string[]
}

/**
 * `tenant_admin` sets the caps of its own customer. `viewer`, `support`, `finance` and `admin` are the roles of the operator's people: the
 * first reads all, `admin` may do all, and what lies between stands in the API's contract.
 */
export type KeyScope = 'gateway' | 'ingest' | 'customer' | 'tenant_admin' | OperatorRole
export type OperatorRole = 'viewer' | 'support' | 'finance' | 'admin'
/** From the least to the most that it may do. */
export const OPERATOR_ROLES: readonly OperatorRole[] = ['viewer', 'support', 'finance', 'admin']

/** What a key may do. The raw key is never here: it is known by its hash alone. */
export type KeyRecord = {
  readonly id: string
  /** First letters of the key, to tell keys apart in lists. */
  readonly hint: string
  readonly scopes: readonly KeyScope[]
  /** Null for an operator's key. */
  readonly customer: CustomerId | null
  readonly entity: EntityId | null
  readonly feature: string | null
  /** Models the key may ask for; null for all that the plan has. */
  readonly models: readonly string[] | null
  readonly expiresAt: Instant | null
  /** Held by the operator's own people: may see provider cost. */
  readonly showsCost: boolean
  /** Tags that its requests have, whatever they say; none unless there. */
  readonly tags?: Readonly<Record<string, string>> | null
  /** Status of a refusal for money or quota where not 402: some clients know 429 alone. */
  readonly refusalStatus?: 429 | null
  /** Its requests are decided and recorded, and nothing is refused. */
  readonly observe?: boolean
  /** Output may be lowered to what the budget affords instead of refusing. */
  readonly clampsOutput?: boolean
}
