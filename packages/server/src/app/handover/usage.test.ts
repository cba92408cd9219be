// Usage handed over by the job: what was metered is what the receiver has, whatever is late, lost, killed or refused; and both sides held against
// each other.

import { afterEach, beforeEach, expect, test } from 'vitest'
import { DAY_MS, HOUR_MS, instant, parseInstant, type Instant } from '@tollgate/core'
import { fakeChargebee } from '../../../../../test/chargebee/fake-chargebee.ts'
import { fakeStripe, type FakeStripe } from '../../../../../test/stripe/fake-stripe.ts'
import { testApi, type Json, type TestApi } from '../../../../../test/api.ts'
import { followed } from '../../../../../test/followed.ts'
import { publishMeters } from '../../../../../test/meters.ts'
import { stripeUsage } from '../../connect/stripe/usage.ts'
import { virtualClock, type VirtualClock } from '../../platform/clock.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { UsageReceiver } from './usage-port.ts'
import { handUsageOver } from './usage.ts'

let api: TestApi
let stripe: FakeStripe
let clock: VirtualClock
const NOON = parseInstant('2026-03-10T12:00:00Z', 'noon')
beforeEach(async () => {
  clock = virtualClock(NOON)
  api = await testApi({ clock })
  stripe = await fakeStripe()
  await api.call('PUT /v1/providers/stripe', { body: { api_key: 'sk_test_1', api_url: stripe.url, allow_private: true } })
})
afterEach(async () => {
  await stripe.goAway()
  await api.close()
})

async function customer(id: string, link: { readonly provider: string; readonly kind: string; readonly external: string } | null = { provider: 'stripe', kind: 'customer', external: `cus_at_${id}` }): Promise<string> {
  expect((await api.call('POST /v1/customers', { body: { id, name: id, plan: 'hybrid' } })).status).toBe(201)
  if (link !== null) await api.world.plane.sql`insert into provider_link (provider, kind, external_id, customer_id) values (${link.provider}, ${link.kind}, ${link.external}, ${id})`
  return id
}
async function use(subject: string, id: string, time: Instant, tokens: number): Promise<void> {
  await send({ id, type: 'ai.request', subject, time: new Date(time).toISOString(), data: { feature: 'chat', input_tokens: tokens } })
}
async function takeBack(subject: string, id: string): Promise<void> {
  await send({ id: `void-${id}`, type: 'tollgate.void', subject, time: new Date(clock.now()).toISOString(), data: { corrects: id } })
}
async function send(event: Json): Promise<void> {
  const { body } = await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 'test', ...event }] })
  expect(body.accepted, JSON.stringify(body)).toBe(1)
  await followed(api.world.plane.sql)
}
const setUp = (more: Json = {}) => api.call('PUT /v1/handover/usage', { body: { target: 'stripe', meters: { input_tokens: 'tokens' }, ...more } })
const turn = (plane: ControlPlane = api.world.plane) => handUsageOver(plane)
const records = async (query = ''): Promise<Json[]> => (await api.call(`GET /v1/handover/usage/records${query}`)).body.data
const reconcile = async (): Promise<Json> => (await api.call(`GET /v1/handover/usage/reconciliation?from=${new Date(NOON - 60 * DAY_MS).toISOString()}&to=${new Date(clock.now() + DAY_MS).toISOString()}`)).body
const later = (ms = HOUR_MS) => clock.advance(ms)
/** The values of the records, in the order in which they came. */
const values = () => stripe.usage.events.map(({ value }) => value)

test('an hour becomes one record a little after its end; what comes late, or is taken back, is a record of the difference', async () => {
  const one = await customer('cus_one')
  await use(one, 'before', instant(NOON - HOUR_MS), 5)
  expect((await setUp()).body).toMatchObject({ target: 'stripe', since: '2026-03-10T12:00:00.000Z', span: 'hour', meters: { input_tokens: 'tokens' } })
  await use(one, 'a', clock.now(), 100)
  await use(one, 'b', clock.now(), 20)
  expect(await turn()).toBe(0)
  later()
  expect(await turn()).toBe(0)
  later(10 * 60_000)
  await turn()
  expect(stripe.usage.events).toMatchObject([{ event_name: 'tokens', customer: 'cus_at_cus_one', value: 120, at: NOON / 1000 }])
  await use(one, 'late', instant(NOON + 60_000), 7)
  await turn()
  await takeBack(one, 'a')
  await turn()
  expect(await turn()).toBe(0)
  expect(values()).toEqual([120, 7, -100])
  expect(stripe.usage.events.every((event) => stripe.usage.hourOf(event) === NOON)).toBe(true)
  expect(await records()).toMatchObject([{ customer: one, meter: 'input_tokens', name: 'tokens', start: '2026-03-10T12:00:00.000Z', state: 'sent', sent: '27', sending: null, records: 3 }])
  expect(await reconcile()).toMatchObject({ agrees: true, compared: 1 })
})

test('what was metered before it was set is sent from when it is asked, in whole hours and once', async () => {
  const one = await customer('cus_one')
  for (const hours of [30, 3, 2]) await use(one, `back-${hours}`, instant(NOON - hours * HOUR_MS), hours)
  await setUp({ since: new Date(NOON - 3 * HOUR_MS - 60_000).toISOString() })
  await turn()
  expect(values().toSorted((a, b) => a - b)).toEqual([2, 3])
  await setUp({ since: new Date(NOON - 31 * HOUR_MS).toISOString() })
  await turn()
  expect(values().toSorted((a, b) => a - b)).toEqual([2, 3, 30])
  expect((await setUp({ span: 'day', since: new Date(NOON - 2 * DAY_MS).toISOString() })).body).toMatchObject({ code: 'out_of_range', field: 'since' })
})

test('lost answers, a kill between sending and knowing, and both after its ids are forgotten end in each record once', async () => {
  const ids = [await customer('cus_one'), await customer('cus_two'), await customer('cus_three')]
  await setUp()
  for (const [index, id] of ids.entries()) await use(id, 'a', clock.now(), 10 * (index + 1))
  later(2 * HOUR_MS)
  stripe.usage.trouble.lose = 3
  await turn()
  expect(await records('?state=waiting')).toMatchObject([{ attempts: 1, sending: '10', reason: 'Stripe: Stripe is having a moment' }])
  later(6_000)
  await turn()
  expect(values().toSorted((a, b) => a - b)).toEqual([10, 20, 30])
  for (const id of ids) await use(id, 'late', instant(NOON + 1), 1)
  await expect(turn(dying(1))).rejects.toThrow(Killed)
  expect(stripe.usage.events).toHaveLength(4)
  later(30 * HOUR_MS)
  stripe.usage.forget()
  await turn()
  expect(['cus_at_cus_one', 'cus_at_cus_two', 'cus_at_cus_three'].map((id) => stripe.usage.total(id, 'tokens'))).toEqual([11, 21, 31])
  expect(stripe.usage.events).toHaveLength(6)
  expect(await reconcile()).toMatchObject({ agrees: true, compared: 3 })
}, 60_000)

/** A control plane that is killed right after its n-th record was taken: nothing of what follows is known to it. */
function dying(after: number): ControlPlane {
  let taken = 0
  const receiver: UsageReceiver = {
    ...stripeUsage,
    send: async (account, given, options) => {
      await stripeUsage.send(account, given, options)
      taken += 1
      if (taken === after) throw new Killed()
    },
  }
  const sql = new Proxy(api.world.plane.sql, {
    apply: (target, self, args: unknown[]) => {
      if (taken === after) throw new Killed()
      return Reflect.apply(target as never, self, args) as unknown
    },
  })
  return { ...api.world.plane, usageReceivers: new Map([['stripe', receiver]]), sql }
}
class Killed extends Error {}

test('a pause that Stripe asks for holds everything that is due, and nothing is tried before it is over', async () => {
  const ids = [await customer('cus_one'), await customer('cus_two')]
  await setUp()
  for (const id of ids) await use(id, 'a', clock.now(), 10)
  later(2 * HOUR_MS)
  stripe.usage.trouble.pauseSeconds = 90
  await turn()
  const asked = stripe.called.length
  stripe.usage.trouble.pauseSeconds = 0
  later(80_000)
  expect(await turn()).toBe(0)
  expect(stripe.called.length).toBe(asked)
  later(11_000)
  await turn()
  expect(values()).toEqual([10, 10])
})

test('what it cannot take stops with what to do and an alert: unlinked, refused, too old; one that was put right by hand is accepted', async () => {
  const [unlinked, refused, old] = [await customer('cus_unlinked', null), await customer('cus_refused'), await customer('cus_old')]
  await use(old, 'old', instant(NOON - 20 * DAY_MS), 4)
  await setUp({ since: new Date(NOON - 30 * DAY_MS).toISOString() })
  await turn()
  later(16 * DAY_MS)
  stripe.usage.trouble.unknown.add('cus_at_cus_refused')
  for (const id of [unlinked, refused]) await use(id, 'a', clock.now(), 3)
  await use(old, 'older', instant(NOON - 20 * DAY_MS + 1), 5)
  later(2 * HOUR_MS)
  await turn()
  const stopped = await records('?state=stopped')
  expect(new Map(stopped.map(({ customer: id, reason }) => [id, reason]))).toMatchObject(new Map([
    [unlinked, expect.stringContaining('POST /v1/customers/cus_unlinked/provider-links')],
    [refused, "Stripe: No such customer: 'cus_at_cus_refused'"],
    [old, expect.stringContaining('add 5 of tokens there by hand')],
  ]))
  expect((await api.call('GET /v1/alerts')).body.data.map(({ type }: Json) => type)).toEqual(['usage.handover_stopped', 'usage.handover_stopped', 'usage.handover_stopped'])
  expect((await reconcile()).differences.map(({ customer: id, kind }: Json) => `${id} ${kind}`).toSorted()).toEqual(['cus_old unsent', 'cus_refused unsent', 'cus_unlinked unlinked'])
  stripe.usage.trouble.unknown.clear()
  await api.world.plane.sql`insert into provider_link (provider, kind, external_id, customer_id) values ('stripe', 'customer', 'cus_new', ${unlinked})`
  expect((await api.call('POST /v1/handover/usage/retry', { body: { customer: unlinked } })).body).toEqual({ spans: 1 })
  expect((await api.call('POST /v1/handover/usage/retry', { body: { customer: refused } })).body).toEqual({ spans: 1 })
  await turn()
  const { start } = stopped.find(({ customer: id }) => id === old)!
  expect((await api.call('POST /v1/handover/usage/accept', { body: { customer: old, meter: 'input_tokens', start } })).status).toBe(200)
  expect((await api.call('POST /v1/handover/usage/accept', { body: { customer: old, meter: 'input_tokens', start } })).status).toBe(404)
  await turn()
  expect([stripe.usage.total('cus_new', 'tokens'), stripe.usage.total('cus_at_cus_refused', 'tokens'), stripe.usage.total('cus_at_cus_old', 'tokens')]).toEqual([3, 3, 4])
  expect((await api.call('GET /v1/handover/usage')).body).toMatchObject({ waiting: 0, stopped: 0 })
})

test('in batches, one that is refused stops alone, and what Stripe drops after it has answered is told by the reconciliation', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, (_, index) => customer(`cus_${index}`)))
  await setUp({ in_batches: true })
  for (const id of ids) await use(id, 'a', clock.now(), 10)
  later(2 * HOUR_MS)
  stripe.usage.trouble.unknown.add('cus_at_cus_3')
  await turn()
  expect(stripe.called.filter((name) => name === 'PostV2BillingMeterEventStream')).toHaveLength(1)
  expect(await reconcile()).toMatchObject({ agrees: false, compared: 5, differences: [{ kind: 'there', customer: 'cus_3', metered: '10', sent: '10', there: '0' }] })
})

test('a meter that is no sum, has decimals that the receiver lacks, or is not in the catalog is refused, with what to do', async () => {
  await publishMeters(api)
  for (const [meters, says] of [[{ gpu_peak: 'a' }, 'max'], [{ active_users: 'a' }, 'unique_count'], [{ image_points: 'a' }, 'whole numbers'], [{ nothing: 'a' }, 'no meter nothing'], [{}, 'one meter'], [{ gpu_ms: 'a', input_tokens: 'a' }, 'one name']] as const) {
    const { status, body } = await setUp({ meters })
    expect([status, body.code]).toEqual([400, 'meter_not_handed_over'])
    expect(body.detail).toContain(says)
  }
  expect((await setUp({ meters: { input_tokens: 'tokens', gpu_ms: 'gpu' } })).status).toBe(200)
  expect((await api.call('PUT /v1/handover/usage', { body: { target: null } })).body).toMatchObject({ target: null, meters: {} })
  expect(await turn()).toBe(0)
})

test('chargebee: a day of a subscription is one record that later usage replaces', async () => {
  const chargebee = await fakeChargebee()
  try {
    await api.call('PUT /v1/providers/chargebee', { body: { api_key: 'test_key', api_url: chargebee.url, allow_private: true } })
    const one = await customer('cus_one', { provider: 'chargebee', kind: 'subscription', external: 'chargebee:sub_7' })
    expect((await setUp({ target: 'chargebee' })).body).toMatchObject({ code: 'meter_not_handed_over', field: 'span' })
    await setUp({ target: 'chargebee', span: 'day', meters: { input_tokens: 'tokens-usd-monthly' } })
    await use(one, 'today', clock.now(), 1)
    later(DAY_MS)
    const day = clock.now()
    await use(one, 'a', day, 100)
    later(2 * DAY_MS)
    chargebee.trouble.lose = 3
    await turn()
    later(6_000)
    await turn()
    await use(one, 'late', instant(day + HOUR_MS), 11)
    await turn()
    expect(chargebee.usages).toMatchObject([{ subscription_id: 'sub_7', item_price_id: 'tokens-usd-monthly', usage_date: Date.parse('2026-03-11T00:00:00Z') / 1000, quantity: '111' }])
    expect(await reconcile()).toMatchObject({ target: 'chargebee', agrees: true, compared: 1 })
    chargebee.usages[0]!.quantity = '100'
    expect((await reconcile()).differences).toMatchObject([{ kind: 'there', sent: '111', there: '100' }])
  } finally {
    await chargebee.goAway()
  }
})
