// Assertions for a programmer's error: they stay on in production, because a wrong balance is worse than a stopped process.
// Expected failures (a refusal, bad input) are values or InputError, never assertions.

/** Throws {@link AssertionFailure} unless `condition` holds. A message with figures in it is given as a function: on the hot path nobody writes it for nothing. */
export function assert(condition: boolean, message: string | (() => string)): asserts condition {
  if (!condition) throw new AssertionFailure(typeof message === 'string' ? message : message())
}

/** Marks a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable: ${JSON.stringify(value)}`)
}

export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

/**
 * Bad input told to its sender: `field` is where, `code` is stable, the message says what to do.
 * The edges map it to 400 (API), exit code 1 (CLI) or a rejected event (ingestion).
 */
export class InputError extends Error {
  override readonly name = 'InputError'
  readonly code: string
  readonly field: string | null

  constructor(input: { readonly code: string; readonly field?: string | null; readonly message: string }) {
    super(input.message)
    this.code = input.code
    this.field = input.field ?? null
  }
}
