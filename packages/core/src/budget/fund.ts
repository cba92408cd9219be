// Who pays for a request, in the order of the snapshot's funding list, split where needed: allowances pay units first; what is
// left is priced at its bound and held on the wallet, then accrued if the plan allows. Changes nothing: it collects holds and
// what must be asked for.

import { InputError } from '../assert.ts'
import { chargeable } from '../rating/chargeable.ts'
import { boundCharge, boundOutcomes, type Coverage } from '../rating/rate-event.ts'
import { pricedUsage, type PricedUsage } from '../rating/rate-usage.ts'
import { exchangeLookup } from '../rating/exchange.ts'
import { boundCost } from '../rating/bound-cost.ts'
import type { Plan } from '../catalog/catalog.ts'
import type { FundingSource } from '../entitlement/snapshot.ts'
import type { Measured } from '../meter/measure.ts'
import { units, ZERO, type Units } from '../money.ts'
import { formatQuantity, quantity } from '../quantity.ts'
import { applies } from './applies.ts'
import type { LeaseNeed } from './authority.ts'
import { exactToHold, holdToExact, type Budget } from './budget.ts'
import type { DecisionInput, Hold } from './decide.ts'
import type { Denial } from './denial.ts'
import { denyAllowance, denyUnpriced, denyWallet } from './explain-denial.ts'
import { freeOf, isRefused, type Slice } from './slice.ts'

/** How many requests like this one a node leases for ahead. */
const LEASE_AHEAD = 32

type Collected = { readonly holds: Hold[]; readonly needs: LeaseNeed[] }
/** `estimate` is null where some of the usage may have no price. */
type Funded = { readonly estimate: Units | null; readonly overage: Units; readonly coverage: readonly Coverage[]; readonly denial: Denial | null }

/**
 * Allowances of units pay first; what is left is priced at its bound and paid by allowances of an amount, then the wallet, then
 * accrued if the plan allows.
 */
export function fund(input: DecisionInput, plan: Plan, collected: Collected): Funded {
  const { snapshot, request } = input
  const bound = chargeable(plan, request, request.bound)
  const left = bound.map(countOf)
  const coverage: Coverage[] = []
  const { allowances, payers } = sourcesOf(snapshot.funding)
  for (const allowance of allowances) {
    coverBy(allowance, input, { bound, left, coverage, collected })
    // What the allowance pays is not known yet: ask for it before anybody else is asked to pay.
    if (collected.needs.length > 0) return { estimate: ZERO, overage: ZERO, coverage, denial: null }
  }
  const usage = boundedUsage(input)
  const charge = boundCharge(plan, bound, left, usage)
  const owed = charge === null ? null : units(charge + boundOutcomes(plan, usage))
  if (owed === ZERO) return { estimate: ZERO, overage: ZERO, coverage, denial: null }
  // Nobody knows what it will cost: only who is trusted with an open invoice may run it.
  if (owed === null) return { estimate: null, overage: ZERO, coverage, denial: payers.some(({ kind }) => kind === 'overage') ? null : exhaustedBy(input, null, left) }
  if (payers.length === 0) return { estimate: owed, overage: ZERO, coverage, denial: exhaustedBy(input, owed, left) }
  const { overage, denial } = payFrom(payers, input, owed, collected)
  return { estimate: owed, coverage, overage, denial }
}

type UnitAllowance = { readonly budget: Budget; readonly meters: readonly string[]; readonly allowance: string; /** Another source pays what this one has not. */ readonly spills: boolean }
type Sources = { readonly allowances: readonly UnitAllowance[]; readonly payers: readonly FundingSource[] }

/** A funding list as the decision reads it, made once for each list: they are shared by all requests between two changes. */
const sources = new WeakMap<readonly FundingSource[], Sources>()

function sourcesOf(funding: readonly FundingSource[]): Sources {
  const known = sources.get(funding)
  if (known !== undefined) return known
  const payers = funding.filter((source) => source.kind !== 'allowance' || source.budget.unit.kind === 'money')
  const allowances = funding.flatMap((source, index): UnitAllowance[] => {
    if (source.kind !== 'allowance' || source.budget.unit.kind !== 'meters') return []
    const isShared = funding.slice(index + 1).some((later) => later.kind === 'allowance' && sharesMeter(later.budget, source.budget))
    return [{ budget: source.budget, meters: source.budget.unit.meters, allowance: source.allowance, spills: payers.length > 0 || isShared }]
  })
  const made = { allowances, payers }
  sources.set(funding, made)
  return made
}

function exhaustedBy(input: DecisionInput, owed: Units | null, left: readonly number[]): Denial {
  const { snapshot, request } = input
  const allowance = snapshot.funding.find((source) => source.kind === 'allowance' && source.budget.unit.kind === 'meters')
  if (allowance?.kind === 'allowance') return denyAllowance(snapshot, allowance.budget, { required: boundOf(meters(allowance.budget), request.bound), refused: input.slices(allowance.budget)?.refused ?? null })
  const unpriced = request.bound.find((_, index) => left[index]! > 0)
  return owed === null ? denyUnpriced(snapshot, unpriced?.meter.id ?? request.feature) : denyWallet(snapshot, null, owed, null)
}

type Covering = { readonly bound: readonly Measured[]; readonly left: number[]; readonly coverage: Coverage[]; readonly collected: Collected }

/** Takes what the allowance's slice has; asks for more unless the authority said that there is none. */
function coverBy(source: UnitAllowance, input: DecisionInput, { bound, left, coverage, collected }: Covering): void {
  const { budget } = source
  if (!applies(budget, input.snapshot, input.request)) return
  let wanted = 0
  for (let index = 0; index < bound.length; index++) if (source.meters.includes(bound[index]!.meter.id)) wanted += left[index]!
  if (wanted === 0) return
  const slice = input.slices(budget)
  const free = Math.max(0, freeIn(slice))
  if (free < wanted && !isRefused(slice, wanted - free, input.now)) {
    collected.needs.push(needOf(budget, wanted - free, source))
    return
  }
  let amount = 0
  for (const meterId of source.meters) {
    const index = indexOf(bound, meterId)
    const taken = index < 0 ? 0 : Math.min(left[index]!, free - amount)
    if (taken <= 0) continue
    left[index]! -= taken
    amount += taken
    coverage.push({ budget: budget.id, meter: meterId, quantity: quantity(BigInt(taken)) })
  }
  if (slice !== undefined && amount > 0) collected.holds.push({ slice, budget, amount })
}

function indexOf(bound: readonly Measured[], meterId: string): number {
  for (let index = 0; index < bound.length; index++) if (bound[index]!.meter.id === meterId) return index
  return -1
}

/** Holds `owed` on one payer after the other, each for what it has; what none holds is accrued if one of them may. */
function payFrom(payers: readonly FundingSource[], input: DecisionInput, owed: Units, collected: Collected): Pick<Funded, 'overage' | 'denial'> {
  let rest: bigint = owed
  for (let index = 0; index < payers.length; index++) {
    const source = payers[index]!
    if (source.kind === 'overage') return { overage: units(rest), denial: null }
    const { budget } = source
    if (!applies(budget, input.snapshot, input.request)) continue
    const isLast = index === payers.length - 1
    const slice = input.slices(budget)
    const amount = exactToHold(budget.unit, rest)
    const free = freeIn(slice)
    if (free < amount && !isRefused(slice, amount - free, input.now)) {
      collected.needs.push(needOf(budget, amount - free, { spills: !isLast }))
      return { overage: ZERO, denial: null }
    }
    if (free < amount && isLast) return { overage: ZERO, denial: denyPayer(input, source, units(rest), slice) }
    const held = Math.min(amount, Math.max(0, free))
    if (slice !== undefined && held > 0) collected.holds.push({ slice, budget, amount: held })
    if (held === amount) return { overage: ZERO, denial: null }
    rest -= holdToExact(budget.unit, held)
    if (rest <= 0n) break
  }
  return { overage: ZERO, denial: rest <= 0n ? null : denyWallet(input.snapshot, null, units(rest), null) }
}

function denyPayer(input: DecisionInput, source: Exclude<FundingSource, { kind: 'overage' }>, owed: Units, slice: Slice | undefined): Denial {
  const refused = slice?.refused ?? null
  return source.kind === 'wallet' ? denyWallet(input.snapshot, source.budget, owed, refused) : denyAllowance(input.snapshot, source.budget, { required: exactToHold(source.budget.unit, owed), refused })
}

/** Where another source pays the rest (`spills`), any part of the need will do. */
export function needOf(budget: Budget, missing: number, options: { readonly spills: boolean }): LeaseNeed {
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

/** What is known of the request's usage beforehand, and the most that it can cost us. */
function boundedUsage({ catalog, request, now, isRunCharged }: DecisionInput): PricedUsage {
  const { feature, model, dimensions, run, quantities } = request
  return pricedUsage({ feature, dimensions, run, cost: null }, { isRunCharged, exchange: exchangeLookup(catalog.exchange, now) }, () => boundCost(catalog, { model: dimensions['model'] ?? model, quantities, at: now }))
}

export function boundOf(meterIds: readonly string[], bound: readonly Measured[]): number {
  let sum = 0
  for (const { meter, quantity: used } of bound) if (meterIds.includes(meter.id)) sum += Number(used)
  return sum
}

function meters(budget: Budget): readonly string[] {
  return budget.unit.kind === 'meters' ? budget.unit.meters : []
}

/** Negative after an overrun: the next lease must cover that too. */
export function freeIn(slice: Slice | undefined): number {
  return slice === undefined ? 0 : freeOf(slice)
}
