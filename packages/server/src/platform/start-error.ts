// What keeps the program from starting, for a person at a terminal: the message says what is wrong and what to do, and is
// printed without a stack. Not for requests: those have denials and problem answers.

export class StartError extends Error {
  override readonly name = 'StartError'
  /** Stable, for scripts and tests. */
  readonly code: string
  /** True when the same start may succeed a little later, with nothing changed. */
  readonly retryable: boolean

  constructor(input: { readonly code: string; readonly message: string; readonly retryable?: boolean; readonly cause?: unknown }) {
    super(input.message, { cause: input.cause })
    this.code = input.code
    this.retryable = input.retryable ?? false
  }
}
