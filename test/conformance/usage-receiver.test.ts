// The receivers of usage under their contract, and what only one of them can meet: Stripe's stream.

import { afterAll, expect, test } from 'vitest'
import { instant } from '../../packages/core/src/index.ts'
import { chargebeeUsage } from '../../packages/server/src/connect/chargebee/usage.ts'
import { recurlyUsage } from '../../packages/server/src/connect/recurly/usage.ts'
import { stripeUsage } from '../../packages/server/src/connect/stripe/usage.ts'
import { fakeChargebee } from '../chargebee/fake-chargebee.ts'
import { fakeRecurly } from '../recurly/fake-recurly.ts'
import { fakeStripe, type FakeStripe } from '../stripe/fake-stripe.ts'
import { usageReceiverContract, type UsageWorld } from './usage-receiver.contract.ts'

const opened: { readonly goAway: () => Promise<void> }[] = []
afterAll(() => Promise.all(opened.map((server) => server.goAway())))

async function stripeWorld(inBatches = false): Promise<UsageWorld & { readonly stripe: FakeStripe }> {
  const stripe = await fakeStripe()
  opened.push(stripe)
  const { trouble, forget } = stripe.usage
  return {
    stripe, receiver: stripeUsage, account: { provider: 'stripe', webhookSecrets: [], apiKey: 'sk_test_1', settings: { apiUrl: stripe.url } }, inBatches, forget,
    lose: (answers) => void (trouble.lose = answers), pause: (seconds) => void (trouble.pauseSeconds = seconds),
  }
}

function worldOf(receiver: UsageWorld['receiver'], fake: Awaited<ReturnType<typeof fakeChargebee>> | Awaited<ReturnType<typeof fakeRecurly>>): UsageWorld {
  opened.push(fake)
  return {
    receiver, account: { provider: receiver.provider, webhookSecrets: [], apiKey: 'test_key', settings: { apiUrl: fake.url } }, inBatches: false, forget: fake.forgetKeys,
    lose: (answers) => void (fake.trouble.lose = answers), pause: (seconds) => void (fake.trouble.pauseSeconds = seconds),
  }
}

usageReceiverContract('stripe', () => stripeWorld())
usageReceiverContract('stripe, in batches', () => stripeWorld(true))
usageReceiverContract('chargebee', async () => worldOf(chargebeeUsage, await fakeChargebee()))
usageReceiverContract('recurly', async () => worldOf(recurlyUsage, await fakeRecurly()))

test('stripe: a hundred records are one call of the stream, whose session is used again until it ends', async () => {
  const { stripe, account, receiver } = await stripeWorld(true)
  const start = instant(Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000)
  const records = (from: number) => Array.from({ length: receiver.batchMax(true) }, (_, index) => ({ id: `tg-${from + index}`, spanId: `tg-${from + index}`, customer: 'cus_one', external: `cus_${index}`, name: 'tokens', quantity: '2', at: start, span: { start, end: instant(start + 3_600_000) }, before: '0' }))
  await receiver.send(account, records(0), { inBatches: true })
  await receiver.send(account, records(100), { inBatches: true })
  expect(stripe.called).toEqual(['PostV2BillingMeterEventSession', 'PostV2BillingMeterEventStream', 'PostV2BillingMeterEventStream'])
  stripe.usage.trouble.expired = true
  await expect(receiver.send(account, records(200), { inBatches: true })).rejects.toMatchObject({ retryable: true })
  await receiver.send(account, records(200), { inBatches: true })
  expect(stripe.usage.events).toHaveLength(300)
})
