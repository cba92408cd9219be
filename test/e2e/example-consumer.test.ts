// The consumer against a real Tollgate: it crashes after half a page, reads pages twice, and still has each event once.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type TestApi } from '../api.ts'
import { consume, historyOf, openStore, type ReadPage } from '../../examples/exactly-once-consumer/consume.ts'

const CUSTOMER = 'cus_consumed'
let api: TestApi
beforeAll(async () => {
  api = await testApi()
  await api.call('POST /v1/customers', { body: { id: CUSTOMER, name: 'Consumed', plan: 'prepaid' } })
  for (const body of [{ kind: 'payment_failed' }, { kind: 'payment_succeeded' }, { kind: 'dispute_opened', ref: 'dp_1' }]) await api.call(`POST /v1/customers/${CUSTOMER}/subscription/facts`, { body })
})
afterAll(() => api.close())

const readPage: ReadPage = async (after) => (await api.call(`GET /v1/customers/${CUSTOMER}/subscription/events?after=${after}&limit=2`)).body

test('each event is applied once, over a crash in the middle of a page and pages that are read again', async () => {
  const store = openStore(':memory:')
  let reads = 0
  const failing: ReadPage = async (after) => {
    const page = await readPage(after)
    if ((reads += 1) > 1) throw new Error('crashed')
    return page
  }
  await expect(consume(store, CUSTOMER, failing)).rejects.toThrow('crashed')
  const repeating: ReadPage = async (after) => readPage(Math.max(0, after - 1))
  const first = await consume(store, CUSTOMER, async (after) => ({ ...(await repeating(after)), next_after: (await readPage(after)).next_after }))
  expect(await consume(store, CUSTOMER, readPage)).toBeGreaterThanOrEqual(0)
  expect(first).toBeGreaterThan(0)
  expect(historyOf(store, CUSTOMER)).toEqual(['subscription.created', 'subscription.grace_entered', 'subscription.payment_reminder', 'subscription.recovered', 'subscription.disputed'])
})
