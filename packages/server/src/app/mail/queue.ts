// From the outbox to people: each message that somebody asked to be told of becomes one mail to each, exactly once, in the transaction that moves
// the reader on. Where one charge passed several shares of a budget, a person is told of the highest. What was told before there was a mail
// server stays untold.

import { DAY_MS, instant, MAILS_PER_RECIPIENT_DAY_MAX } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { confirmedOf, insertMails, readMailServer, type NewMail, type RecipientRow } from '../../store/mail.ts'
import { lockReader, moveReader, outboxHead, readOutboxOf, type OutboxMessage } from '../../store/outbox.ts'
import type { ControlPlane } from '../control-plane.ts'
import { addressHash } from './address.ts'

const READER = 'mail'
const PAGE = 500
const TYPES = ['budget.threshold', 'credits.low', 'credits.expiring'] as const

/** Queues what came since the last turn. Returns how many mails. */
export async function queueMail(plane: ControlPlane): Promise<number> {
  let queued = 0
  for (let more = true; more; ) {
    more = await withRetry(plane.sql, async (tx) => {
      const head = await outboxHead(tx)
      const cursor = await lockReader(tx, READER, head)
      const messages = (await readMailServer(tx)) === null ? [] : await readOutboxOf(tx, { after: cursor, types: TYPES, limit: PAGE })
      const people = messages.length === 0 ? [] : await confirmedOf(tx, [...new Set(messages.flatMap(({ customer }) => customer ?? []))])
      const now = plane.clock.now()
      queued += await insertMails(tx, mailsOf(messages, people), { at: now, dayAgo: instant(now - DAY_MS), perDay: MAILS_PER_RECIPIENT_DAY_MAX })
      const last = messages.length === PAGE ? messages.at(-1)! : null
      await moveReader(tx, READER, last ?? head)
      return last !== null
    })
  }
  return queued
}

/** Pure: who is told what. */
export function mailsOf(messages: readonly Pick<OutboxMessage, 'id' | 'customer' | 'type' | 'payload'>[], people: readonly RecipientRow[]): NewMail[] {
  const mails = new Map<string, NewMail>()
  for (const message of messages) {
    for (const person of people) {
      if (person.customer !== message.customer || !isTold(person, message)) continue
      const mail = { customer: person.customer, recipient: person.id, cause: `message ${message.id}`, kind: message.type, payload: message.payload, addressHash: addressHash(person.email) }
      // Messages come in order of their shares: the last of a budget and period is the highest.
      mails.set(`${person.id} ${topicOf(message)}`, mail)
    }
  }
  return [...mails.values()]
}

type Threshold = { readonly budget: string; readonly percent: number; readonly period: { readonly start: string } }

function isTold({ shares, budgets, credits }: RecipientRow, { type, payload }: Pick<OutboxMessage, 'type' | 'payload'>): boolean {
  if (type !== 'budget.threshold') return credits
  const { budget, percent } = payload as Threshold
  return shares.includes(percent) && (budgets === null || budgets.includes(budget))
}

function topicOf({ id, type, payload }: Pick<OutboxMessage, 'id' | 'type' | 'payload'>): string {
  if (type !== 'budget.threshold') return `message ${id}`
  const { budget, period } = payload as Threshold
  return `budget ${budget} ${period.start}`
}
