// What goes wrong beyond a denial: a request that is not valid, a key that may not, or usage that could not be delivered.

export type ErrorDetails = {
  readonly code: string
  readonly message: string
  readonly status: number | null
  readonly field?: string | null
  readonly requestId?: string | null
  readonly cause?: unknown
}

export class TollgateError extends Error {
  override readonly name = 'TollgateError'
  /** Stable: see docs/reference/errors.md. `unavailable` when Tollgate did not answer. */
  readonly code: string
  /** HTTP status; null when there was no answer. */
  readonly status: number | null
  /** Member of the request at fault. */
  readonly field: string | null
  /** The server's log has more under it. */
  readonly requestId: string | null
  /** Whether the same call may succeed later. With the same ids nothing happens twice. */
  readonly retryable: boolean

  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = details.code
    this.status = details.status
    this.field = details.field ?? null
    this.requestId = details.requestId ?? null
    this.retryable = details.status === null || isTransient(details.status)
  }
}

/** Statuses that say nothing about the request itself. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status === 500 || status === 502 || status === 503 || status === 504
}
