// The receivers of invoices under their contract, and what only one of them can meet: Stripe's trouble.

import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { instant, units } from '../../packages/core/src/index.ts'
import { chargebeeInvoices } from '../../packages/server/src/connect/chargebee/invoices.ts'
import { csvInvoices } from '../../packages/server/src/connect/csv/invoices.ts'
import { recurlyInvoices } from '../../packages/server/src/connect/recurly/invoices.ts'
import { stripeInvoices } from '../../packages/server/src/connect/stripe/invoices.ts'
import { fakeChargebee } from '../chargebee/fake-chargebee.ts'
import { fakeRecurly } from '../recurly/fake-recurly.ts'
import { fakeStripe, type FakeStripe } from '../stripe/fake-stripe.ts'
import { receiverContract, type ReceiverWorld } from './receiver.contract.ts'

const opened: { readonly goAway: () => Promise<void> }[] = []
afterAll(() => Promise.all(opened.map((stripe) => stripe.goAway())))

async function stripeWorld(): Promise<ReceiverWorld & { readonly stripe: FakeStripe }> {
  const stripe = await fakeStripe()
  opened.push(stripe)
  return { stripe, receiver: stripeInvoices, account: { provider: 'stripe', webhookSecrets: [], apiKey: 'sk_test_1', settings: { apiUrl: stripe.url } }, now: () => Date.now() }
}

async function chargebeeWorld(): Promise<ReceiverWorld & { readonly chargebee: Awaited<ReturnType<typeof fakeChargebee>> }> {
  const chargebee = await fakeChargebee()
  opened.push(chargebee)
  return { chargebee, receiver: chargebeeInvoices, account: { provider: 'chargebee', webhookSecrets: [], apiKey: 'test_key', settings: { apiUrl: chargebee.url } }, now: () => Date.now() }
}

async function recurlyWorld(): Promise<ReceiverWorld & { readonly fake: Awaited<ReturnType<typeof fakeRecurly>> }> {
  const fake = await fakeRecurly()
  opened.push(fake)
  return { fake, receiver: recurlyInvoices, account: { provider: 'recurly', webhookSecrets: [], apiKey: 'test_key', settings: { apiUrl: fake.url } }, now: () => Date.now() }
}

receiverContract('stripe', stripeWorld)
receiverContract('chargebee', chargebeeWorld)
receiverContract('recurly', recurlyWorld)
receiverContract('csv', async () => ({ receiver: csvInvoices(mkdtempSync(join(tmpdir(), 'handover-'))), account: null, now: () => Date.now() }))

const cents = (amount: number) => units(BigInt(amount) * 10n ** 10n)
const invoice = { id: 'inv_one', customer: 'cus_one', external: 'cus_theirs', number: 'INV-000001', currency: 'USD', amountDue: cents(300), issuedAt: instant(Date.now()), dueAt: null, collects: true, lines: [1, 2].map((line) => ({ id: `line-${line}`, name: `Line ${line}`, amount: cents(line * 100), from: '2026-01-01', to: '2026-01-31' })) }

test('stripe: however many answers are lost, and whatever keys it has forgotten, one invoice is finalized with each line once', async () => {
  for (const lost of [0, 1, 3, 6, 11]) {
    const { stripe, account } = await stripeWorld()
    const begun = { externalId: null as string | null }
    const ask = () => stripeInvoices.deliver(account, invoice, { externalId: begun.externalId, keep: async (id) => void (begun.externalId = id) })
    stripe.billing.trouble.lose = lost
    for (let attempt = 0; ; attempt++) {
      const done = await ask().then(() => true, () => false)
      if (done) break
      expect(attempt).toBeLessThan(10)
      // A day later.
      if (begun.externalId !== null) stripe.billing.forgetKeys()
    }
    await ask()
    expect(stripe.billing.invoices, `${lost} lost`).toMatchObject([{ status: 'open', total: 300, collection_method: 'charge_automatically', metadata: { tollgate_invoice: 'inv_one' } }])
    expect(stripe.billing.items.map(({ metadata }) => metadata['tollgate_line'])).toEqual(['line-1', 'line-2'])
  }
}, 120_000)

test('stripe: a draft that comes to another sum is not finalized', async () => {
  const { stripe, account } = await stripeWorld()
  await expect(stripeInvoices.deliver(account, { ...invoice, amountDue: cents(301) }, { externalId: null, keep: async () => undefined })).rejects.toThrow('was not finalized')
  expect(stripe.billing.invoices).toMatchObject([{ status: 'draft' }])
})

test.each([
  ['chargebee', async () => { const { chargebee, ...world } = await chargebeeWorld(); return { ...world, fake: chargebee } }],
  ['recurly', recurlyWorld],
] as const)('%s: after lost answers, and when the key is forgotten, there is one invoice, found by our id', async (_, open) => {
  for (const lost of [0, 1, 2, 5]) {
    const { fake, account, receiver } = await open()
    fake.trouble.lose = lost
    for (let attempt = 0; ; attempt++) {
      const done = await receiver.deliver(account, invoice, { externalId: null, keep: async () => undefined }).then(() => true, () => false)
      if (done) break
      expect(attempt).toBeLessThan(6)
      fake.forgetKeys()
    }
    expect(fake.invoices, `${lost} lost`).toMatchObject([{ po_number: 'inv_one INV-000001', line_items: ['Line 1', 'Line 2'] }])
  }
}, 60_000)
