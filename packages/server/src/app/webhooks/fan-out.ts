// From the outbox to the endpoints: each message becomes one delivery for each endpoint that wants it, exactly once, in the transaction
// that moves the cursor on. What an endpoint is shown is fixed here; when it is sent is deliver.ts's.

import type { Instant } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { findEndpoint, insertDeliveries, listEndpoints, type EndpointRow, type NewDelivery } from '../../store/webhooks.ts'
import { lockReader, moveReader, outboxHead, readOutbox, readOutboxSince, type OutboxMessage } from '../../store/outbox.ts'
import { Problem } from '../problems.ts'
import type { ControlPlane } from '../control-plane.ts'
import { viewOf } from '../message-view.ts'
import { wants } from './endpoints.ts'

const READER = 'webhooks'
/** Messages of one transaction. */
const PAGE = 500

/** Queues what came since the last turn. Returns how many deliveries. */
export async function fanOut(plane: ControlPlane): Promise<number> {
  let queued = 0
  for (let more = true; more; ) {
    more = await withRetry(plane.sql, async (tx) => {
      const endpoints = await listEndpoints(tx)
      const cursor = await lockReader(tx, READER, await outboxHead(tx))
      const messages = await readOutbox(tx, { after: cursor, customer: null, limit: PAGE })
      const last = messages.at(-1)
      if (last === undefined) return false
      queued += await insertDeliveries(tx, deliveriesOf(endpoints, messages), { at: plane.clock.now(), again: 'never' })
      await moveReader(tx, READER, { tx: last.tx, id: last.id })
      return messages.length === PAGE
    })
  }
  return queued
}

/** Messages that one replay may send again: a month of a busy operator is read with the stream instead. */
const REPLAYED_MAX = 10_000

/** Sends messages since `since` once more: those that failed, or all. Returns how many were queued. */
export async function replay(plane: ControlPlane, id: string, input: { readonly since: Instant; readonly all: boolean }): Promise<number> {
  return withRetry(plane.sql, async (tx) => {
    const endpoint = await findEndpoint(tx, id)
    if (endpoint === null) throw new Problem('not_found', `there is no webhook endpoint ${id}`, 'webhook')
    const messages = await readOutboxSince(tx, { since: input.since, customer: endpoint.customer, limit: REPLAYED_MAX })
    return insertDeliveries(tx, deliveriesOf([endpoint], messages), { at: plane.clock.now(), again: input.all ? 'all' : 'failed' })
  })
}

function deliveriesOf(endpoints: readonly EndpointRow[], messages: readonly OutboxMessage[]): NewDelivery[] {
  return messages.flatMap((message) => endpoints.filter((endpoint) => wants(endpoint, message)).flatMap((endpoint) => deliveryOf(endpoint, message)))
}

function deliveryOf(endpoint: EndpointRow, { id, type, customer, createdAt, payload }: OutboxMessage): NewDelivery[] {
  const view = viewOf({ type, customer, at: createdAt, payload: payload as Record<string, unknown> }, endpoint.customer === null)
  if (view === null) return []
  const { type: _, at, ...data } = view
  return [{ endpoint: endpoint.id, message: id, type, customer, body: JSON.stringify({ type, timestamp: at, data }) }]
}
