// OpenAI's billing paths, which many clients read to show what is left: the balance of the customer's wallet beside what it was
// charged. Amounts are written as JSON numbers because the format has them so; they come from exact decimal text and no float is
// computed with on the way.

import { formatDecimal, instant, parseDecimal, type Instant, type Spent } from '@tollgate/core'
import { authenticate, sendJson, type Exchange } from '../exchange.ts'
import { balanceOfKey } from '../key-info.ts'
import { invalidRequest } from '../refusal.ts'

export type BillingPage = 'subscription' | 'usage' | 'credit_grants'

const SCALE = 12
/** The format counts cents. */
const CENTS_SCALE = SCALE - 2

export async function handleBilling(exchange: Exchange, page: BillingPage, spent: Spent): Promise<void> {
  const key = await authenticate(exchange, ['gateway', 'customer', 'admin'])
  if (key.customer === null) throw invalidRequest('This is an operator key: it has no balance of its own.', { code: 'customer_required' })
  const known = await exchange.context.node.snapshot(key.customer)
  if (known === null) throw invalidRequest(`There is no customer ${key.customer}.`, { status: 403, code: 'customer_not_found' })
  const query = new URLSearchParams((exchange.request.url ?? '').split('?')[1] ?? '')
  const { amount } = await spent(key.customer, dayIn(query, 'start_date'), dayIn(query, 'end_date'))
  const used = parseDecimal(amount, SCALE, 'amount')
  const left = parseDecimal((await balanceOfKey(exchange, key, known)) ?? '0', SCALE, 'balance')
  sendJson(exchange, 200, bodyOf(page, { used, left: left > 0n ? left : 0n, until: known.snapshot.period.end }))
}

/** `used` counts in the limit, so that limit minus usage is what is left. */
function bodyOf(page: BillingPage, { used, left, until }: { readonly used: bigint; readonly left: bigint; readonly until: Instant }): string {
  const text = (amount: bigint, scale: number = SCALE) => formatDecimal(amount, scale)
  switch (page) {
    case 'subscription':
      return `{"object":"billing_subscription","has_payment_method":true,"canceled":false,"soft_limit_usd":${text(used + left)},"hard_limit_usd":${text(used + left)},"system_hard_limit_usd":${text(used + left)},"access_until":${Math.floor(until / 1_000)}}`
    case 'usage':
      return `{"object":"list","daily_costs":[],"total_usage":${text(used, CENTS_SCALE)}}`
    case 'credit_grants':
      return `{"object":"credit_summary","total_granted":${text(used + left)},"total_used":${text(used)},"total_available":${text(left)}}`
  }
}

function dayIn(query: URLSearchParams, name: string): Instant | null {
  const day = query.get(name)
  if (day === null) return null
  const time = /^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : NaN
  if (Number.isNaN(time)) throw invalidRequest(`${name} must be a day such as 2026-03-01.`, { param: name, code: 'invalid_value' })
  return instant(time)
}
