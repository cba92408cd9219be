// The API on a virtual clock with a Stripe behind it that answers as the published one: what tests of bought credits begin with.

import { instant } from '@tollgate/core'
import { virtualClock, type VirtualClock } from '../../packages/server/src/platform/clock.ts'
import { drainInbox } from '../../packages/server/src/app/providers/inbox.ts'
import { testApi, type Json, type TestApi } from '../api.ts'
import { fakeStripe, type FakeStripe } from './fake-stripe.ts'

export type PayingApi = {
  readonly api: TestApi
  readonly stripe: FakeStripe
  readonly clock: VirtualClock
  /** Stripe tells; the message is read. Returns the answer to Stripe, and what became of the message. */
  readonly webhook: (id: string, type: string, object: object) => Promise<{ readonly status: number; readonly message: Json }>
  readonly close: () => Promise<void>
}

const SECRET = 'whsec_paying'

export async function payingApi(catalog: string): Promise<PayingApi> {
  const clock = virtualClock(instant(Date.now()))
  const [api, stripe] = [await testApi({ catalog, clock, max: 20 }), await fakeStripe()]
  await api.call('PUT /v1/providers/stripe', { body: { webhook_secret: SECRET, api_key: 'sk_test_paying', api_url: stripe.url, allow_private: true } })
  return {
    api, stripe, clock,
    webhook: async (id, type, object) => {
      const at = Math.floor(clock.now() / 1_000)
      const body = JSON.stringify({ id, object: 'event', type, created: at, data: { object } })
      const { status } = await api.call('POST /v1/providers/stripe/webhook', { key: null, raw: body, headers: { 'content-type': 'application/json', 'stripe-signature': stripe.signature(body, SECRET, at) } })
      await drainInbox(api.world.plane)
      return { status, message: (await api.call(`GET /v1/providers/stripe/messages/${id}`)).body }
    },
    close: async () => {
      await stripe.goAway()
      await api.close()
    },
  }
}
