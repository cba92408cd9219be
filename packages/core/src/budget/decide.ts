// The one decision. decide() reads a customer's snapshot, the catalog and the node's slices, and says allow (with the
// holds to take), miss (which budgets to ask the authority for) or deny (why). It changes nothing: the caller holds,
// acquires or refuses. Gateway, API, sidecar and SDK call this same function.

import type { Coverage } from '../rating/rate-event.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { planOf } from '../contract/plan-of.ts'
import type { CustomerSnapshot } from '../entitlement/snapshot.ts'
import type { EntityId } from '../id.ts'
import type { Measured } from '../meter/measure.ts'
import { ZERO, type Units } from '../money.ts'
import type { Instant } from '../time.ts'
import type { LeaseNeed } from './authority.ts'
import type { Budget } from './budget.ts'
import type { Denial } from './denial.ts'
import { denyFeature } from './explain-denial.ts'
import { fund } from './fund.ts'
import { denyEntitlement, denyFrozen } from './gate.ts'
import { limit } from './limit.ts'
import type { RateBucket, RateShare } from './rate.ts'
import type { Slice } from './slice.ts'

export type DecisionRequest = {
  readonly feature: string
  /** Model asked for; null where none applies. */
  readonly model: string | null
  readonly entity: EntityId | null
  /** One agent run that ties several requests together. */
  readonly run: string | null
  /** Upper bound of what the request will use, by meter. */
  readonly bound: readonly Measured[]
  /** The same as the event will tell it, by property: what it may cost us follows from it. */
  readonly quantities: Readonly<Record<string, string>>
  /** What is certain of the usage; a price that asks for more is held at its dearest. Limits are found by it too. */
  readonly dimensions: Readonly<Record<string, string>>
  readonly key?: string | null
  /** What soft budgets and rates hold of the bound: a learnt share of it, 1 unless known. */
  readonly expectedShare?: number | undefined
  /** Decided and recorded, and nothing is refused: set on its key. */
  readonly observe?: boolean | undefined
  /** A soft budget whose remedy did not help: it lets this request through. */
  readonly waived?: string | undefined
}

export type Hold = { readonly slice: Slice; readonly budget: Budget; readonly amount: number }

/** What a rate's bucket gives, or lends a node that cannot ask the authority. */
export type RateTake = { readonly budget: Budget; readonly bucket: RateBucket; readonly share: RateShare; readonly amount: number }

/** An amount let through without the authority, under the budget's fail mode. */
export type Loan = { readonly budget: Budget; readonly amount: number }

/** A budget that does not hold and lets the request through all the same. */
export type Notice = { readonly budget: Budget | null; readonly why: 'soft' | 'observed' | 'overage' | 'throttled' | 'unconfirmed'; readonly denial: Denial }

export type Decision =
  | {
      readonly kind: 'allow'
      readonly holds: readonly Hold[]
      /** Upper bound of the charge, after allowances; zero where it may have no price and is trusted to be accrued. */
      readonly estimate: Units
      /** The part of `estimate` that no wallet holds, to be accrued. */
      readonly overage: Units
      readonly coverage: readonly Coverage[]
      /** The limits that it draws on, where whatever it uses draws on the same; null where they must be found again by its usage. */
      readonly limits: readonly Budget[] | null
      readonly takes: readonly RateTake[]
      readonly loans: readonly Loan[]
      readonly notices: readonly Notice[]
    }
  | { readonly kind: 'miss'; readonly needs: readonly LeaseNeed[] }
  | {
      readonly kind: 'deny'
      readonly denial: Denial
      /** The limit or source of funding that refused; null for the reasons without one. */
      readonly budget: Budget | null
    }

export type SliceLookup = (budget: Budget) => Slice | undefined

export type DecisionInput = {
  readonly snapshot: CustomerSnapshot
  readonly catalog: Catalog
  readonly slices: SliceLookup
  readonly request: DecisionRequest
  readonly now: Instant
  /** Whether a run has been charged by a price already, as far as this side knows. */
  readonly isRunCharged?: (price: string, run: string) => boolean
  /** Whose periods count: that of the admission of what is extended; `now` unless stated. */
  readonly at?: Instant
  /** This node's buckets; absent where rates are not looked at. */
  readonly rates?: (budget: Budget) => { readonly bucket: RateBucket; readonly share: RateShare }
  /** The authority cannot be asked: each budget's fail mode decides. */
  readonly isCutOff?: boolean | undefined
}

export function decide(input: DecisionInput): Decision {
  const { snapshot, catalog, request } = input
  const plan = planOf(catalog, snapshot)
  const isObserved = snapshot.observe === true || request.observe === true
  const frozen = snapshot.frozen === undefined ? null : denyFrozen(snapshot, snapshot.frozen, request)
  if (frozen !== null) return { kind: 'deny', denial: frozen, budget: null }
  const denial = plan === undefined ? denyFeature(snapshot, request.feature, []) : denyEntitlement(snapshot, catalog, request)
  if (plan === undefined || (denial !== null && !isObserved)) return { kind: 'deny', denial: denial!, budget: null }

  const holds: Hold[] = []
  const needs: LeaseNeed[] = []
  const funded = fund(input, plan, { holds, needs })
  if (funded.denial?.reason === 'model_unpriced') return { kind: 'deny', denial: funded.denial, budget: null }
  const limited = limit(input, funded.estimate, { holds, needs, isObserved })
  if (limited.refusal !== null) return limited.refusal
  // A limit that refuses is told before an empty wallet: whoever tops up should not be refused again.
  if (funded.denial !== null && !isObserved) return { kind: 'deny', denial: funded.denial, budget: fundingOf(snapshot, funded.denial.scope) }
  if (needs.length > 0) return { kind: 'miss', needs }
  const { overage, coverage } = funded
  const estimate = funded.estimate ?? ZERO
  const notices = denial === null && funded.denial === null ? limited.notices : [...observed(denial), ...observed(funded.denial), ...limited.notices]
  return { kind: 'allow', holds, estimate, overage, coverage, limits: limited.lasting, takes: limited.takes, loans: limited.loans, notices }
}

function observed(denial: Denial | null): readonly Notice[] {
  return denial === null ? [] : [{ budget: null, why: 'observed', denial }]
}

function fundingOf(snapshot: CustomerSnapshot, id: string): Budget | null {
  for (const source of snapshot.funding) if (source.kind !== 'overage' && source.budget.id === id) return source.budget
  return null
}
