// Usage at Chargebee: one record of a day for a subscription and a metered price, which a later one of the same id replaces. So whatever is lost
// and repeated ends in the same figure.

import { formatDecimal, parseDecimal, type Span } from '@tollgate/core'
import type { UsageReceiver, UsageRecord } from '../../app/handover/usage-port.ts'
import type { Account } from '../../app/providers/connector.ts'
import { tellProvider } from '../ask.ts'
import { record as jsonOf, text } from '../json.ts'
import { addressOf, entries, headersOf } from './api.ts'

const SCALE = 9

export const chargebeeUsage: UsageReceiver = {
  target: 'chargebee',
  provider: 'chargebee',
  of: 'subscription',
  takes: 'totals',
  scaleMax: SCALE,
  // A subscription may have 5,000 records in its life: hours would use them up in months.
  spans: ['day'],
  ageMaxMs: null,
  remembersMs: Infinity,
  batchMax: () => 1,
  send: async (account, records) => {
    for (const record of records) await sendOne(account, record)
  },
  find: () => Promise.resolve('absent'),
  totals: async function* (account, asked, span) {
    for (const one of asked) yield await totalOf(account, one, span)
  },
}

async function sendOne(account: Account, { id, spanId, external, name, quantity, at, customer }: UsageRecord): Promise<void> {
  const form = new URLSearchParams({ id: spanId, item_price_id: name, quantity, usage_date: String(Math.floor(at / 1000)), dedupe_option: 'update_existing', note: `Tollgate, ${customer}`.slice(0, 250) })
  await tellProvider('Chargebee', `${addressOf(account)}/subscriptions/${encodeURIComponent(external)}/usages`, { ...headersOf(account), 'chargebee-idempotency-key': id }, form)
}

async function totalOf(account: Account, { external, name }: { readonly external: string; readonly name: string }, span: Span): Promise<string> {
  const filter = { 'subscription_id[is]': external, 'item_price_id[is]': name, 'usage_date[after]': String(Math.floor(span.start / 1000) - 1), 'usage_date[before]': String(Math.ceil(span.end / 1000)) }
  let sum = 0n
  for await (const entry of entries(account, { path: '/usages', filter, what: 'records of usage' })) sum += parseDecimal(text(jsonOf(entry['usage'])['quantity']) ?? '0', SCALE, 'quantity')
  return formatDecimal(sum, SCALE)
}
