// The guide "Set budgets": every budget that it sets is accepted as it stands there, and the one that it says is refused is refused.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type TestApi } from '../api.ts'

const GUIDE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guides', 'set-budgets.md'), 'utf8')

let api: TestApi
beforeAll(async () => {
  api = await testApi()
  await api.call('POST /v1/customers', { body: { id: 'cus_acme', name: 'Acme', plan: 'hybrid' } })
  for (const id of ['ent_research', 'ent_red', 'ent_blue']) await api.call('POST /v1/customers/cus_acme/entities', { body: { id, kind: 'team', name: id } })
})
afterAll(() => api.close())

test('each example of the guide does what the guide says', async () => {
  const examples = [...GUIDE.matchAll(/^put ([a-z-]+) +'(\{.*\})'(.*)$/gm)]
  expect(examples.length).toBeGreaterThan(15)
  for (const [, id, body, remark] of examples) {
    const { status, body: answer } = await api.call(`PUT /v1/customers/cus_acme/budgets/${id}`, { body: JSON.parse(body!) })
    expect([id, status, answer.code]).toEqual(remark!.includes('refused') ? [id, 409, 'overcommitted'] : [id, 200, undefined])
    const told = await api.call(`GET /v1/budgets/cap:${id}?customer=cus_acme`)
    if (status === 200) expect(told).toMatchObject({ status: 200, body: { id: `cap:${id}`, limit: answer.limit, worst_case: { formula: expect.any(String) } } })
  }
  expect(await api.call('PUT /v1/customers/cus_acme/budgets/per-user/members', { body: { values: ['ent_alice'], limit: '50' } })).toMatchObject({ status: 200, body: { id: 'cap:per-user@ent_alice', limit: '50' } })
  const preview = await api.call('POST /v1/freezes/preview', { body: { kind: 'entity', target: 'ent_research', customer: 'cus_acme' } })
  expect(preview).toMatchObject({ status: 200, body: { customers: 1, entities: 1 } })
  const set = await api.call('POST /v1/freezes', { body: { kind: 'entity', target: 'ent_research', customer: 'cus_acme', reason: 'runaway agent' } })
  expect(set).toMatchObject({ status: 201, body: { freeze: { target: 'ent_research', owner: 'operator' } } })
  expect((await api.call('GET /v1/freezes')).body.data).toHaveLength(1)
  expect(await api.call(`DELETE /v1/freezes/${set.body.freeze.id}`)).toMatchObject({ status: 200 })
})
