// The outbox as live streams: one poller a process reads each message once and hands it to all who listen. A listener first catches up
// from its own cursor, then joins; what is read meanwhile waits for it, so that nothing is missed and nothing comes twice. One that
// cannot keep up is dropped: it resumes from its last cursor. It filters by customer; what a tenant may see of a
// message is for the edge to say.

import { assert, type Instant } from '@tollgate/core'
import { formatCursor, outboxHead, parseCursor, readOutbox, type OutboxCursor, type OutboxMessage } from '../store/outbox.ts'
import type { Log } from '../platform/log.ts'
import type { Sql } from '../platform/postgres.ts'

export type StreamMessage = {
  readonly cursor: string
  readonly customer: string | null
  readonly type: string
  readonly at: Instant
  readonly payload: Readonly<Record<string, unknown>>
}

export type Listener = {
  /** Only messages of this customer; null for all. */
  readonly customer: string | null
  /** Where it was, a cursor of ours; null for from now on. */
  readonly after: string | null
  /** Resolves when the listener can take more; while it is catching up the next page waits for it. */
  readonly onMessages: (messages: readonly StreamMessage[]) => void | Promise<void>
  /** The stream cannot go on: the listener was too slow, or the database did not answer. */
  readonly onEnd: () => void
}

export type OutboxStream = {
  /** Returns how to leave. The head is known when it resolves: a message committed later is never missed. */
  readonly listen: (listener: Listener) => Promise<() => void>
  readonly isCursor: (text: string) => boolean
  readonly listening: () => number
  readonly close: () => Promise<void>
}

/** Between two looks at the outbox when nothing wakes the poller: changes by other use cases than settlement are this late at most. */
const POLL_INTERVAL_MS = 250
const PAGE = 500
/** Messages that wait for a listener that is still catching up. */
const WAITING_MAX = 5_000

type Member = { readonly listener: Listener; cursor: OutboxCursor; state: 'reading' | 'joining' | 'live' | 'gone'; waiting: OutboxMessage[] }

export function createOutboxStream(parts: { readonly sql: Sql; readonly log: Log; readonly onSettled: (wake: () => void) => void }): OutboxStream {
  const members = new Set<Member>()
  /** Everything up to here was handed out; null while nobody listens. Known before a listener reads its last page, else what lies between is lost. */
  let position: OutboxCursor | null = null
  let opening: Promise<void> | null = null
  let polling: Promise<void> | null = null
  let isAwake = false
  let isClosed = false
  const timer = setInterval(wake, POLL_INTERVAL_MS)
  timer.unref()
  parts.onSettled(wake)

  function wake(): void {
    if (isClosed || members.size === 0) return
    isAwake = true
    polling ??= poll().finally(() => {
      polling = null
    })
  }

  async function poll(): Promise<void> {
    while (isAwake && members.size > 0) {
      isAwake = false
      try {
        await open()
        if (position === null) return
        const messages = await readOutbox(parts.sql, { after: position, customer: null, limit: PAGE })
        for (const member of members) handOut(member, messages)
        const last = messages.at(-1)
        if (last !== undefined) position = cursorOf(last)
        if (messages.length === PAGE) isAwake = true
      } catch (error) {
        parts.log.warn({ err: error }, 'the outbox cannot be read now; streams wait')
        return
      }
    }
  }

  function open(): Promise<void> {
    if (position !== null) return Promise.resolve()
    opening ??= outboxHead(parts.sql)
      .then((head) => {
        position ??= head
      })
      .finally(() => {
        opening = null
      })
    return opening
  }

  function handOut(member: Member, messages: readonly OutboxMessage[]): void {
    if (member.state === 'reading' || member.state === 'gone') return
    const own = messages.filter(
      (message) => isAfter(message, member.cursor) && (member.listener.customer === null || message.customer === member.listener.customer),
    )
    if (own.length === 0) return
    if (member.state === 'live') return deliver(member, own)
    member.waiting.push(...own)
    if (member.waiting.length > WAITING_MAX) end(member)
  }

  function deliver(member: Member, messages: readonly OutboxMessage[]): void {
    member.cursor = cursorOf(messages.at(-1)!)
    Promise.resolve(member.listener.onMessages(messages.map(streamed))).catch(() => end(member))
  }

  /**
   * Reads what the listener missed. The last page is read after it joined: a message that the poller handed out before is visible to
   * that page, and one that it hands out after waits.
   */
  async function catchUp(member: Member): Promise<void> {
    try {
      for (;;) {
        const isJoined = member.state === 'joining'
        const messages = await readOutbox(parts.sql, { after: member.cursor, customer: member.listener.customer, limit: PAGE })
        if (member.state === 'gone') return
        if (messages.length > 0) {
          member.cursor = cursorOf(messages.at(-1)!)
          await member.listener.onMessages(messages.map(streamed))
          if (isGone(member)) return
        }
        if (messages.length === PAGE) continue
        if (isJoined) break
        member.state = 'joining'
      }
      const missed = member.waiting.filter((message) => isAfter(message, member.cursor))
      member.waiting = []
      member.state = 'live'
      if (missed.length > 0) deliver(member, missed)
    } catch (error) {
      parts.log.warn({ err: error }, 'a stream could not catch up and is cut')
      end(member)
    }
  }

  function end(member: Member): void {
    if (member.state === 'gone') return
    leave(member)
    member.listener.onEnd()
  }

  function leave(member: Member): void {
    member.state = 'gone'
    member.waiting = []
    members.delete(member)
    if (members.size === 0) position = null
  }

  return {
    listen: async (listener) => {
      const start = listener.after === null ? await outboxHead(parts.sql) : parseCursor(listener.after)
      assert(start !== null, 'listen: not a cursor')
      const member: Member = { listener, cursor: start, state: 'reading', waiting: [] }
      members.add(member)
      await open().catch((error: unknown) => {
        leave(member)
        throw error
      })
      void catchUp(member)
      wake()
      return () => leave(member)
    },
    isCursor: (text) => parseCursor(text) !== null,
    listening: () => members.size,
    close: async () => {
      isClosed = true
      clearInterval(timer)
      // Deleting from a set while it is walked is safe.
      for (const member of members) end(member)
      await polling
    },
  }
}

/** A listener may have left while it was written to. */
function isGone(member: Member): boolean {
  return member.state === 'gone'
}

function isAfter(message: OutboxMessage, cursor: OutboxCursor): boolean {
  return message.tx > cursor.tx || (message.tx === cursor.tx && message.id > cursor.id)
}

function cursorOf({ tx, id }: OutboxMessage): OutboxCursor {
  return { tx, id }
}

function streamed({ tx, id, customer, type, createdAt, payload }: OutboxMessage): StreamMessage {
  return { cursor: formatCursor({ tx, id }), customer, type, at: createdAt, payload: payload as Record<string, unknown> }
}
