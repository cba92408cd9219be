// The one decision. decide() reads a customer's snapshot, the catalog and the node's slices, and says allow (with the
// holds to take), miss (which budgets to ask the authority for) or deny (why). It changes nothing: the caller holds,
// acquires or refuses. Gateway, API, sidecar and SDK call this same function.

import type { Coverage } from '../rating/rate-event.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { CustomerSnapshot } from '../entitlement/snapshot.ts'
import type { EntityId } from '../id.ts'
import type { Measured } from '../meter/measure.ts'
import { ZERO, type Units } from '../money.ts'
import type { Instant } from '../time.ts'
import { applies } from './applies.ts'
import type { LeaseNeed } from './authority.ts'
import { exactToHold, type Budget } from './budget.ts'
import type { Denial } from './denial.ts'
import { denyFeature, denyLimit, denyUnpriced } from './explain-denial.ts'
import { boundOf, freeIn, fund, needOf } from './fund.ts'
import { denyEntitlement } from './gate.ts'
import { freeOf, isRefused, type Slice } from './slice.ts'

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
  /** What is certain of the usage; a price that asks for more is held at its dearest. */
  readonly dimensions: Readonly<Record<string, string>>
}

export type Hold = { readonly slice: Slice; readonly budget: Budget; readonly amount: number }

export type Decision =
  | {
      readonly kind: 'allow'
      readonly holds: readonly Hold[]
      /** Upper bound of the charge, after allowances; zero where it may have no price and is trusted to be accrued. */
      readonly estimate: Units
      /** The part of `estimate` that no wallet holds, to be accrued. */
      readonly overage: Units
      readonly coverage: readonly Coverage[]
    }
  | { readonly kind: 'miss'; readonly needs: readonly LeaseNeed[] }
  | { readonly kind: 'deny'; readonly denial: Denial }

export type SliceLookup = (budget: Budget) => Slice | undefined

export type DecisionInput = {
  readonly snapshot: CustomerSnapshot
  readonly catalog: Catalog
  readonly slices: SliceLookup
  readonly request: DecisionRequest
  readonly now: Instant
  /** Whether a run has been charged by a price already, as far as this side knows. */
  readonly isRunCharged?: (price: string, run: string) => boolean
}

export function decide(input: DecisionInput): Decision {
  const { snapshot, catalog, request } = input
  const plan = catalog.plans.get(snapshot.plan)
  const denial = plan === undefined ? denyFeature(snapshot, request.feature) : denyEntitlement(snapshot, plan, request)
  if (denial !== null || plan === undefined) return { kind: 'deny', denial: denial! }

  const holds: Hold[] = []
  const needs: LeaseNeed[] = []
  const funded = fund(input, plan, { holds, needs })
  if (funded.denial?.reason === 'model_unpriced') return { kind: 'deny', denial: funded.denial }
  for (const budget of snapshot.limits) {
    if (!applies(budget, snapshot, request)) continue
    if (budget.unit.kind === 'money' && funded.estimate === null) {
      if (budget.enforcement === 'soft') continue
      return { kind: 'deny', denial: denyUnpriced(snapshot, request.bound[0]?.meter.id ?? request.feature) }
    }
    const amount = budget.unit.kind === 'money' ? exactToHold(budget.unit, funded.estimate ?? ZERO) : boundOf(budget.unit.meters, request.bound)
    if (amount === 0) continue
    const slice = input.slices(budget)
    if (slice !== undefined && freeOf(slice) >= amount) holds.push({ slice, budget, amount })
    else if (budget.enforcement === 'soft') continue
    else if (isRefused(slice, amount - freeIn(slice), input.now)) return { kind: 'deny', denial: denyLimit(snapshot, budget, { required: amount, refused: slice?.refused ?? null }) }
    else needs.push(needOf(budget, amount - freeIn(slice), { spills: false }))
  }
  // A limit that refuses is told before an empty wallet: whoever tops up should not be refused again.
  if (funded.denial !== null) return { kind: 'deny', denial: funded.denial }
  const { overage, coverage } = funded
  const estimate = funded.estimate ?? ZERO
  return needs.length > 0 ? { kind: 'miss', needs } : { kind: 'allow', holds, estimate, overage, coverage }
}
