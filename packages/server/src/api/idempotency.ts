// Idempotency-Key at the edge: runs a write once for each key of a caller, and answers its repetitions from what was stored. An answer
// that holds a secret is stored sealed. What a write makes gets an id that follows from the key, so that even a run whose
// answer was lost with the process cannot make it twice.

import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Caller } from '../app/authenticate.ts'
import type { ControlPlane } from '../app/control-plane.ts'
import { idempotent } from '../app/idempotency.ts'
import { open, seal } from '../platform/secrets.ts'
import { isWrite, type Route } from './contract/route.ts'
import { takesIdempotencyKey } from './openapi.ts'
import { ApiError } from './problems.ts'

type Write = { readonly request: FastifyRequest; readonly route: Route; readonly operation: string; readonly caller: Caller }

/** Operations whose answer holds a secret. */
const SECRET_ANSWERS: ReadonlySet<string> = new Set(['createKey', 'createPortalSession', 'createCodes'])
const ID_LENGTH = 26

export async function runIdempotent(
  plane: ControlPlane,
  write: Write,
  run: (idText: () => string) => Promise<unknown>,
): Promise<{ readonly body: unknown; readonly replayed: boolean }> {
  const key = isWrite(write.route) && takesIdempotencyKey(write.operation) ? idempotencyKey(write.request) : null
  if (key === null) return { body: await run(plane.randomText), replayed: false }
  const { request, route, caller } = write
  const scope = caller.actor.id
  const recordId = `${scope} ${key}`
  const isSecret = SECRET_ANSWERS.has(write.operation)
  const answer = await idempotent(plane, { scope, key, request: [route.method, request.url, request.body ?? null] }, async () => {
    const body = await run(() => idFrom(recordId))
    return { status: route.status, body: isSecret ? { sealed: seal(plane.masterKey, JSON.stringify(body), recordId) } : body }
  })
  return { body: isSecret ? JSON.parse(open(plane.masterKey, (answer.body as { sealed: string }).sealed, recordId)) : answer.body, replayed: answer.replayed }
}

/** The draft of the header quotes its value; most clients do not. */
function idempotencyKey(request: FastifyRequest): string | null {
  const header = request.headers['idempotency-key']
  if (header === undefined) return null
  const key = typeof header === 'string' ? header.replace(/^"(.*)"$/, '$1') : ''
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new ApiError('invalid_idempotency_key', 'Idempotency-Key must be 1 to 255 printable ASCII characters without spaces', { field: 'Idempotency-Key' })
  return key
}

/** The same text for the same key of the same caller, in the alphabet of our ids. */
function idFrom(recordId: string): string {
  const digest = createHash('sha256').update(recordId).digest('hex')
  return BigInt(`0x${digest}`).toString(32).slice(0, ID_LENGTH)
}
