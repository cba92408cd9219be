// The Tollgate client. No dependencies; works wherever there is fetch: Node ≥ 20, Bun, Deno, edge.

export { createTollgate, TrackError, type Tollgate } from './client.ts'
export { TollgateError } from './error.ts'
export type {
  Allowed,
  AuthorizeRequest,
  Checked,
  Degrade,
  Denied,
  DenialReason,
  Dimensions,
  EventResult,
  Money,
  Options,
  Quantities,
  Request,
  Settled,
  TrackedEvent,
  Usage,
} from './types.ts'
