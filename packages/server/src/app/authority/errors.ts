// What a node is told when the authority does not answer its question: each by its code, which travels over HTTP.

/** The node was replaced by a later incarnation of itself, was given up, or never registered: it must register anew. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
  readonly code = 'node_fenced'
  readonly retryable = false
}

/** A node that asks for a budget of a plan that was left. It refreshes its snapshot and asks again. */
export class StaleBudgetError extends Error {
  override readonly name = 'StaleBudgetError'
  readonly code = 'stale_budget'
  readonly retryable = true
}
