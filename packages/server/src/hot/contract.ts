// What the data plane offers to gateway, API and sidecar: authenticate, authorize, extend, settle, release, check. All of
// it decides in memory; a promise is returned only where the memory misses and the authority or directory must be asked.

import type {
  Catalog, CustomerId, CustomerSnapshot, Denial, DenialReason, EntityId, EventCost, Instant, KeyRecord, Notice, ReservationId, Units, UpstreamConfig,
} from '@tollgate/core'

export type Usage = {
  /** Event type where not the one that was authorized: of a request that failed without any use. */
  readonly type?: string
  /** Numbers as decimal text by property, as in a usage event. */
  readonly quantities: Readonly<Record<string, string>>
  readonly dimensions: Readonly<Record<string, string>>
  /** Provider cost; null when unknown. */
  readonly cost: EventCost | null
  /** Counted by us because the provider told none. */
  readonly estimated: boolean
  readonly context: Readonly<Record<string, string | number | boolean | null>>
}

export type AuthorizeInput = {
  /** Given by the caller for idempotency, or made by the node. */
  readonly reservation: ReservationId | null
  readonly customer: CustomerId
  readonly key: KeyRecord | null
  readonly entity: EntityId | null
  readonly feature: string
  readonly model: string | null
  readonly run: string | null
  /** Event type that the settlement will carry, `ai.request` for the gateway. */
  readonly type: string
  /** Upper bound of the usage, by property, and the dimensions that select meters. */
  readonly bound: { readonly quantities: Readonly<Record<string, string>>; readonly dimensions: Readonly<Record<string, string>> }
  /** How long the hold stands without a settle. */
  readonly ttlMs: number
  /** The caller may repeat calls on this reservation, so it is remembered after its end. Never so for the gateway's own. */
  readonly repeatable: boolean
  /** The same request with another model, for a budget that falls back to it; null where it cannot be had. Left out: under the other name. */
  readonly withModel?: (model: string) => Pick<AuthorizeInput, 'model' | 'bound'> | null
  /** The caller can lower the output to what is admitted. */
  readonly canClamp?: boolean
  /** The caller can add to the instructions of the request. */
  readonly canInstruct?: boolean
  /** Its work goes on when its process dies: what it holds stays in doubt as long as the hold may stand. */
  readonly outlives?: boolean
  /** The caller can wait for a rate that lets requests wait. */
  readonly canWait?: boolean
  /** Of many requests at once, the most output that one of them may have: what bounds one request speaks of that. */
  readonly outputOfOne?: number
  /** Tokens of input as they were counted, where the bound is only the most that they can be. */
  readonly countedInput?: number
  /** What was asked, as a short text that is equal for equal prompts; null or left out where nobody looks for repetitions. */
  readonly prompt?: string | null
}

/** What a request was changed to, so that it could be admitted. */
export type Degrade = {
  /** The model to use instead; null for the one asked for. */
  readonly model: string | null
  /** The most output that is held, over all answers; null for what was asked. */
  readonly outputTokens: number | null
  /** What is added to its instructions; null for nothing. */
  readonly instruction: string | null
  /** The budget that had not enough left, and the reason that it would have refused with. */
  readonly scope: string
  readonly reason: DenialReason
}

/** Something that did not hold and let the request through. */
export type Warning = { readonly why: Notice['why'] | 'runaway'; readonly scope: string; readonly reason: DenialReason; readonly message: string }

/** A rate that the request drew on, as it stands after it: what the RateLimit headers say. */
export type RateStanding = { readonly name: string; readonly limit: number; readonly windowSeconds: number; readonly remaining: number; readonly resetSeconds: number }

export type Authorization =
  | {
      readonly kind: 'allowed'
      readonly reservation: ReservationId
      /** Upper bound of the charge. */
      readonly estimate: Units
      readonly currency: string
      readonly expiresAt: Instant
      /** Wallet balance as this node knows it, before this request; null without a wallet. Holds are not subtracted. */
      readonly balance: Units | null
      readonly catalogVersion: number
      /** The same reservation was authorized before: this is the first answer again. */
      readonly replayed: boolean
      /** Null when it runs as it was asked. */
      readonly degrade: Degrade | null
      readonly warnings: readonly Warning[]
      readonly rates: readonly RateStanding[]
    }
  | { readonly kind: 'denied'; readonly decision: string; readonly denial: Denial; readonly currency: string; readonly balance: Units | null; readonly rates: readonly RateStanding[] }

export type Checked =
  | { readonly kind: 'allowed'; readonly estimate: Units; readonly currency: string; readonly balance: Units | null; readonly catalogVersion: number; readonly warnings: readonly Warning[] }
  | Extract<Authorization, { kind: 'denied' }>
  | ReservationProblem

export type Settled = {
  readonly kind: 'settled'
  readonly reservation: ReservationId
  /** By this node's knowledge; final when `isFinal`. */
  readonly charge: Units
  readonly currency: string
  readonly isFinal: boolean
  readonly balance: Units | null
  readonly replayed: boolean
  /** Resolves when the settlement is written to the journal (survives `kill -9`). Await before the answer ends. */
  readonly written: Promise<void>
}

/** A call on a reservation that this node does not have open, or that contradicts what happened to it. */
export type ReservationProblem = {
  readonly kind: 'problem'
  readonly code: 'customer_not_found' | 'directory_unavailable' | 'reservation_not_found' | 'already_settled' | 'already_released' | 'reservation_conflict' | 'settled_with_other_usage'
  readonly message: string
}

export type HotNode = {
  readonly id: string
  /** The record of a raw key, null when unknown, revoked or expired. */
  readonly authenticate: (rawKey: string) => KeyRecord | null | Promise<KeyRecord | null>
  /** Whether a raw key is in memory and good. */
  readonly knows: (rawKey: string) => boolean
  readonly snapshot: (customer: CustomerId) => Known | null | Promise<Known | null>
  readonly authorize: (input: AuthorizeInput) => Authorization | ReservationProblem | Promise<Authorization | ReservationProblem>
  /** Raises the hold to a new bound; denied leaves the old hold in force. */
  readonly extend: (reservation: ReservationId, bound: AuthorizeInput['bound']) => Authorization | ReservationProblem | Promise<Authorization | ReservationProblem>
  readonly settle: (reservation: ReservationId, usage: Usage) => Settled | ReservationProblem
  readonly release: (reservation: ReservationId) => { readonly kind: 'released'; readonly replayed: boolean } | ReservationProblem
  /** Decides without holding anything. */
  readonly check: (input: Omit<AuthorizeInput, 'reservation' | 'ttlMs' | 'repeatable'>) => Checked | Promise<Checked>
  /** Where requests may be sent, as last pushed. */
  readonly upstreams: () => readonly UpstreamConfig[]
  /** Requests of a customer that are open on this node. */
  readonly openFor: (customer: CustomerId) => number
  /**
   * Resolves when all that was admitted and settled so far is in the journal and survives `kill -9`. Awaited before an admitted
   * request goes to a provider, so that no call runs that a restart would not know of.
   */
  readonly written: () => Promise<void>
  /** Resolves when all that was written so far survives a power loss. `settle` by API awaits it. */
  readonly sync: () => Promise<void>
  readonly stats: () => Readonly<Record<string, number>>
  /** False while the node must not admit: its journal cannot be written, or its authority has not heard of it for too long. */
  readonly isReady: () => boolean
  /** Stops admitting, ships what is journaled and gives its leases back. */
  readonly drain: () => Promise<void>
}

export type Known = { readonly snapshot: CustomerSnapshot; readonly catalog: Catalog }
