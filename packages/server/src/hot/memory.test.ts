import { expect, test } from 'vitest'
import { instant, LIFETIME, type CatalogDocument, type CustomerId, type CustomerView, type KeyRecord } from '@tollgate/core'
import { createMemory } from './memory.ts'

const ID = 'cus_one' as CustomerId
const CATALOG: CatalogDocument = { currency: 'USD', features: [], meters: [], plans: [], credit_assets: [], rate_card: [], gateway: { feature: '', models: [] } }

function viewOf(standing: 'good' | 'suspended'): CustomerView {
  return {
    balanceBases: {},
    snapshot: {
      customer: ID, name: 'One', version: 1, catalogVersion: 1, plan: 'plan', standing, clockOffsetMs: 0, notice: null, usable: null, entitlements: {}, currency: 'USD', period: LIFETIME, limits: [], funding: [], positions: {}, entityPaths: {},
      validUntil: instant(LIFETIME.end), topUpUrl: '', upgradeUrl: '',
    },
  }
}

const arriving = () => ({ first: Promise.resolve(), arrived: Promise.resolve() })

test('a change that is announced while a customer is first loaded is not lost: the next request fetches again', async () => {
  const answers: ((view: CustomerView) => void)[] = []
  const memory = createMemory({
    identity: { node: 'n', incarnation: 1 }, clock: { now: () => instant(0) }, giveBack: arriving,
    directory: { keys: async (hashes) => hashes.map(() => null), catalog: async () => CATALOG, upstreams: async () => [], customer: () => new Promise((resolve) => answers.push(resolve)) },
  })
  await memory.apply({ kind: 'hello', epoch: 1 })
  const first = memory.customer(ID)
  await expect.poll(() => answers.length).toBe(1)
  await memory.apply({ kind: 'customer', epoch: 2, customer: ID })
  answers[0]!(viewOf('good'))
  expect((await first)?.snapshot.standing).toBe('good')
  const second = memory.customer(ID)
  await expect.poll(() => answers.length).toBe(2)
  answers[1]!(viewOf('suspended'))
  expect((await second)?.snapshot.standing).toBe('suspended')
  expect(memory.customer(ID)).toMatchObject({ stale: false, snapshot: { standing: 'suspended' } })
})

test('an unknown key is asked for once in a while, not with every request', async () => {
  let asked = 0
  let now = 0
  const memory = createMemory({
    identity: { node: 'n', incarnation: 1 }, clock: { now: () => instant(now) }, giveBack: arriving,
    directory: { keys: async (hashes) => { asked += 1; return hashes.map(() => null) }, catalog: async () => CATALOG, upstreams: async () => [], customer: async () => null },
  })
  for (let index = 0; index < 100; index++) expect(await memory.key('hash')).toBeNull()
  expect(asked).toBe(1)
  now = 5_000
  expect(await memory.key('hash')).toBeNull()
  expect(asked).toBe(2)
})

test('a key that is revoked while it is looked up is not remembered as good', async () => {
  const answers: ((record: KeyRecord | null) => void)[] = []
  const memory = createMemory({
    identity: { node: 'n', incarnation: 1 }, clock: { now: () => instant(0) }, giveBack: arriving,
    directory: { keys: () => new Promise((resolve) => answers.push((record) => resolve([record]))), catalog: async () => CATALOG, upstreams: async () => [], customer: async () => null },
  })
  const record: KeyRecord = { id: 'key_1', hint: 'tg', scopes: ['gateway'], customer: ID, entity: null, feature: null, models: null, expiresAt: null, showsCost: false }
  const first = memory.key('hash')
  await memory.apply({ kind: 'keys', epoch: 1 })
  answers[0]!(record)
  expect(await first).toEqual(record)
  const second = memory.key('hash')
  answers[1]!(null)
  expect(await second).toBeNull()
})

const goodKey = (id: string): KeyRecord => ({ id, hint: 'tg', scopes: ['gateway'], customer: ID, entity: null, feature: null, models: null, expiresAt: null, showsCost: false })

test('a flood of keys that nobody knows is a call after the other, drives out no good key and keeps none waiting for more than two', async () => {
  const calls: number[] = []
  const pending: (() => void)[] = []
  const memory = createMemory({
    identity: { node: 'n', incarnation: 1 }, clock: { now: () => instant(0) }, giveBack: arriving,
    directory: {
      catalog: async () => CATALOG, upstreams: async () => [], customer: async () => null,
      keys: (hashes) => new Promise((resolve) => {
        calls.push(hashes.length)
        pending.push(() => resolve(hashes.map((hash) => (hash.startsWith('good') ? goodKey(hash) : null))))
      }),
    },
  })
  const answerOne = async () => {
    await expect.poll(() => pending.length).toBe(1)
    pending.shift()!()
  }
  const first = memory.key('good-1')
  await answerOne()
  expect(await first).toEqual(goodKey('good-1'))
  const flood = Array.from({ length: 6_000 }, (_, index) => Promise.resolve(memory.key(`bad-${index}`)).then(() => 'none', (error: Error) => error.name))
  // The same key twice is one question.
  const again = Promise.resolve(memory.key('bad-1')).then(() => 'none')
  for (let call = 0; call < 11; call++) await answerOne()
  const told = await Promise.all(flood)
  expect([told.filter((what) => what === 'none').length, told.filter((what) => what === 'TooManyLookups').length, await again]).toEqual([5_001, 999, 'none'])
  expect(calls).toEqual([1, 1, ...Array.from({ length: 10 }, () => 500)])
  // Asked while a call is on its way, a good one is in the next.
  const busy = memory.key('bad-7000')
  const good = memory.key('good-2')
  await answerOne()
  await answerOne()
  expect([await busy, await good]).toEqual([null, goodKey('good-2')])
  expect([memory.key('good-1'), memory.knowsKey('good-1'), memory.knowsKey('bad-1'), memory.key('bad-1')]).toEqual([goodKey('good-1'), true, false, null])
})

test('where a call fails all that waited in it hear of it, and the next one asks anew', async () => {
  let isAway = true
  const memory = createMemory({
    identity: { node: 'n', incarnation: 1 }, clock: { now: () => instant(0) }, giveBack: arriving,
    directory: { catalog: async () => CATALOG, upstreams: async () => [], customer: async () => null, keys: (hashes) => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(hashes.map(goodKey))) },
  })
  const both = await Promise.allSettled([memory.key('a'), memory.key('b')])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  isAway = false
  expect(await memory.key('a')).toEqual(goodKey('a'))
})
