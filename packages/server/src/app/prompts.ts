// Prompts that the operator's catalog says to keep: sealed for their customer and request, read by whom may and never without a line in the
// audit log, gone when their time is over, their customer asks, or the person behind them is erased. They come redacted.

import { type CustomerId, type Instant, type KeptPrompt, type Prompts } from '@tollgate/core'
import { withRetry } from '../platform/postgres.ts'
import { open, seal } from '../platform/secrets.ts'
import { insertAudit } from '../store/audit.ts'
import { deletePromptRow, deletePromptsBefore, deletePromptsOf, findPrompt, insertPrompts, promptTimes } from '../store/prompts.ts'
import { deleteSharedAnswersOf } from '../store/shared-answers.ts'
import type { Actor } from './actor.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { Problem } from './problems.ts'

/** What the seal covers. Values of JSON. */
type Sealed = { readonly prompt: unknown; readonly answer: unknown; readonly redacted: Readonly<Record<string, number>>; readonly isCut: boolean }
export type ReadPrompt = Sealed & { readonly id: string; readonly time: Instant; readonly expiresAt: Instant }

/** Rows of one statement, so that no run holds locks for long. */
const ROWS_PER_STATEMENT = 5_000

export function createPrompts({ sql, masterKey }: Pick<ControlPlane, 'sql' | 'masterKey'>): Prompts {
  return {
    keep: (prompts) => insertPrompts(sql, prompts.map((one) => ({ customer: one.customer, id: one.id, time: one.time, expiresAt: one.expiresAt, sealed: seal(masterKey, JSON.stringify(contentOf(one)), recordOf(one.customer, one.id)) }))),
  }
}

function contentOf({ prompt, answer, redacted, isCut }: KeptPrompt): Sealed {
  return { prompt: prompt === null ? null : JSON.parse(prompt), answer: answer === null ? null : JSON.parse(answer), redacted, isCut }
}

/** A sealed prompt that is copied to another customer or request does not open there. */
function recordOf(customer: string, id: string): string {
  return `prompt:${customer}:${id}`
}

/** Who reads it is written down before it is answered. */
export async function readPrompt(plane: ControlPlane, actor: Actor, customer: string, id: string): Promise<ReadPrompt> {
  await getCustomer(plane, customer)
  const row = await withRetry(plane.sql, async (tx) => {
    const found = await findPrompt(tx, customer, id, plane.clock.now())
    if (found !== null) await insertAudit(tx, { actor: actor.id, action: 'prompt.read', customer, target: id, before: null, after: null })
    return found
  })
  if (row === null) throw noPrompt(customer, id)
  const content = JSON.parse(open(plane.masterKey, row.sealed, recordOf(customer, id))) as Sealed
  return { ...content, id, time: row.time, expiresAt: row.expiresAt }
}

function noPrompt(customer: string, id: string): Problem {
  return new Problem('not_found', `no prompt is kept of the request ${id} of customer ${customer}: none was asked for by gateway.prompts of the catalog, or its time is over`, 'request')
}

export async function deletePrompt(plane: ControlPlane, actor: Actor, customer: string, id: string): Promise<void> {
  await getCustomer(plane, customer)
  await withRetry(plane.sql, async (tx) => {
    if (!(await deletePromptRow(tx, customer, id))) throw noPrompt(customer, id)
    await insertAudit(tx, { actor: actor.id, action: 'prompt.deleted', customer, target: id, before: null, after: null })
  })
}

/** All of a customer, with the answers that are kept for it in the database to be replayed. Those that are on their way from a gateway come after it. */
export async function erasePrompts(plane: ControlPlane, actor: Actor, customer: string): Promise<number> {
  await getCustomer(plane, customer)
  return withRetry(plane.sql, async (tx) => {
    const count = await deletePromptsOf(tx, customer)
    await deleteSharedAnswersOf(tx, customer)
    await insertAudit(tx, { actor: actor.id, action: 'prompt.erased', customer, target: customer, before: null, after: { prompts: count } })
    return count
  })
}

/** Until when the prompt of each request is kept, of those that have one. */
export async function promptsKept(plane: ControlPlane, customer: CustomerId | string, ids: readonly string[]): Promise<ReadonlyMap<string, Instant>> {
  return new Map((await promptTimes(plane.sql, customer, ids, plane.clock.now())).map(({ id, expiresAt }) => [id, expiresAt]))
}

export async function forgetPrompts(plane: ControlPlane): Promise<void> {
  while ((await deletePromptsBefore(plane.sql, plane.clock.now(), ROWS_PER_STATEMENT)) === ROWS_PER_STATEMENT);
}
