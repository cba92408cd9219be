// The inbox as an operator sees it: what came, what became of it and why; replay; links between customers here and there.

import type { Instant } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { addLinks, findLinks, linksOfCustomer, listMessages, messageById, requeueMessages, requeueWaiting, type Link, type MessageRow, type MessageState, type ProviderName } from '../../store/providers.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { pageOf, type Page } from '../listings.ts'
import { Problem } from '../problems.ts'
import { processInbox } from './process.ts'

export async function messagesPage(plane: ControlPlane, input: { readonly provider: ProviderName | null; readonly state: MessageState | null; readonly customer: string | null; readonly before: { readonly at: number; readonly key: string } | null; readonly limit: number }): Promise<Page<MessageRow>> {
  const rows = await listMessages(plane.sql, { ...input, before: input.before as { at: Instant; key: string } | null, limit: input.limit + 1 })
  return pageOf(rows, input.limit, ({ receivedAt, provider, id }) => `${receivedAt} ${provider} ${id}`)
}

export async function getMessage(plane: ControlPlane, provider: ProviderName, id: string): Promise<MessageRow & { readonly body: string }> {
  const row = await messageById(plane.sql, provider, id)
  if (row === null) throw new Problem('not_found', `${provider} sent no message ${id}`, 'message')
  return row
}

/** Processes again: one message, or all that stopped (of one code). Facts that are known stay as they are. */
export async function replayMessages(plane: ControlPlane, actor: Actor, input: { readonly provider: ProviderName | null; readonly message: string | null; readonly code: string | null }): Promise<number> {
  if (input.message !== null && input.provider !== null) await getMessage(plane, input.provider, input.message)
  const queued = await withRetry(plane.sql, async (tx) => {
    const count = await requeueMessages(tx, { provider: input.provider, codes: input.code === null ? null : [input.code], id: input.message })
    await insertAudit(tx, { actor: actor.id, action: 'provider.replayed', customer: null, target: input.message ?? 'all that stopped', before: null, after: { provider: input.provider, code: input.code, messages: count } })
    return count
  })
  await drainInbox(plane)
  return queued
}

/** Turns of one call: more waits for the job. */
const TURNS_MAX = 50

export async function drainInbox(plane: ControlPlane): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX && (await processInbox(plane)) > 0; turn++);
}

export async function linkCustomer(plane: ControlPlane, actor: Actor, customer: string, input: { readonly provider: ProviderName; readonly external: string }): Promise<void> {
  await getCustomer(plane, customer)
  const link: Link = { kind: 'customer', id: input.external }
  await withRetry(plane.sql, async (tx) => {
    const [owner] = await findLinks(tx, input.provider, [link])
    if (owner !== undefined && owner !== customer) throw new Problem('already_exists', `${input.provider}'s ${input.external} is linked with ${owner}`, 'external_id')
    await addLinks(tx, { provider: input.provider, customer, links: [link] })
    await requeueWaiting(tx, input.provider, [link])
    await insertAudit(tx, { actor: actor.id, action: 'provider.linked', customer, target: input.external, before: null, after: { provider: input.provider, external_id: input.external } })
  })
  await drainInbox(plane)
}

export async function providerLinks(plane: ControlPlane, customer: string): Promise<(Link & { readonly provider: ProviderName })[]> {
  await getCustomer(plane, customer)
  return linksOfCustomer(plane.sql, customer)
}
