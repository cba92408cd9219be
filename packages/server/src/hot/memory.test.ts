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
    directory: { key: async () => null, catalog: async () => CATALOG, upstreams: async () => [], customer: () => new Promise((resolve) => answers.push(resolve)) },
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
    directory: { key: async () => { asked += 1; return null }, catalog: async () => CATALOG, upstreams: async () => [], customer: async () => null },
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
    directory: { key: () => new Promise((resolve) => answers.push(resolve)), catalog: async () => CATALOG, upstreams: async () => [], customer: async () => null },
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
