// What the client takes and answers. Amounts are decimal text, because no JavaScript number holds them exactly; times are RFC 3339
// text. A denial is a value, never an exception.

/** Numbers by property: whole numbers, or decimal text for fractions. */
export type Quantities = Readonly<Record<string, number | string>>
export type Dimensions = Readonly<Record<string, string>>
export type Money = { readonly amount: string; readonly currency: string }

/** What a request is about, and the most that it can use. */
export type Request = {
  /** May be left out with a key that belongs to a customer. */
  readonly customer?: string
  readonly entity?: string
  /** May be left out with a key that names one. */
  readonly feature?: string
  readonly model?: string
  /** Ties several requests of one agent run together. */
  readonly run?: string
  /** Type of the usage event that settling makes; `ai.request` unless stated. */
  readonly type?: string
  readonly quantities: Quantities
  readonly dimensions?: Dimensions
}

export type AuthorizeRequest = Request & {
  /** An id of your choice, `res_…`, where a retry of your own process must find the same reservation; made when left out. */
  readonly reservationId?: string
  /** How long the hold stands without a settle. */
  readonly ttlSeconds?: number
  /** You can use another model, less output or another instruction where the answer's `degrade` says so; otherwise such a request is refused. */
  readonly canDegrade?: boolean
}

/** What was really used. */
export type Usage = {
  readonly quantities: Quantities
  readonly dimensions?: Dimensions
  /** What the provider charges for it. */
  readonly cost?: Money
  /** The numbers were counted by you, not told by the provider. */
  readonly estimated?: boolean
}

export type DenialReason =
  | 'frozen'
  | 'not_in_good_standing'
  | 'feature_not_entitled'
  | 'model_not_allowed'
  | 'model_unpriced'
  | 'context_length_exceeded'
  | 'output_length_exceeded'
  | 'rate_limited'
  | 'run_halted'
  | 'limit_exhausted'
  | 'allowance_exhausted'
  | 'credit_balance_exhausted'
  | 'budget_unavailable'

export type Denied = {
  readonly allowed: false
  readonly reason: DenialReason
  /** For a person: what happened and what to do. */
  readonly message: string
  /** HTTP status to answer your own caller with: 402 where money helps, 403 where a plan does, 503 where waiting does. */
  readonly status: 400 | 402 | 403 | 429 | 503
  /** Null when no server decided: the fail mode did. */
  readonly decisionId: string | null
  /** What refused, such as `wallet:USD`. */
  readonly scope: string | null
  readonly limit: string | null
  readonly used: string | null
  readonly required: string | null
  readonly unit: string | null
  readonly resetsAt: string | null
  readonly topUpUrl: string | null
  readonly upgradeUrl: string | null
  /** True when Tollgate did not answer and the fail mode is `closed`. */
  readonly degraded: boolean
}

export type Checked = {
  readonly allowed: true
  /** The most that it can cost; null when no server was asked in vain. */
  readonly estimate: Money | null
  /** Wallet balance; null without a wallet. */
  readonly balance: string | null
  readonly catalogVersion: number | null
  /** True when Tollgate did not answer and the fail mode is `open`: nothing is held. */
  readonly degraded: boolean
}

export type Settled = {
  /** Null when the usage went in as an event of a batch that tells no charge, or was recorded before. */
  readonly charge: Money | null
  /** False where tiers stand differently until the charge is posted. */
  readonly final: boolean
  readonly balance: string | null
  /** It was settled before: nothing was charged again. */
  readonly replayed: boolean
}

/** How a request that did not fit as it was may run. */
export type Degrade = {
  /** Use this model instead; null for the one asked for. */
  readonly model: string | null
  /** Ask for no more output than this, over all answers; null for what was asked. */
  readonly outputTokens: number | null
  /** Add this to the instructions of the request; null for nothing. */
  readonly instruction: string | null
  /** The budget that had not enough left, and the reason that it would have refused with. */
  readonly budget: string
  readonly reason: DenialReason
}

/** An admitted request. Settle it with what was used, or release it when nothing was. */
export type Allowed = Checked & {
  readonly reservationId: string
  /** When the hold ends by itself. */
  readonly expiresAt: string | null
  readonly replayed: boolean
  /** Only with `canDegrade`: run it as this says. Null when it runs as it was asked. */
  readonly degrade: Degrade | null
  /** Books what was really used, also where it is more than was held. May be called again after a failure: it is charged once. */
  readonly settle: (usage: Usage) => Promise<Settled>
  /** Raises the hold to a new bound. Denied leaves the old hold in force. */
  readonly extend: (bound: Pick<Request, 'quantities' | 'dimensions'>) => Promise<Allowed | Denied>
  /** Ends the hold without use. May be called again. */
  readonly release: () => Promise<void>
}

/** Usage that was not authorized, or happened elsewhere. */
export type TrackedEvent = {
  /** Unique within `source`, for ever: the same event is charged once. Made when left out. */
  readonly id?: string
  /** Who measured it; that of the client unless stated. */
  readonly source?: string
  readonly type?: string
  /** May be left out with a key that belongs to a customer. */
  readonly customer?: string
  readonly time?: string | Date
  readonly entity?: string
  readonly feature?: string
  readonly run?: string
  readonly quantities: Quantities
  readonly dimensions?: Dimensions
}

export type EventResult = {
  readonly id: string | null
  readonly status: 'accepted' | 'duplicate' | 'conflict' | 'rejected' | 'parked'
  readonly charge: Money | null
  /** Why it was not accepted. */
  readonly reason: string | null
  readonly field: string | null
}

/** What a customer may do with one feature, as `entitlement` answers. */
export type Entitlement = {
  readonly feature: string
  readonly entitled: boolean
  /** Configured value of a `value` feature. */
  readonly value: string | null
  readonly models: readonly string[]
  /** Why not; null when entitled, and where nobody answered. */
  readonly reason: DenialReason | null
  /** Plans that contain it, where this one does not. */
  readonly upgradePlans: readonly string[]
  /** True when Tollgate did not answer: what stands here is the fallback of `features`. */
  readonly degraded: boolean
}

/** What holds for one feature when Tollgate does not answer. */
export type FeatureFallback = { readonly failMode?: 'open' | 'closed'; /** Value of a `value` feature. */ readonly value?: string }

export type Options = {
  /** Address of Tollgate, such as `http://127.0.0.1:4100`; of its gateway where latency matters and `track` is not used. */
  readonly url: string
  readonly key: string
  /** What a decision is when Tollgate does not answer: `closed` refuses, `open` admits. There is no default: choose. */
  readonly failMode: 'open' | 'closed'
  /** Exceptions from the fail mode, and values to go on with, by feature. */
  readonly features?: Readonly<Record<string, FeatureFallback>>
  /** Deadline of one attempt; 2000 unless stated. */
  readonly timeoutMs?: number
  /** Attempts after the first; 2 unless stated. Each repeats the same ids, so that nothing happens twice. */
  readonly retries?: number
  /** Names the sender of tracked events; `tollgate-sdk` unless stated. Ids are unique within it. */
  readonly source?: string
  /** Another implementation of fetch. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}
