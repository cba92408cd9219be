// What the domain needs from the world, as types: each port has at most six methods, one contract suite and, sooner or
// later, a second adapter. Nothing here does anything.

import type { AuthorityRefusal, Lease, LeaseRequest } from './budget/authority.ts'
import type { CatalogDocument } from './catalog/document.ts'
import type { CustomerSnapshot, KeyRecord } from './entitlement/snapshot.ts'
import type { CustomerId } from './id.ts'
import type { EventCost, EventResult, UsageEvent } from './meter/event.ts'
import type { Instant } from './time.ts'
import type { TimeCounts } from './time-counts.ts'
import type { UpstreamKey, UpstreamKind, UpstreamRouting } from './upstream.ts'
import type { ProviderUsage } from './usage/usage.ts'

export type Clock = { readonly now: () => Instant }

/** Who a node is: its incarnation rises with each start, so that the leases of a dead process are never shared. */
export type NodeIdentity = { readonly node: string; readonly incarnation: number }

/** Where the journal of a node has been settled up to; bytes before it may be deleted. */
export type JournalPosition = { readonly segment: number; readonly offset: number }

/**
 * The authority over budgets. Adapters: PostgreSQL (in the control plane) and HTTP (for nodes, sidecars and SDKs).
 * Every call may be repeated after a lost answer; `acquire` and `giveBack` are known by (node, incarnation, sequence).
 */
export type Authority = {
  /** Starts an incarnation and tells where the node's journal has been settled up to. */
  readonly register: (node: string) => Promise<NodeIdentity & Licence & { readonly settled: JournalPosition }>
  /** Says that the node lives. Whoever is silent for longer than the licence admits nothing, and its leases come into doubt. */
  readonly renew: (identity: NodeIdentity, report?: NodeReport) => Promise<Licence>
  /** Closes the leases of earlier incarnations, once their journal has been shipped. What was in flight stays held, in doubt. */
  readonly closeEarlier: (identity: NodeIdentity, left: LeftBehind) => Promise<void>
  /** All budgets that a request misses, all or nothing on their `min`. */
  readonly acquire: (identity: NodeIdentity, request: LeaseRequest) => Promise<Lease[] | AuthorityRefusal>
  /** Gives idle amounts back (after a recall, at shutdown). The sequence is of the same count as that of acquires. */
  readonly giveBack: (identity: NodeIdentity, sequence: number, returned: readonly ReturnedLease[]) => Promise<void>
  /** Ships a stretch of journal; answers when it is settled, with the position after it. */
  readonly ship: (identity: NodeIdentity, stretch: JournalStretch) => Promise<JournalPosition>
}

/** How a node fares, told with its renewals. Durations are of the last five minutes. */
export type NodeReport = {
  readonly decisions: TimeCounts
  /** From asking the authority for budget to its answer. */
  readonly acquires: TimeCounts
  /** Written and not settled yet. */
  readonly journalBytes: number
  /** Whether its journal can be written. */
  readonly isWriting: boolean
  /** The latest of its numbered calls that was answered; 0 for none. A database that does not know it is an older one than the node spoke to. */
  readonly answered: number
}

/** How long after it *sent* the call a node may admit, by each of its clocks. Shorter than the authority waits: an interval, never an hour. */
export type Licence = { readonly validMs: number }

/** What a dead process left in its journal. */
export type LeftBehind = {
  /** Incarnations whose journal was there and whole. Of others lines may be missing: after a power cut, or on another disk. */
  readonly kept: readonly number[]
  readonly inFlight: readonly InFlight[]
}

/** A request that was admitted and has no end in the journal. Amounts in hold units. */
export type InFlight = {
  readonly reservation: string
  readonly incarnation: number
  /** Until then it may still be settled. */
  readonly endsAt: Instant
  readonly holds: readonly ReturnedLease[]
}

export type ReturnedLease = { readonly customer: CustomerId; readonly budget: string; readonly periodStart: Instant; readonly amount: number }
/** `lines` are whole journal lines as written, so that nothing is serialised twice. */
export type JournalStretch = { readonly from: JournalPosition; readonly to: JournalPosition; readonly lines: Uint8Array }

/** Who a key is and what a customer may do: what a node asks when its memory does not know. */
export type Directory = {
  /** In the order of the hashes; null for one that is no key. */
  readonly keys: (hashes: readonly string[]) => Promise<readonly (KeyRecord | null)[]>
  readonly customer: (identity: NodeIdentity, id: CustomerId) => Promise<CustomerView | null>
  readonly catalog: (version: number) => Promise<CatalogDocument>
  readonly upstreams: () => Promise<readonly UpstreamConfig[]>
}

export type CustomerView = {
  readonly snapshot: CustomerSnapshot
  /**
   * Per wallet budget, the posted balance plus what this incarnation has had posted, as decimal text: minus the node's
   * own use it is the balance of the moment, without waiting for the node's journal to be settled.
   */
  readonly balanceBases: Readonly<Record<string, string>>
  /** Nodes that have this customer in memory, the asking one included: rates are shared among them. One unless told. */
  readonly sharers?: number
}

/** What is kept of a customer at a provider: responses, batches of either API, and the files that OpenAI's batches read and write. */
export const BACKGROUND_KINDS = ['response', 'message_batch', 'batch', 'file'] as const
export type BackgroundKind = (typeof BACKGROUND_KINDS)[number]

/** The requests of a batch file: what they ask, and what all of them can use at most. */
export type BatchRequests = { readonly model: string; readonly endpoint: string; readonly count: number; readonly inputTokens: number; readonly outputTokens: number; readonly outputOfOne: number; readonly units: Readonly<Record<string, number>> }

/** Work that a provider does after it has answered: it is paid for when it ends, fetched or not. */
export type BackgroundJob = {
  /** Id of its reservation, and of the usage event that it becomes. */
  readonly id: string
  readonly customer: CustomerId
  readonly kind: BackgroundKind
  /** Name of the upstream, and what the work is called there. */
  readonly upstream: string
  /** Name of its key there, where it has several. */
  readonly upstreamKey?: string
  readonly providerId: string
  readonly upstreamModel: string
  /** The event that it becomes, but for what was used. */
  readonly event: Omit<UsageEvent, 'quantities' | 'cost' | 'estimated' | 'settled'>
  /** Of a file of requests, and of a batch. */
  readonly requests?: BatchRequests
  /** Of a file that a batch wrote: the provider's id of the batch. */
  readonly batch?: string
  /** What was held for it, by property: charged, as estimated, where the provider never tells. */
  readonly bound: Readonly<Record<string, string>>
}

/** Where background work is kept, so that no end of a process forgets it. Every call may be repeated. */
export type BackgroundJobs = {
  readonly open: (node: string, job: BackgroundJob) => Promise<void>
  /** Open jobs that nobody looks after, and those of this node; it looks after them for some minutes from now on. */
  readonly claim: (node: string, limit: number) => Promise<readonly BackgroundJob[]>
  /** It ended. `event`: its usage, where no node could settle it any more. */
  readonly finish: (id: string, event: UsageEvent | null) => Promise<void>
  /** Of one customer, by the provider's id; null for any other. */
  readonly find: (customer: CustomerId, providerId: string) => Promise<{ readonly job: BackgroundJob; readonly isFinished: boolean } | null>
}

/** What was asked and answered, as it is kept: secrets and personal data were taken out where it was seen, before it went anywhere. */
export type KeptPrompt = {
  /** Reservation of the request. */
  readonly id: string
  readonly customer: CustomerId
  readonly time: Instant
  readonly expiresAt: Instant
  /** JSON text of the body; null where it is none, or too large. */
  readonly prompt: string | null
  readonly answer: string | null
  /** How much was taken out, by kind. */
  readonly redacted: Readonly<Record<string, number>>
  /** Something was left out because it is too long. */
  readonly isCut: boolean
}

/** Where prompts are kept. May be called again after a lost answer. */
export type Prompts = { readonly keep: (prompts: readonly KeptPrompt[]) => Promise<void> }

/** An answer of the response cache that all gateways of a deployment share. */
export type SharedAnswer = {
  readonly contentType: string
  /** Its bytes in base64. */
  readonly body: string
  readonly usage: ProviderUsage
  readonly cost: EventCost | null
  readonly at: Instant
  readonly expiresAt: Instant
}

/** Where it is: whose answers it is among, and a hash of the request that it answers. */
export type SharedPlace = { readonly owner: string; readonly place: string }

export type SharedAnswers = {
  readonly find: (where: SharedPlace) => Promise<SharedAnswer | null>
  /** `customer` is who it was made for. What finds no room is not kept. */
  readonly keep: (customer: CustomerId, where: SharedPlace, answer: SharedAnswer) => Promise<void>
}

/** An upstream, or one of its keys, that a gateway does not ask right now. */
export type RestingUpstream = {
  /** Its name. */
  readonly upstream: string
  /** Null for the upstream as a whole. */
  readonly key: string | null
  /** What it failed with last: a status, or how. */
  readonly why: string
  /** Failures in a row. */
  readonly failures: number
  readonly until: Instant
  /** One request tries whether the rest is over. */
  readonly isTried: boolean
}

/** Is told all that rest at this node, again and again while any does. */
export type RestReports = { readonly tell: (rests: readonly RestingUpstream[]) => Promise<void> }

/** What a customer was charged for usage between two instants, without them in its running period. */
export type Spent = (customer: CustomerId, from: Instant | null, to: Instant | null) => Promise<{ readonly amount: string; readonly currency: string }>

/** An upstream as nodes know it: the secret travels from the control plane in memory only, never to disk or log. */
export type UpstreamConfig = {
  readonly id: string
  readonly name: string
  readonly kind: UpstreamKind
  /** Up to and including the version path, such as `https://api.openai.com/v1`. */
  readonly baseUrl: string
  readonly secret: string | null
  /** Rate card provider whose prices apply. */
  readonly provider: string
  /** Models sent here; `*` for all that no other upstream names. */
  readonly models: readonly string[]
  /** May the address be private or loopback? Only where the operator said so. */
  readonly allowPrivate: boolean
  /** Several keys in the place of one `secret`; none unless there. */
  readonly keys?: readonly UpstreamKey[] | null
  readonly routing?: UpstreamRouting | null
}

/** What the control plane pushes to its nodes. A node that missed one notices by `epoch` and drops what it knows. A recall changes nothing that is
 * known, goes to some nodes only and is acted on beside the others, so it has a number of its own. */
export type FeedMessage =
  | { readonly kind: 'hello'; readonly epoch: number }
  | { readonly kind: 'customer'; readonly epoch: number; readonly customer: CustomerId }
  | { readonly kind: 'keys'; readonly epoch: number }
  | { readonly kind: 'catalog'; readonly epoch: number; readonly version: number }
  | { readonly kind: 'upstreams'; readonly epoch: number }
  | { readonly kind: 'recall'; readonly recall: number; readonly customer: CustomerId; readonly budgets: readonly string[] }

/** What a node has acted on: all up to an epoch, and recalls by their numbers, what was idle being back. */
export type Acknowledged = { readonly epoch?: number; readonly recalls?: readonly number[] }

/** The push channel to one node. What it is told counts as acknowledged once the listener's promise resolves. */
export type Feed = { readonly subscribe: (identity: NodeIdentity, onMessage: (message: FeedMessage) => void | Promise<void>) => { readonly close: () => void } }

/** An event on its way to become money. */
export type IncomingUsage = {
  readonly event: UsageEvent
  /** The sender stated the time; else ours was filled in, and a retry may carry another. */
  readonly statedTime: boolean
  /** Left out for usage itself. The event of a correction carries nothing but who sends it, and when. */
  readonly correction?: Correction
}

/** Names a usage event of the customer. */
export type EventRef = { readonly source: string; readonly id: string }

/** Takes an event back (`set` null), or says what it should have said: a member of `set` replaces that of its data, null removes it. */
export type Correction = { readonly of: EventRef; readonly set: Readonly<Record<string, unknown>> | null; readonly reason: string | null }

/**
 * Where usage becomes money. `results[i]` answers `incoming[i]`, durable before it returns: the first of an id is accepted,
 * the same again is a duplicate, other content under its id a conflict. One bad event never loses or doubles the others.
 */
export type EventSink = { readonly accept: (incoming: readonly IncomingUsage[]) => Promise<EventResult[]> }

/** The durable log of a node. */
export type Journal = {
  /** Resolves when the line is written to the file: it survives `kill -9`. */
  readonly append: (line: string) => Promise<void>
  /** Queues a line whose writing nobody waits for. */
  readonly note: (line: string) => void
  /** Resolves when everything appended before is synced: it survives power loss. */
  readonly sync: () => Promise<void>
  /** The next whole lines after `from`, at most `bytesMax`; null when there is nothing new. */
  readonly read: (from: JournalPosition, bytesMax: number) => Promise<JournalStretch | null>
  /** Everything before `position` is settled and may be deleted. */
  readonly release: (position: JournalPosition) => Promise<void>
  readonly close: () => Promise<void>
}
