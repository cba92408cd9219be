// Idempotency keys of the API: the same key with the same request gets the stored answer, with another request a 422, and
// while the first still runs a 409. Keys belong to the API key that sent them.

import { createHash } from 'node:crypto'
import type { ControlPlane } from './control-plane.ts'
import { claimAnswer, storeAnswer, dropAnswer, dropAnswersBefore } from '../store/idempotency.ts'
import { Problem } from './problems.ts'

export type Answer = { readonly status: number; readonly body: unknown }

/** How long answers are kept. A key that comes back later runs again. */
export const IDEMPOTENCY_KEPT_MS = 24 * 60 * 60_000

export async function idempotent(plane: ControlPlane, input: { readonly scope: string; readonly key: string; readonly request: unknown }, run: () => Promise<Answer>): Promise<Answer & { readonly replayed: boolean }> {
  const hash = createHash('sha256').update(JSON.stringify(input.request) ?? '').digest('hex')
  const known = await claimAnswer(plane.sql, { scope: input.scope, key: input.key, hash })
  if (known !== null) {
    if (known.hash !== hash) throw new Problem('idempotency_conflict', 'this Idempotency-Key was used with another request; use a new one', 'Idempotency-Key')
    if (known.status === null) throw new Problem('idempotency_running', 'the first request with this Idempotency-Key is still running; try again in a moment', 'Idempotency-Key')
    return { status: known.status, body: known.body, replayed: true }
  }
  try {
    const answer = await run()
    await storeAnswer(plane.sql, { scope: input.scope, key: input.key, ...answer })
    return { ...answer, replayed: false }
  } catch (error) {
    // Nothing happened: the same key may try again.
    await dropAnswer(plane.sql, input)
    throw error
  }
}

/** The job that forgets old answers. */
export async function forgetAnswers(plane: ControlPlane): Promise<void> {
  await dropAnswersBefore(plane.sql, plane.clock.now() - IDEMPOTENCY_KEPT_MS)
}
