// What clients did and what came of it: the truth that the records are compared with. Each request is followed from its
// admission to its end; what it may still use and what it has used are counted against every budget that it met.

import { applies, contains, type Budget, type CustomerSnapshot, type EntityId, type Instant, type ReservationId, type Units } from '@tollgate/core'
import { FEATURE, type Amounts } from './scenario.ts'

export type Request = {
  readonly id: ReservationId
  readonly node: string
  readonly process: string
  readonly entity: EntityId | null
  readonly at: Instant
  bound: Amounts
  /** Upper bound of the charge, as answered. */
  estimate: Units
  /** lost: the node died before its settlement was written, so nobody will ever be charged for it. */
  state: 'asking' | 'open' | 'settled' | 'released' | 'expired' | 'lost'
  readonly expiresAt: Instant
  used: Amounts | null
  charge: Units
  isFinal: boolean
  /** When the settlement had reached the file, and when it had reached the platter. */
  isWritten: boolean
  isSynced: boolean
}

export type Truth = {
  readonly requests: Map<string, Request>
  readonly add: (request: Request) => void
  /** The node died before this was known to be kept. */
  readonly lose: (request: Request) => void
  /** It had been shipped before the disk lost it: it is charged after all. */
  readonly find: (request: Request) => void
  /** What is committed against a budget: used, plus what open requests may still use. Lost ones apart. */
  readonly committed: (budget: Budget, snapshotAt: (at: Instant) => CustomerSnapshot) => { readonly counted: bigint; readonly overrun: bigint }
  /** What was used or held by requests that died with their node. */
  readonly lost: (budget: Budget, snapshotAt: (at: Instant) => CustomerSnapshot) => bigint
}

export function createTruth(): Truth {
  const requests = new Map<string, Request>()
  /** What lost requests had used: their settlement may have been on its way to the control plane. */
  const shipped = new Map<string, Amounts>()

  const meets = (request: Request, budget: Budget, snapshot: CustomerSnapshot) => contains(budget.period, request.at) && applies(budget, snapshot, { feature: FEATURE, entity: request.entity })

  function amountOf(budget: Budget, amounts: Amounts, money: Units): bigint {
    return budget.unit.kind === 'money' ? money : BigInt((budget.unit.meters.includes('input_tokens') ? amounts.input : 0) + (budget.unit.meters.includes('output_tokens') ? amounts.output : 0))
  }

  return {
    requests,
    add: (request) => void requests.set(request.id, request),
    lose: (request) => {
      if (request.used !== null) shipped.set(request.id, request.used)
      Object.assign(request, { state: 'lost', used: null })
    },
    find: (request) => {
      const used = shipped.get(request.id)
      if (used !== undefined) Object.assign(request, { state: 'settled', used })
    },
    committed: (budget, snapshotAt) => {
      let counted = 0n
      let overrun = 0n
      for (const request of requests.values()) {
        if ((request.state !== 'open' && request.state !== 'settled') || !meets(request, budget, snapshotAt(request.at))) continue
        const held = amountOf(budget, request.bound, request.estimate)
        const used = request.used === null ? held : amountOf(budget, request.used, request.charge)
        counted += used
        if (used > held) overrun += used - held
      }
      return { counted, overrun }
    },
    lost: (budget, snapshotAt) => [...requests.values()].reduce((sum, request) => (request.state === 'lost' && meets(request, budget, snapshotAt(request.at)) ? sum + amountOf(budget, request.bound, request.estimate) : sum), 0n),
  }
}

/** Budgets whose units all requests count in: an allowance is drawn only in part, so the authority's records alone tell. */
export function isCounted(budget: Budget): boolean {
  return !budget.id.startsWith('allowance:')
}
