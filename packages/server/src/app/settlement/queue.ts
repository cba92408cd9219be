// The queue before settlement: groups what arrives while a batch is being settled, bounds what waits, and keeps one bad
// event from stopping the others by settling the halves of a failed batch until the event stands alone; then it is parked
// with an alert. Nothing is dropped: above the bound the sender is told to come back.

import { InputError, SETTLEMENT_BATCH_MAX, SETTLEMENT_LANE_EVENTS_MIN, SETTLEMENT_LANES, SETTLEMENT_QUEUE_MAX, type EventResult, type EventSink, type IncomingUsage, type JournalPosition, type NodeIdentity } from '@tollgate/core'
import type { Log } from '../../platform/log.ts'
import { parkEvent } from '../../store/events.ts'
import type { OutboxRow } from '../../store/settlement.ts'
import { isDataError, settleBatch, type SettlementParts } from './settle.ts'

/** The sink on PostgreSQL: `accept` answers when the events are durable and charged, and throws QueueFullError above the bound. */
export type SettlementQueue = EventSink & {
  /** A node's stretch of journal: the position moves with its last part. */
  readonly settleStretch: (stretch: NodeStretch) => Promise<void>
  readonly waiting: () => number
  /** What the rollups know of dimensions, shared with the jobs that write rollups. */
  readonly dimensions: SettlementParts['dimensions']
  /** Called after each commit with the customers that were touched. */
  readonly onSettled: (listener: (customers: readonly string[]) => void) => void
  readonly close: () => Promise<void>
}

export type NodeStretch = { readonly identity: NodeIdentity; readonly to: JournalPosition; readonly items: readonly IncomingUsage[]; readonly outbox: readonly OutboxRow[] }

/** Too much waits for settlement: come back in a second. Nothing was taken. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError'
  readonly code = 'settlement_backlog'
  readonly retryable = true
  readonly retryAfterSeconds = 1
}

/** The events of each customer stay in one lane and in their order; the largest customers are spread first. */
export function lanesOf(items: readonly IncomingUsage[]): readonly (readonly number[])[] {
  if (items.length < SETTLEMENT_LANES * SETTLEMENT_LANE_EVENTS_MIN) return [[...items.keys()]]
  const byCustomer = new Map<string, number[]>()
  for (const [index, { event: { customer } }] of items.entries()) {
    const known = byCustomer.get(customer)
    if (known === undefined) byCustomer.set(customer, [index])
    else known.push(index)
  }
  const lanes: number[][] = Array.from({ length: Math.min(SETTLEMENT_LANES, byCustomer.size) }, () => [])
  for (const indices of [...byCustomer.values()].sort((a, b) => b.length - a.length)) lanes.reduce((least, lane) => (lane.length < least.length ? lane : least)).push(...indices)
  return lanes.map((lane) => lane.sort((a, b) => a - b))
}

type Waiting = { readonly items: readonly IncomingUsage[]; readonly resolve: (results: EventResult[]) => void; readonly reject: (error: unknown) => void }

export function createSettlementQueue(parts: SettlementParts & { readonly log: Log }): SettlementQueue {
  const waiting: Waiting[] = []
  const listeners: ((customers: readonly string[]) => void)[] = []
  let waitingItems = 0
  let running: Promise<void> | null = null

  function accept(items: readonly IncomingUsage[]): Promise<EventResult[]> {
    if (waitingItems + items.length > SETTLEMENT_QUEUE_MAX) return Promise.reject(new QueueFullError(`${waitingItems} events wait for settlement; send this batch again in a second`))
    return new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject })
      waitingItems += items.length
      running ??= drain()
    })
  }

  /**
   * One batch at a time: whole calls share a batch up to its bound, a larger call is cut. It ends in the same turn in which it finds
   * nothing waiting, so that a call that comes right behind an answer starts the next.
   */
  async function drain(): Promise<void> {
    while (waiting.length > 0) await drainGroup()
    running = null
  }

  async function drainGroup(): Promise<void> {
    const group: Waiting[] = []
    let size = 0
    while (waiting.length > 0 && (group.length === 0 || size + waiting[0]!.items.length <= SETTLEMENT_BATCH_MAX)) {
      const next = waiting.shift()!
      group.push(next)
      size += next.items.length
    }
    try {
      const results = await settleCut(group.flatMap(({ items }) => items), 'ingest')
      let offset = 0
      for (const { items, resolve } of group) {
        resolve(results.slice(offset, offset + items.length))
        offset += items.length
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    } finally {
      waitingItems -= size
    }
  }

  async function settleCut(items: readonly IncomingUsage[], origin: string): Promise<EventResult[]> {
    const results: EventResult[] = []
    for (let start = 0; start < items.length; start += SETTLEMENT_BATCH_MAX) results.push(...(await settleLanes(items.slice(start, start + SETTLEMENT_BATCH_MAX), origin)))
    return results
  }

  /** A batch of several customers in transactions side by side. Where one fails the others are through before it is told. */
  async function settleLanes(items: readonly IncomingUsage[], origin: string): Promise<EventResult[]> {
    const lanes = lanesOf(items)
    if (lanes.length === 1) return settleParts(items, origin)
    const results: EventResult[] = []
    const settled = await Promise.allSettled(lanes.map(async (lane) => {
      for (const [position, result] of (await settleParts(lane.map((index) => items[index]!), origin)).entries()) results[lane[position]!] = result
    }))
    const failed = settled.find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
    return results
  }

  /** Settles a batch; halves it when its data fails, and parks the event that fails alone. */
  async function settleParts(items: readonly IncomingUsage[], origin: string): Promise<EventResult[]> {
    if (items.length === 0) return []
    try {
      const results = await settleBatch(parts, { items, origin, journal: null, outbox: [] })
      announce(items)
      return results
    } catch (error) {
      if (!isDataError(error)) throw error
      if (items.length === 1) return [await park(items[0]!, origin, error)]
      const middle = Math.ceil(items.length / 2)
      return [...(await settleParts(items.slice(0, middle), origin)), ...(await settleParts(items.slice(middle), origin))]
    }
  }

  async function park(item: IncomingUsage, origin: string, error: unknown): Promise<EventResult> {
    const reason = error instanceof Error ? error.message : String(error)
    if (origin === 'ingest' && error instanceof InputError) return { status: 'rejected', id: item.event.id, field: error.field, reason }
    await parkEvent(parts.sql, { customer: item.event.customer, origin, record: item.event, reason })
    parts.log.error({ event: item.event.id, customer: item.event.customer, reason }, 'an event cannot be settled and is parked')
    return { status: 'parked', id: item.event.id, reason }
  }

  async function settleStretch(stretch: NodeStretch): Promise<void> {
    const origin = `node/${stretch.identity.node}`
    // The journal moves with the last part, or behind it where that is settled in lanes.
    const last = stretch.items.slice(-SETTLEMENT_BATCH_MAX)
    const rest = lanesOf(last).length === 1 ? last : []
    const earlier = stretch.items.slice(0, stretch.items.length - rest.length)
    for (const [index, result] of (await settleCut(earlier, origin)).entries()) await parkRefused(earlier[index]!, result, origin)
    const journal = { identity: stretch.identity, to: stretch.to }
    try {
      const results = await settleBatch(parts, { items: rest, origin, journal, outbox: stretch.outbox })
      announce(rest)
      for (const [index, result] of results.entries()) await parkRefused(rest[index]!, result, origin)
    } catch (error) {
      if (!isDataError(error)) throw error
      for (const [index, result] of (await settleParts(rest, origin)).entries()) await parkRefused(rest[index]!, result, origin)
      await settleBatch(parts, { items: [], origin, journal, outbox: stretch.outbox })
    }
  }

  /** A node's record that settlement refuses (its customer is gone, its id was used otherwise) waits for a person. */
  async function parkRefused(item: IncomingUsage, result: EventResult, origin: string): Promise<void> {
    if (result.status !== 'rejected' && result.status !== 'conflict') return
    await parkEvent(parts.sql, { customer: item.event.customer, origin, record: item.event, reason: result.reason })
    parts.log.error({ event: item.event.id, customer: item.event.customer, reason: result.reason }, 'a record of a node cannot be settled and is parked')
  }

  function announce(items: readonly IncomingUsage[]): void {
    const customers = [...new Set(items.map(({ event }) => event.customer))]
    for (const listener of listeners) listener(customers)
  }

  return {
    accept,
    settleStretch,
    waiting: () => waitingItems,
    dimensions: parts.dimensions,
    onSettled: (listener) => void listeners.push(listener),
    close: async () => {
      if (running !== null) await running
    },
  }
}
