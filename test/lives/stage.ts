// A control plane on real PostgreSQL and a virtual clock, on which whole lives are played: customers, the jobs that time brings, and what
// all figures must say to each other afterwards. What happens in a life is in acts.ts.

import { expect } from 'vitest'
import { DAY_MS, HOUR_MS, instant, parseInstant, parseUnits, type CustomerId, type Instant } from '@tollgate/core'
import { SYSTEM } from '../../packages/server/src/app/actor.ts'
import { addUpUsage, closeDays } from '../../packages/server/src/app/books/days.ts'
import { exportJournals } from '../../packages/server/src/app/books/journal-entries.ts'
import { booksOfMonth } from '../../packages/server/src/app/books/month.ts'
import { recogniseRevenue } from '../../packages/server/src/app/books/recognise.ts'
import { beginBlocks } from '../../packages/server/src/app/credits.ts'
import { runBilling } from '../../packages/server/src/app/invoices/run.ts'
import { checkBooks } from '../../packages/server/src/app/ledger/check.ts'
import { runDueSubscriptions } from '../../packages/server/src/app/subscription/due.ts'
import { expireBlocks } from '../../packages/server/src/app/wallets/expire.ts'
import { createRecharger } from '../../packages/server/src/app/wallets/recharge.ts'
import { settlePayment } from '../../packages/server/src/app/wallets/settle-payment.ts'
import type { HotNode } from '../../packages/server/src/hot/contract.ts'
import { virtualClock, type VirtualClock } from '../../packages/server/src/platform/clock.ts'
import { testApi, type Json, type Reply, type TestApi } from '../api.ts'

export const FEATURES = ['chat', 'images'] as const
export const PLANS = ['prepaid', 'open', 'pro', 'gifted'] as const

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }, { id: images, name: Images, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
credit_prices: [{ asset: USD, bonus: [{ from: 50, percent: 10 }], days: 60 }]
plans:
  - { id: prepaid, name: Prepaid, entitlements: [chat, images], prices: [{ id: prepaid_tokens, name: Tokens, meter: tokens, model: per_unit, amount: 0.013 }], funding: [wallet], burn_order: [promotional, expiry] }
  - id: open
    name: Open
    fee: { name: Open, amount: 20 }
    entitlements: [chat, images]
    allowances: [{ id: open_tokens, name: Included, meters: [tokens], quantity: 700 }]
    prices: [{ id: open_tokens, name: Tokens, meter: tokens, model: graduated, tiers: [{ up_to: 1000, amount: 0.017 }, { amount: 0.009, flat: 3 }] }]
    funding: [allowance, wallet, overage]
  - { id: pro, name: Pro, fee: { name: Pro, amount: 30 }, entitlements: [chat, images], prices: [{ id: pro_tokens, name: Tokens, meter: tokens, model: package, size: 100, amount: 1 }], funding: [overage] }
  - { id: gifted, name: Gifted, entitlements: [chat, images], allowances: [{ id: monthly, name: Monthly credit, quantity: 4, rollover: 6 }], prices: [{ id: gifted_tokens, name: Tokens, meter: tokens, model: per_unit, amount: 0.01 }, { id: seat, name: Seat, model: seat, amount: 7, timing: in_advance }], funding: [allowance, wallet, overage] }
add_ons:
  - { id: support, plans: [open, pro], fee: { name: Support, amount: 14 }, entitlements: [chat] }
gateway: { feature: chat }
`
/** Long ago, so that the month in which everything is posted still runs by this clock. */
const BORN = '2010-01-01T00:00:00Z'

export type Stage = {
  readonly api: TestApi
  readonly clock: VirtualClock
  readonly customer: () => Promise<CustomerId>
  readonly post: (path: string, body: Json, method?: 'POST' | 'PUT') => Promise<Reply>
  readonly node: () => Promise<HotNode>
  /** Lets time pass, and the jobs do what it brings. */
  readonly until: (at: number) => Promise<void>
  /** A purchase by the wallet's rule that is paid at once. */
  readonly buy: (customer: CustomerId, amount: string) => Promise<void>
  readonly close: () => Promise<void>
}

export async function openStage(): Promise<Stage> {
  const clock = virtualClock(parseInstant(BORN, 'born'))
  const api = await testApi({ catalog: CATALOG, clock, max: 12 })
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.' } } })
  await api.call('PUT /v1/tax-rates/vat', { body: { name: 'VAT', percent: '19' } })
  const { plane } = api.world
  let customers = 0
  let nodes = 0
  const post = async (path: string, body: Json, method: 'POST' | 'PUT' = 'POST') => {
    const answer = await api.call(`${method} /v1/customers/${path}`, { body })
    expect(answer.status, `${path} ${JSON.stringify(body)}: ${answer.text}`).toBeLessThan(500)
    return answer
  }
  return {
    api, clock, post,
    customer: async () => {
      const id = `cus_life_${(customers += 1)}` as CustomerId
      const plan = PLANS[customers % PLANS.length]!
      expect((await api.call('POST /v1/customers', { body: { id, name: id, plan } })).status).toBe(201)
      if (customers % 3 === 0) await post(`${id}/billing-profile`, { tax: { kind: 'rates', rates: ['vat'] } }, 'PUT')
      return id
    },
    node: () => api.world.node({ name: `life-${(nodes += 1)}` }),
    until: async (at) => {
      if (at > clock.now()) clock.advance(at - clock.now())
      await beginBlocks(plane)
      await expireBlocks(plane)
      await runDueSubscriptions(plane)
      await runBilling(plane)
      await recogniseRevenue(plane)
    },
    buy: async (customer, amount) => {
      await post(`${customer}/recharges/USD`, { threshold: '1000000', amount, method: 'request', cooldown_seconds: 0 }, 'PUT')
      await createRecharger()(plane)
      await api.call(`DELETE /v1/customers/${customer}/recharges/USD`)
      const [payment] = (await api.call(`GET /v1/customers/${customer}/payments`)).body.data
      if (payment?.state === 'pending' || payment?.state === 'asked') await settlePayment(plane, SYSTEM, { customer, id: payment.id }, { kind: 'succeeded', providerId: `paid-${payment.id}` })
    },
    close: api.close,
  }
}

/** The books of each customer agree, each block is what became of it, and no credit paid for a feature that it is not for. */
export async function agree({ api }: Stage, customers: readonly CustomerId[]): Promise<void> {
  const { plane } = api.world
  for (const customer of customers) {
    expect((await checkBooks(plane, customer)).problems).toEqual([])
    const blocks = await plane.sql<{ id: string; granted: string; sum: string }[]>`
      select b.id, trim_scale(b.granted)::text as granted, trim_scale(b.remaining + coalesce(sum(case when t.debit = 'wallet:' || b.id then t.amount else -t.amount end), 0))::text as sum
      from credit_block b left join ledger_transfer t on t.customer_id = b.customer_id and 'wallet:' || b.id in (t.debit, t.credit) and t.debit not in ('payment_clearing', 'promotion', 'credit_transfer')
      where b.customer_id = ${customer} group by b.id, b.granted, b.remaining`
    for (const { id, granted, sum } of blocks) expect(sum, `block ${id}`).toBe(granted)
    const strays = await plane.sql`
      select e.id from usage_event e, json_array_elements(e.charges::json -> 'paid' -> 'draws') d join credit_block b on b.customer_id = ${customer} and b.id = d ->> 'block'
      where e.customer_id = ${customer} and b.features <> '{}' and not (e.feature = any(b.features))`
    expect([...strays]).toEqual([])
  }
}

const linesOf = (document: Json): string[] => document.lines.map(({ kind, name, exact, amount }: Json) => `${kind} ${name} ${exact} ${amount}`)

/** Lets the running period end and close: what the preview said a moment before is what is written, and a second run writes nothing. */
export async function closesAsPreviewed(stage: Stage, customer: CustomerId): Promise<void> {
  const { api, until } = stage
  const preview = async (): Promise<Json> => (await api.call(`GET /v1/customers/${customer}/invoices/preview`)).body
  const { period } = await preview()
  await until(Date.parse(period.end) - 1)
  const { invoice } = await preview()
  await until(Date.parse(period.end) + 60 * HOUR_MS)
  const before = (await api.call(`GET /v1/customers/${customer}/invoices?limit=100`)).body.data as Json[]
  const written = before.find(({ kind, period: own }) => kind === 'period' && own.start === period.start)
  if (written === undefined) expect([invoice.lines, invoice.amount_due]).toEqual([[], '0'])
  else expect([...linesOf(written.document), written.amount_due]).toEqual([...linesOf(invoice), invoice.amount_due])
  expect((await runBilling(api.world.plane)).invoices).toBe(0)
  expect((await api.call(`GET /v1/customers/${customer}/invoices?limit=100`)).body.data).toEqual(before)
}

/** Once all of it was asked for: Σ charges of events = Σ usage lines of the invoices that stand, and nothing is accrued any more. */
export async function invoicedInFull({ api }: Stage, customer: CustomerId): Promise<void> {
  const { sums } = (await api.call(`GET /v1/customers/${customer}/checks/sums`)).body
  const rows = await api.world.plane.sql<{ exact: string }[]>`
    select trim_scale(coalesce(sum(l.exact), 0))::text as exact from invoice_line l join invoice i on i.customer_id = l.customer_id and i.id = l.invoice_id
    where l.customer_id = ${customer} and i.state not in ('void', 'draft') and l.kind in ('usage', 'late_usage')`
  expect(parseUnits(rows[0]!.exact, 'USD')).toBe(parseUnits(sums.event_charges, 'USD'))
  const accounts = (await api.call(`GET /v1/customers/${customer}/ledger/accounts`)).body.data as Json[]
  expect(accounts.filter(({ account, balance }) => account === 'accrued_usage' && balance !== '0')).toEqual([])
}

/** What was posted so far becomes a day older: days of the books are those of the machine's clock. */
export async function dayPasses({ api }: Stage): Promise<void> {
  const { plane } = api.world
  await addUpUsage(plane)
  await plane.sql`alter table ledger_transfer disable trigger ledger_transfer_append_only`
  await plane.sql`update ledger_transfer set posted_at = posted_at - interval '1 day'`
  await plane.sql`update settlement_batch set settled_at = settled_at - interval '1 day'`
  await plane.sql`update usage_day set posted_on = posted_on - 1`
  await plane.sql`alter table ledger_transfer enable trigger ledger_transfer_append_only`
}

/** All days closed: every month agrees with documents, blocks and ledger, and the journal is balanced and the same however often it is exported. */
export async function booksAgree({ api }: Stage, days: number): Promise<void> {
  const { plane } = api.world
  const to = instant(Math.floor(Date.now() / DAY_MS) * DAY_MS)
  const from = instant(to - (days + 1) * DAY_MS) as Instant
  await closeDays(plane)
  for (const month of new Set([from, to].map((at) => new Date(at).toISOString().slice(0, 7)))) {
    const { checks } = await booksOfMonth(plane, month)
    expect(checks.length).toBeGreaterThan(0)
    expect(checks.filter(({ agrees }) => !agrees)).toEqual([])
  }
  const { entries } = await exportJournals(plane, { from, to })
  for (const { id, lines } of entries) expect(lines.reduce((sum, { debit, credit }) => sum + debit - credit, 0n), `entry ${id}`).toBe(0n)
  expect((await exportJournals(plane, { from, to })).entries).toEqual(entries)
}
