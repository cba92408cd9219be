// Calls the API: one function for every operation of the contract, typed by it. An answer that is no success becomes a ProblemError with
// the API's own words. Who calls is set once by the entry: the console has its cookie and CSRF token, the portal its token.

import { OPERATIONS, type Operations } from './operations.ts'

export type Operation = keyof Operations
export type Answer<O extends Operation> = Operations[O]['answer']

export type Input<O extends Operation> = Operations[O]['input'] & {
  readonly signal?: AbortSignal
  /** The same for every repetition of one action, so that it happens once. */
  readonly idempotencyKey?: string
}

export type Problem = { readonly code: string; readonly status: number; readonly title: string; readonly detail: string; readonly field?: string; readonly request_id?: string; readonly [more: string]: unknown }

/** An error that the API told, or that it could not be reached: status 0. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.problem = problem
  }
}

export type Headers = Readonly<Record<string, string>>
type Identity = { readonly headers: () => Headers; readonly onSignedOut: () => void }
let identity: Identity = { headers: () => ({}), onSignedOut: () => {} }

/** Says who calls, from now on. */
export function actAs(next: Identity): void {
  identity = next
}

export function authorization(): Headers {
  return identity.headers()
}

export async function call<O extends Operation>(operation: O, input: Input<O>): Promise<Answer<O>> {
  const [method, path] = OPERATIONS[operation]
  const { params = {}, query = {}, body, signal, idempotencyKey } = input as unknown as { params?: Record<string, string>; query?: Record<string, unknown>; body?: unknown; signal?: AbortSignal; idempotencyKey?: string }
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? '')) + queryText(query)
  const isWrite = method !== 'GET'
  const answer = await fetch(address, {
    method,
    headers: {
      ...(isWrite || !('x-csrf-token' in identity.headers()) ? identity.headers() : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(isWrite && operation !== 'signIn' && operation !== 'signOut' ? { 'idempotency-key': idempotencyKey ?? randomKey() } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    credentials: 'same-origin',
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') throw error
    throw new ProblemError({ code: 'unreachable', status: 0, title: 'No answer', detail: 'Tollgate cannot be reached. Nothing was changed; this page tries again by itself.' })
  })
  if (answer.ok) return (await answer.json()) as Answer<O>
  throw await problemOf(answer, operation)
}

async function problemOf(answer: Response, operation: Operation): Promise<ProblemError> {
  const body = (await answer.json().catch(() => null)) as Problem | null
  if (answer.status === 401 && operation !== 'signIn') identity.onSignedOut()
  return new ProblemError(body ?? { code: 'no_answer', status: answer.status, title: 'No answer', detail: `the server answered ${answer.status} without saying why` })
}

function queryText(query: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  return entries.length === 0 ? '' : `?${new URLSearchParams(entries.map(([name, value]) => [name, String(value)])).toString()}`
}

export function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
