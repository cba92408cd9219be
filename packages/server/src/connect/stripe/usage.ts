// Usage at Stripe as meter events: one in a call, which Stripe checks before it answers, or a hundred in a call of its stream, which it checks
// later. Values are whole numbers and add up; what takes back is a value below zero at the same time. An identifier counts once for a day; after
// it, what a span adds up to there says whether a record arrived.

import { DAY_MS, formatDecimal, parseDecimal, type Span } from '@tollgate/core'
import Stripe from 'stripe'
import type { UsageReceiver, UsageRecord } from '../../app/handover/usage-port.ts'
import type { Account } from '../../app/providers/connector.ts'
import { systemClock } from '../../platform/clock.ts'
import { clientOf, failed } from './client.ts'

/** Stripe's own bounds. */
const STREAM_EVENTS_MAX = 100
const AGE_MAX_MS = 35 * DAY_MS
/** An hour less than the day for which it promises to know identifiers. */
const REMEMBERS_MS = 23 * 3_600_000
/** A session of the stream is taken anew so long before it ends. */
const SESSION_MARGIN_MS = 60_000

export const stripeUsage: UsageReceiver = {
  target: 'stripe',
  provider: 'stripe',
  of: 'customer',
  takes: 'differences',
  scaleMax: 0,
  spans: ['hour', 'day'],
  ageMaxMs: AGE_MAX_MS,
  remembersMs: REMEMBERS_MS,
  batchMax: (inBatches) => (inBatches ? STREAM_EVENTS_MAX : 1),
  send: async (account, records, { inBatches }) => {
    try {
      if (inBatches) await stream(account, records)
      else for (const record of records) await sendOne(clientOf(account), record)
    } catch (error) {
      throw failed(error)
    }
  },
  find: async (account, record) => {
    for await (const total of totals(account, [record], record.span)) {
      const [there, before, own] = [total, record.before, record.quantity].map((text) => parseDecimal(text, 0, 'quantity')) as [bigint, bigint, bigint]
      if (there === before + own) return 'there'
      return there === before ? 'absent' : 'unclear'
    }
    return 'unclear'
  },
  totals: (account, asked, span) => totals(account, asked, span),
}

async function sendOne(stripe: Stripe, record: UsageRecord): Promise<void> {
  try {
    await stripe.billing.meterEvents.create({ event_name: record.name, identifier: record.id, payload: { stripe_customer_id: record.external, value: record.quantity }, timestamp: Math.floor(record.at / 1000) }, { idempotencyKey: record.id })
  } catch (error) {
    // It came before, and only its answer was lost.
    if (error instanceof Stripe.errors.StripeInvalidRequestError && /already exists with (the )?identifier/i.test(error.message)) return
    throw error
  }
}

type Session = { readonly token: string; readonly endsAt: number }
/** By account: a token is good for a quarter of an hour. */
const sessions = new WeakMap<Account, Session>()

async function stream(account: Account, records: readonly UsageRecord[]): Promise<void> {
  const known = sessions.get(account)
  const session = known !== undefined && known.endsAt - SESSION_MARGIN_MS > systemClock.now() ? known : await open(account)
  sessions.set(account, session)
  const events = records.map((record) => ({ event_name: record.name, identifier: record.id, payload: { stripe_customer_id: record.external, value: record.quantity }, timestamp: new Date(record.at).toISOString() }))
  try {
    await clientOf({ ...account, apiKey: session.token }).v2.billing.meterEventStream.create({ events })
  } catch (error) {
    // The next attempt opens another.
    if (error instanceof Stripe.errors.StripeError && (error.statusCode === 401 || error.type === 'TemporarySessionExpiredError')) sessions.delete(account)
    throw error
  }
}

async function open(account: Account): Promise<Session> {
  const { authentication_token: token, expires_at: endsAt } = await clientOf(account).v2.billing.meterEventSession.create()
  return { token, endsAt: Date.parse(endsAt) }
}

/** Sums of meters whose window may still be added up: Stripe does that a little later. */
async function* totals(account: Account, asked: readonly { readonly external: string; readonly name: string }[], span: Span): AsyncGenerator<string> {
  try {
    const stripe = clientOf(account)
    const meters = new Map<string, string>()
    for await (const meter of stripe.billing.meters.list({ limit: 100 })) if (meter.status === 'active' || !meters.has(meter.event_name)) meters.set(meter.event_name, meter.id)
    for (const { external, name } of asked) {
      const meter = meters.get(name)
      let sum = 0n
      if (meter !== undefined) {
        for await (const { aggregated_value: value } of stripe.billing.meters.listEventSummaries(meter, { customer: external, start_time: span.start / 1000, end_time: span.end / 1000, limit: 100 })) sum += BigInt(value)
      }
      yield formatDecimal(sum, 0)
    }
  } catch (error) {
    throw failed(error)
  }
}
