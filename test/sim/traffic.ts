// What clients did and what came of it: the truth that the records are compared with. Each request is followed from its
// admission to its end; what it may still use, or has used, is counted against every budget that it met.

import { applies, contains, type Budget, type CustomerSnapshot, type EntityId, type Instant, type ReservationId, type Units } from '@tollgate/core'
import { FEATURE, type Amounts } from './scenario.ts'

export type Request = {
  readonly id: ReservationId
  readonly node: string
  readonly process: string
  readonly entity: EntityId | null
  at: Instant
  bound: Amounts
  /** Upper bound of the charge, as answered. */
  estimate: Units
  /**
   * - `lost` the node died before its settlement was kept: nobody will be charged for it, but a provider may have run it, so it counts
   *   until nobody may settle it any more
   * - `forgotten` it was lost, and that time is over · `given_up` its node was silent for so long that nothing is kept for it
   */
  state: 'asking' | 'refused' | 'open' | 'settled' | 'released' | 'expired' | 'lost' | 'forgotten' | 'given_up'
  /** Its intent has reached the file, so it may have gone to a provider. */
  isDispatched: boolean
  expiresAt: Instant
  used: Amounts | null
  charge: Units
  isFinal: boolean
  /** An extension is on its way; clients send one at a time. */
  isExtending: boolean
  /** The settlement had reached the file; and the platter. */
  isWritten: boolean
  isSynced: boolean
}

export type Committed = { counted: bigint; overrun: bigint; settled: bigint }

export type Truth = {
  readonly requests: ReadonlyMap<string, Request>
  readonly add: (request: Request) => void
  /** Every change of a request goes through here, so that the sums follow. */
  readonly change: (request: Request, changes: Partial<Request>) => void
  /** Used, or held by open requests (`counted`, of which `overrun` beyond what was asked for); `settled` of it was told as such. */
  readonly committed: (budget: Pick<Budget, 'id' | 'period'>) => Readonly<Committed>
  readonly openOf: (process: string) => readonly Request[]
  readonly lost: () => readonly Request[]
}

export function createTruth(budgetsAt: (at: Instant) => { readonly snapshot: CustomerSnapshot; readonly budgets: readonly Budget[] }): Truth {
  const requests = new Map<string, Request>()
  const sums = new Map<string, Committed>()
  const open = new Map<string, Set<Request>>()
  const lost = new Set<Request>()

  const keyOf = (budget: Pick<Budget, 'id' | 'period'>) => `${budget.id} ${budget.period.start}`

  function sumOf(budget: Pick<Budget, 'id' | 'period'>): Committed {
    const sum = sums.get(keyOf(budget)) ?? { counted: 0n, overrun: 0n, settled: 0n }
    sums.set(keyOf(budget), sum)
    return sum
  }

  function amountOf(budget: Budget, amounts: Amounts, money: Units): bigint {
    if (budget.unit.kind === 'money') return money
    const { meters } = budget.unit
    return BigInt((meters.includes('input_tokens') ? amounts.input : 0) + (meters.includes('output_tokens') ? amounts.output : 0))
  }

  function count(request: Request, sign: bigint): void {
    if (request.state !== 'open' && request.state !== 'settled' && request.state !== 'lost') return
    const { snapshot, budgets } = budgetsAt(request.at)
    for (const budget of budgets) {
      if (!contains(budget.period, request.at) || !applies(budget, snapshot, { feature: FEATURE, entity: request.entity })) continue
      const sum = sumOf(budget)
      const held = amountOf(budget, request.bound, request.estimate)
      const used = request.used === null ? held : amountOf(budget, request.used, request.charge)
      sum.counted += sign * used
      if (request.state === 'settled') sum.settled += sign * used
      if (used > held) sum.overrun += sign * (used - held)
    }
  }

  function openSet(process: string): Set<Request> {
    const set = open.get(process) ?? new Set()
    open.set(process, set)
    return set
  }

  return {
    requests,
    add: (request) => void requests.set(request.id, request),
    change: (request, changes) => {
      count(request, -1n)
      Object.assign(request, changes)
      count(request, 1n)
      if (request.state === 'open') openSet(request.process).add(request)
      else openSet(request.process).delete(request)
      if (request.state === 'lost') lost.add(request)
      else lost.delete(request)
    },
    committed: sumOf,
    openOf: (process) => [...openSet(process)],
    lost: () => [...lost],
  }
}

/** An allowance pays a part of what requests use: the authority's records alone tell how much. */
export function isCounted(budget: Budget): boolean {
  return !budget.id.startsWith('allowance:')
}
