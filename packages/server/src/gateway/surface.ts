// A surface is one shape of request and answer that clients and providers agree on: what its body must say for a decision, what
// the provider is asked, where its answers tell usage, how its streams end, what its errors look like. The flow (flow/flow.ts) is
// the same for all of them and knows none by name; a new surface is a new value of these types.

import type { BackgroundJob, BatchRequests, Catalog, Instant, Rate, UpstreamKind, UsageReader } from '@tollgate/core'
import type { ErrorAnswer } from './refusal.ts'
import type { StreamDialect } from './flow/stream-dialect.ts'
import type { UsageBound } from './usage-bound.ts'

export type Surface = {
  /** Its name in metrics and in the records of requests. */
  readonly name: string
  readonly shape: ErrorShape
  /** Kinds of upstreams that speak it. */
  readonly kinds: readonly UpstreamKind[]
  /** The upstream that it goes to, whatever the model; by the model if left out. */
  readonly upstream?: string
  /** Event type of its usage: what costs nothing at the provider has a type of its own, so that no meter of requests counts it. */
  readonly event: string
  /** The provider charges nothing for it. */
  readonly isFree?: boolean
  /** @throws {RequestRefused} 400 with the member at fault. */
  readonly read: (asked: Asked) => SurfaceRequest
  /** `provider` decides what the fields of its usage mean. */
  /** Reads it where that takes more than its bytes: what is kept of the customer, or time. */
  readonly prepare?: (preparing: Preparing) => Promise<SurfaceRequest>
  readonly openReader: (provider: string, request: SurfaceRequest) => UsageReader
  readonly answer: AnswerForm
  /**
   * Its answers may be kept and replayed, where the catalog says so; never unless there. But for requests that have one of `never`, whose
   * answer depends on more than the body or is stored elsewhere, and without a rule that allows them those with `tools`.
   */
  readonly cache?: { readonly tools: readonly string[]; readonly never: readonly string[] }
}

export type Preparing = {
  readonly asked: Asked
  readonly catalog: Catalog
  readonly at: Instant
  /** Work of the customer at a provider, by the provider's id. */
  readonly find: (providerId: string) => Promise<BackgroundJob | null>
}

/** A request as it came: its bytes and what its path said. */
export type Asked = {
  readonly body: Buffer
  /** Groups of the path, decoded; empty where the path says nothing. */
  readonly params: readonly string[]
  readonly query: string
  readonly contentType: string
}

/** What a decision, the provider and the end of the request need to know of it. */
export type SurfaceRequest = {
  readonly body: Buffer
  readonly model: string
  readonly isStream: boolean
  /** The client gets the usage events of a stream; else they are taken out again. */
  readonly wantsUsage: boolean
  /** The most it can use. @throws {RequestRefused} when nothing bounds it. */
  readonly bound: (rate: Rate | null) => UsageBound
  /** What the provider gets, under its own name for the model; with less output, over all answers, where {@link canClamp}, and told more where {@link canInstruct}. */
  readonly ask: (upstreamModel: string, changed?: Changed | null) => Ask
  /** Its body has instructions for the model. */
  readonly canInstruct?: boolean
  /** Its body has a member that bounds the output. */
  readonly canClamp?: boolean
  /** What is asked, for telling repetitions apart; left out where nobody looks for them. */
  readonly prompt?: () => string
  /** Its text, to be counted when the provider tells no usage; null when there is none to count. */
  readonly countable: () => { readonly text: string; readonly overhead: number } | null
  /** The provider answers at once and works on in the background. */
  readonly background?: BackgroundJob['kind']
  /** Of a file of requests, and of a batch: what they ask. */
  readonly requests?: BatchRequests
  /** It goes to this upstream, with this key: what it speaks of is there and nowhere else. */
  readonly pinned?: { readonly upstream: string; readonly key: string | null }
  /** Usage that the request alone decides, for answers that tell none: the characters of a speech, the images of a size. */
  readonly fixed?: (rate: Rate | null) => FixedUsage
  /** What the price of the answer may depend on, where the answer itself does not say: an image's quality and size. */
  readonly labels?: Readonly<Record<string, string>>
}

/** What a decision changed of a request; null for nothing. */
export type Changed = { readonly outputTokens: number | null; readonly instruction: string | null }

export function isTold(changed: Changed | null | undefined): changed is Changed & { readonly instruction: string } {
  return changed !== undefined && changed !== null && changed.instruction !== null
}

export type Ask = {
  /** Below the upstream's base URL, query included. */
  readonly path: string
  readonly body: Buffer
  readonly contentType: string
}

export type FixedUsage = {
  readonly buckets: Readonly<Record<string, number>>
  /** It is a guess, not a count. */
  readonly isEstimated: boolean
  /** The text of the answer counts as output beside it. */
  readonly countsOutput?: boolean
}

/** A member of a JSON answer by name: parsed, or a string cut out as it stands. */
export type AnswerMembers = { readonly value: (name: string) => unknown; readonly text: (name: string) => string | null }

export type AnswerForm = {
  /** What its usage reader takes out of a whole answer, parsing no more than that. */
  readonly tell: (members: AnswerMembers) => unknown
  /** What the model produced, out of the parsed answer. */
  readonly textOf: (answer: Readonly<Record<string, unknown>>) => string
  readonly stream: StreamDialect
  /** Answers may be other than JSON: sound, subtitles. They pass as they come. */
  readonly isBytes?: boolean
  /** A stream may be the pieces of one JSON array. */
  readonly hasArrayStream?: boolean
  /** Usage of zero is meant, not forgotten. */
  readonly maySayZero?: boolean
}

/** Errors as the clients of a surface know them. */
export type ErrorShape = {
  readonly body: (answer: ErrorAnswer, requestId: string) => string
  /** The error as an event of a stream that has begun. */
  readonly event: (answer: ErrorAnswer, requestId: string) => string
  /** Name under which its clients look for the request's id, beside x-request-id. */
  readonly idHeader: string | null
}
