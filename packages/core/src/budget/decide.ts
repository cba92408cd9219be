// The one decision. decide() reads a customer's snapshot, the catalog and the node's slices, and says allow (with the
// holds to take), miss (which budgets to ask the authority for) or deny (why). It changes nothing: the caller holds,
// acquires or refuses. Gateway, API, sidecar and SDK call this same function.

import { InputError } from '../assert.ts'
import { allowanceBudget, type Coverage } from '../rating/rate-event.ts'
import type { Catalog, Plan } from '../catalog/catalog.ts'
import type { CustomerSnapshot, FundingSource } from '../entitlement/snapshot.ts'
import type { EntityId } from '../id.ts'
import type { Measured } from '../meter/measure.ts'
import { units, ZERO, type Units } from '../money.ts'
import { formatQuantity, quantity } from '../quantity.ts'
import { rateBound } from '../rating/rate.ts'
import type { Instant } from '../time.ts'
import type { LeaseNeed } from './authority.ts'
import { exactToHold, holdToExact, type Budget } from './budget.ts'
import type { Denial } from './denial.ts'
import { denyAllowance, denyFeature, denyLimit, denyModel, denyStanding, denyUnpriced, denyWallet } from './explain-denial.ts'
import { freeOf, isRefused, type Slice } from './slice.ts'

export type DecisionRequest = {
  readonly feature: string
  /** Model asked for; null where none applies. */
  readonly model: string | null
  readonly entity: EntityId | null
  /** Upper bound of what the request will use, by meter. */
  readonly bound: readonly Measured[]
}

export type Hold = { readonly slice: Slice; readonly budget: Budget; readonly amount: number }

export type Decision =
  | {
      readonly kind: 'allow'
      readonly holds: readonly Hold[]
      /** Upper bound of the charge, after allowances. */
      readonly estimate: Units
      /** The part of `estimate` that no wallet holds, to be accrued. */
      readonly overage: Units
      readonly coverage: readonly Coverage[]
    }
  | { readonly kind: 'miss'; readonly needs: readonly LeaseNeed[] }
  | { readonly kind: 'deny'; readonly denial: Denial }

export type SliceLookup = (budget: Budget) => Slice | undefined

/** How many requests like this one a node leases for ahead. */
const LEASE_AHEAD = 32

export function decide(input: {
  readonly snapshot: CustomerSnapshot
  readonly catalog: Catalog
  readonly slices: SliceLookup
  readonly request: DecisionRequest
  readonly now: Instant
}): Decision {
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
    const amount = budget.unit.kind === 'money' ? exactToHold(budget.unit, funded.estimate) : boundOf(budget.unit.meters, request.bound)
    if (amount === 0) continue
    const slice = input.slices(budget)
    if (slice !== undefined && freeOf(slice) >= amount) holds.push({ slice, budget, amount })
    else if (budget.enforcement === 'soft') continue
    else if (isRefused(slice, amount - freeIn(slice), input.now)) return { kind: 'deny', denial: denyLimit(snapshot, budget, { required: amount, refused: slice?.refused ?? null }) }
    else needs.push(needOf(budget, amount - freeIn(slice), { spills: false }))
  }
  // A limit that refuses is told before an empty wallet: whoever tops up should not be refused again.
  if (funded.denial !== null) return { kind: 'deny', denial: funded.denial }
  const { estimate, overage, coverage } = funded
  return needs.length > 0 ? { kind: 'miss', needs } : { kind: 'allow', holds, estimate, overage, coverage }
}

/** A budget counts a request of its entity or below, and of its features. */
export function applies(budget: Budget, snapshot: CustomerSnapshot, request: { readonly feature: string | null; readonly entity: EntityId | null }): boolean {
  if (budget.features !== null && (request.feature === null || !budget.features.includes(request.feature))) return false
  if (budget.entity === null) return true
  if (request.entity === null) return false
  return budget.entity === request.entity || (snapshot.entityPaths[request.entity]?.includes(budget.entity) ?? false)
}

function denyEntitlement(snapshot: CustomerSnapshot, plan: Plan, request: DecisionRequest): Denial | null {
  if (snapshot.standing !== 'good' && snapshot.standing !== 'grace') return denyStanding(snapshot)
  const entitlement = plan.entitlements.get(request.feature)
  if (entitlement === undefined) return denyFeature(snapshot, request.feature)
  if (request.model !== null && !entitlement.models.includes('*') && !entitlement.models.includes(request.model)) return denyModel(snapshot, request.model)
  return null
}

type Collected = { readonly holds: Hold[]; readonly needs: LeaseNeed[] }
type Funded = { readonly estimate: Units; readonly overage: Units; readonly coverage: readonly Coverage[]; readonly denial: Denial | null }

/** Allowances pay units first; what is left is priced at its bound and paid by the wallet, then accrued if the plan allows. */
function fund(input: Parameters<typeof decide>[0], plan: Plan, collected: Collected): Funded {
  const { snapshot, request } = input
  const left = request.bound.map(countOf)
  const coverage: Coverage[] = []
  let owed: Units | null = null
  for (const [index, source] of snapshot.funding.entries()) {
    if (source.kind === 'allowance') {
      const later = snapshot.funding.slice(index + 1)
      coverBy(source, input, left, { ...collected, coverage, spills: later.some((next) => next.kind !== 'allowance' || sharesMeter(next.budget, source.budget)) })
      // What the allowance pays is not known yet: ask for it before anybody else is asked to pay.
      if (collected.needs.length > 0) return { estimate: ZERO, overage: ZERO, coverage, denial: null }
      continue
    }
    owed ??= boundOfCharge(plan, request.bound, left)
    if (owed === null || owed === ZERO) break
    if (source.kind === 'overage') return { estimate: owed, overage: owed, coverage, denial: null }
    const hasOverage = snapshot.funding.some(({ kind }) => kind === 'overage')
    return { estimate: owed, coverage, ...payFrom(source.budget, input, { owed, hasOverage }, collected) }
  }
  owed ??= boundOfCharge(plan, request.bound, left)
  if (owed === ZERO) return { estimate: ZERO, overage: ZERO, coverage, denial: null }
  return { estimate: owed ?? ZERO, overage: ZERO, coverage, denial: exhaustedBy(input, owed, left) }
}

function exhaustedBy(input: Parameters<typeof decide>[0], owed: Units | null, left: readonly number[]): Denial {
  const { snapshot, request } = input
  const allowance = snapshot.funding.find((source) => source.kind === 'allowance')
  if (allowance?.kind === 'allowance') return denyAllowance(snapshot, allowance.budget, { required: boundOf(meters(allowance.budget), request.bound), refused: input.slices(allowance.budget)?.refused ?? null })
  const unpriced = request.bound.find((_, index) => left[index]! > 0)
  return owed === null ? denyUnpriced(snapshot, unpriced?.meter.id ?? request.feature) : denyWallet(snapshot, null, owed, null)
}

/** Takes what the allowance's slice has; asks for more unless the authority said that there is none. */
function coverBy(source: Extract<FundingSource, { kind: 'allowance' }>, input: Parameters<typeof decide>[0], left: number[], collected: Collected & { readonly coverage: Coverage[]; readonly spills: boolean }): void {
  const { budget } = source
  if (budget.unit.kind !== 'meters' || !applies(budget, input.snapshot, input.request)) return
  const slice = input.slices(budget)
  const wanted = input.request.bound.reduce((sum, { meter }, index) => (meters(budget).includes(meter.id) ? sum + left[index]! : sum), 0)
  if (wanted === 0) return
  const free = Math.max(0, freeIn(slice))
  if (free < wanted && !isRefused(slice, wanted - free, input.now)) {
    collected.needs.push(needOf(budget, wanted - free, collected))
    return
  }
  let amount = 0
  for (const meterId of budget.unit.meters) {
    const index = input.request.bound.findIndex(({ meter }) => meter.id === meterId)
    const taken = index < 0 ? 0 : Math.min(left[index]!, free - amount)
    if (taken <= 0) continue
    left[index]! -= taken
    amount += taken
    collected.coverage.push({ budget: allowanceBudget(source.allowance), meter: meterId, quantity: quantity(BigInt(taken)) })
  }
  if (slice !== undefined && amount > 0) collected.holds.push({ slice, budget, amount })
}

/** Holds `owed` on the wallet, or what is left there if the rest may be accrued. */
function payFrom(budget: Budget, input: Parameters<typeof decide>[0], due: { readonly owed: Units; readonly hasOverage: boolean }, collected: Collected): Pick<Funded, 'overage' | 'denial'> {
  const slice = input.slices(budget)
  const amount = exactToHold(budget.unit, due.owed)
  const free = freeIn(slice)
  if (free < amount && !isRefused(slice, amount - free, input.now)) {
    collected.needs.push(needOf(budget, amount - free, { spills: due.hasOverage }))
    return { overage: ZERO, denial: null }
  }
  if (free < amount && !due.hasOverage) return { overage: ZERO, denial: denyWallet(input.snapshot, budget, due.owed, slice?.refused ?? null) }
  const held = Math.min(amount, Math.max(0, free))
  if (slice !== undefined && held > 0) collected.holds.push({ slice, budget, amount: held })
  const accrued = due.owed - holdToExact(budget.unit, held)
  return { overage: units(accrued > 0n ? accrued : 0n), denial: null }
}

/** Where another source pays the rest (`spills`), any part of the need will do. */
function needOf(budget: Budget, missing: number, options: { readonly spills: boolean }): LeaseNeed {
  return { budget, min: options.spills ? 0 : missing, need: missing, want: missing * LEASE_AHEAD }
}

function sharesMeter(a: Budget, b: Budget): boolean {
  return meters(a).some((meter) => meters(b).includes(meter))
}

/** A quantity as the number of hold units that it is. */
function countOf({ meter, quantity: used }: Measured): number {
  if (used > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new InputError({ code: 'out_of_range', field: meter.id, message: `the bound of meter ${meter.id} is too large to be authorized: ${formatQuantity(used, meter.scale)}` })
  }
  return Number(used)
}

/** The dearest that the units not covered can cost; null when one of them has no price beyond its allowance. */
function boundOfCharge(plan: Plan, bound: readonly Measured[], left: readonly number[]): Units | null {
  let sum = 0n
  for (const [index, { meter }] of bound.entries()) {
    const units_ = left[index]!
    if (units_ === 0) continue
    const price = plan.priceByMeter.get(meter.id)
    if (price !== undefined) sum += rateBound(price, quantity(BigInt(units_)))
    else if (plan.allowances.some((allowance) => allowance.meters.includes(meter.id))) return null
  }
  return units(sum)
}

function boundOf(meterIds: readonly string[], bound: readonly Measured[]): number {
  let sum = 0
  for (const { meter, quantity: used } of bound) if (meterIds.includes(meter.id)) sum += Number(used)
  return sum
}

function meters(budget: Budget): readonly string[] {
  return budget.unit.kind === 'meters' ? budget.unit.meters : []
}

/** Negative after an overrun: the next lease must cover that too. */
function freeIn(slice: Slice | undefined): number {
  return slice === undefined ? 0 : freeOf(slice)
}
