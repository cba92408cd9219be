// Usage at Recurly: records of a usage-based add-on of a subscription, which add up and may be below zero. Each carries our id in its merchant
// tag, by which one of which no answer came is found before it is given again.

import { formatDecimal, parseDecimal, type Span } from '@tollgate/core'
import type { UsageReceiver, UsageRecord } from '../../app/handover/usage-port.ts'
import type { Account } from '../../app/providers/connector.ts'
import { tellProvider } from '../ask.ts'
import { text, type Json } from '../json.ts'
import { entries, headersOf } from './api.ts'
import { addressOf } from './connector.ts'

const SCALE = 9

export const recurlyUsage: UsageReceiver = {
  target: 'recurly',
  provider: 'recurly',
  of: 'subscription',
  takes: 'differences',
  scaleMax: SCALE,
  spans: ['hour', 'day'],
  ageMaxMs: null,
  // It keeps a key of idempotency, too, but its list is certain at any time.
  remembersMs: 0,
  batchMax: () => 1,
  send: async (account, records) => {
    for (const record of records) await sendOne(account, record)
  },
  find: async (account, record) => {
    for await (const entry of recordsIn(account, record, record.span)) if (text(entry['merchant_tag']) === record.id) return 'there'
    return 'absent'
  },
  totals: async function* (account, asked, span) {
    for (const one of asked) {
      let sum = 0n
      for await (const entry of recordsIn(account, one, span)) sum += parseDecimal(text(entry['amount']) ?? '0', SCALE, 'amount')
      yield formatDecimal(sum, SCALE)
    }
  },
}

async function sendOne(account: Account, record: UsageRecord): Promise<void> {
  const at = new Date(record.at).toISOString()
  // The quantity is written as digits: it never is a float here.
  const body = `{"merchant_tag":${JSON.stringify(record.id)},"amount":${record.quantity},"recording_timestamp":"${at}","usage_timestamp":"${at}"}`
  await tellProvider('Recurly', `${addressOf(account)}${pathOf(record)}`, { ...headersOf(account), 'idempotency-key': record.id }, body)
}

function recordsIn(account: Account, of: { readonly external: string; readonly name: string }, span: Span): AsyncGenerator<Json> {
  return entries(account, { path: pathOf(of), by: { time: 'usage_timestamp', span }, what: 'records of usage' })
}

function pathOf({ external, name }: { readonly external: string; readonly name: string }): string {
  return `/subscriptions/uuid-${encodeURIComponent(external)}/add_ons/code-${encodeURIComponent(name)}/usage`
}
