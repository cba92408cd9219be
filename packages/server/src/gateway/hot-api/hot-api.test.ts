import { afterAll, beforeAll, expect, test } from 'vitest'
import { testGateway, type TestGateway } from '../../../../../test/gateway.ts'
import type { CustomerId } from '@tollgate/core'

let world: TestGateway
let customer: CustomerId
let key: string
let admin: string
beforeAll(async () => {
  world = await testGateway()
  customer = await world.customer('10')
  key = await world.key(customer)
  admin = await world.key(null)
})
afterAll(() => world.close())

type Body = Record<string, unknown>

async function post(path: string, body: unknown, raw = key): Promise<{ readonly status: number; readonly type: string; readonly body: Body }> {
  const response = await world.post(path, body, { key: raw })
  return { status: response.status, type: response.headers.get('content-type') ?? '', body: (await response.json()) as Body }
}

const REQUEST = { feature: 'chat', model: 'sandbox-small', quantities: { input_tokens: 100, output_tokens: 50 } }

async function authorized(more: Body = {}, raw = key): Promise<string> {
  const { status, body } = await post('/v1/authorize', { ...REQUEST, ...more }, raw)
  expect([status, body['decision']]).toEqual([200, 'allow'])
  return body['reservation_id'] as string
}

test('authorize holds, settle charges what was used, and both tell the money', async () => {
  const { body } = await post('/v1/authorize', { ...REQUEST, customer })
  expect(body).toEqual({
    decision: 'allow', reservation_id: expect.stringMatching(/^res_/), estimate: { amount: '2', currency: 'USD' }, balance: '10', expires_at: expect.stringMatching(/Z$/), catalog_version: 1, replayed: false,
  })
  expect(Date.parse(body['expires_at'] as string) - Date.now()).toBeGreaterThan(14 * 60_000)
  const settled = await post(`/v1/reservations/${body['reservation_id'] as string}/settle`, { quantities: { input_tokens: 80, output_tokens: '20' }, cost: { amount: '0.0001', currency: 'USD' } })
  expect(settled).toMatchObject({ status: 200, body: { reservation_id: body['reservation_id'], charge: { amount: '1.2', currency: 'USD' }, final: true, balance: '8.8', replayed: false } })
})

test('a denial is data in a 200', async () => {
  const { status, body } = await post('/v1/authorize', { ...REQUEST, quantities: { output_tokens: 100_000 } })
  expect(status).toBe(200)
  expect(body).toEqual({
    decision: 'deny', decision_id: expect.stringMatching(/^dec_/), reason: 'credit_balance_exhausted', scope: 'wallet:USD', message: expect.stringContaining('credit balance'),
    limit: '10', used: '1.2', required: '2000', unit: 'USD', resets_at: null, top_up_url: 'http://localhost/top-up', upgrade_url: 'http://localhost/plans', fits_output_tokens: 440,
  })
  expect((await post('/v1/authorize', { ...REQUEST, model: 'sandbox-large' })).body).toMatchObject({ decision: 'deny', reason: 'model_not_allowed', scope: 'model:sandbox-large' })
  expect((await post('/v1/check', { ...REQUEST, feature: 'agents' })).body).toMatchObject({ decision: 'deny', reason: 'feature_not_entitled', scope: 'feature:agents' })
})

test('check decides and holds nothing', async () => {
  const open = world.node.openFor(customer)
  const { body } = await post('/v1/check', REQUEST)
  expect(body).toEqual({ decision: 'allow', estimate: { amount: '2', currency: 'USD' }, balance: expect.any(String), catalog_version: 1 })
  expect((await post('/v1/check', { feature: 'chat' })).body).toMatchObject({ decision: 'allow', estimate: { amount: '0' } })
  expect(world.node.openFor(customer)).toBe(open)
})

test('every call may be repeated and answers as the first time; a contradiction is told', async () => {
  const id = 'res_order-4711'
  expect(await authorized({ reservation_id: id })).toBe(id)
  expect((await post('/v1/authorize', { ...REQUEST, reservation_id: id })).body).toMatchObject({ decision: 'allow', reservation_id: id, replayed: true })
  const steps: readonly (readonly [string, Body, number, Body])[] = [
    ['authorize', { ...REQUEST, reservation_id: id, feature: 'agents' }, 422, { code: 'reservation_conflict' }],
    [`reservations/${id}/extend`, { quantities: { input_tokens: 200, output_tokens: 50 } }, 200, { decision: 'allow', estimate: { amount: '3', currency: 'USD' } }],
    [`reservations/${id}/extend`, { quantities: { input_tokens: 2_000_000 } }, 200, { decision: 'deny', reason: 'credit_balance_exhausted' }],
    [`reservations/${id}/settle`, { quantities: { input_tokens: 10 } }, 200, { charge: { amount: '0.1', currency: 'USD' }, replayed: false }],
    [`reservations/${id}/settle`, { quantities: { input_tokens: 10 } }, 200, { charge: { amount: '0.1', currency: 'USD' }, replayed: true }],
    [`reservations/${id}/settle`, { quantities: { input_tokens: 11 } }, 409, { code: 'settled_with_other_usage' }],
    [`reservations/${id}/release`, {}, 409, { code: 'already_settled' }],
    [`reservations/${id}/extend`, { quantities: {} }, 409, { code: 'already_settled' }],
  ]
  for (const [path, body, status, expected] of steps) expect(await post(`/v1/${path}`, body), path).toMatchObject({ status, body: expected })
  const other = await authorized()
  expect(await post(`/v1/reservations/${other}/release`, {})).toMatchObject({ status: 200, body: { released: true, replayed: false } })
  expect(await post(`/v1/reservations/${other}/release`, {})).toMatchObject({ status: 200, body: { released: true, replayed: true } })
  expect(await post('/v1/reservations/res_unknown/settle', { quantities: {} })).toMatchObject({ status: 404, type: 'application/problem+json', body: { code: 'reservation_not_found', status: 404 } })
})

test("a customer's key speaks for its own customer only, and cannot tell whether another exists", async () => {
  const stranger = await world.customer()
  const mine = await authorized()
  const theirs = await world.key(stranger)
  const wrong = await post('/v1/authorize', { ...REQUEST, customer: stranger })
  const nobody = await post('/v1/authorize', { ...REQUEST, customer: 'cus_nobody' })
  expect([wrong.status, wrong.body['code'], wrong.body['detail']]).toEqual([403, 'wrong_customer', nobody.body['detail']])
  for (const action of ['settle', 'extend', 'release']) {
    const onMine = await post(`/v1/reservations/${mine}/${action}`, action === 'release' ? {} : { quantities: {} }, theirs)
    const onNone = await post(`/v1/reservations/res_none/${action}`, action === 'release' ? {} : { quantities: {} }, theirs)
    expect([onMine.status, onMine.body['code']]).toEqual([404, onNone.body['code']])
  }
  expect(await post(`/v1/reservations/${mine}/release`, {})).toMatchObject({ body: { replayed: false } })
})

test('an operator acts for any customer, and is told when there is none', async () => {
  const id = await authorized({ customer }, admin)
  expect((await post(`/v1/reservations/${id}/settle`, { quantities: { input_tokens: 1 } }, admin)).status).toBe(200)
  expect(await post('/v1/authorize', { ...REQUEST, customer: 'cus_nobody' }, admin)).toMatchObject({ status: 404, body: { code: 'customer_not_found' } })
  expect(await post('/v1/check', REQUEST, admin)).toMatchObject({ status: 400, body: { code: 'missing_field', field: 'customer' } })
  expect(await post('/v1/authorize', REQUEST, 'nonsense')).toMatchObject({ status: 401, type: 'application/problem+json', body: { code: 'invalid_api_key' } })
})

test('bad input is a problem that names the field', async () => {
  const id = await authorized()
  const authorize: readonly (readonly [unknown, string, string | null])[] = [
    ['{', 'invalid_json', null],
    ['[]', 'invalid_json', null],
    [{ ...REQUEST, quantity: 1 }, 'unknown_field', 'quantity'],
    [{ ...REQUEST, feature: undefined }, 'missing_field', 'feature'],
    [{ ...REQUEST, feature: 7 }, 'invalid_value', 'feature'],
    [{ ...REQUEST, model: 'a b' }, 'invalid_value', 'model'],
    [{ ...REQUEST, customer: 'acme' }, 'invalid_id', 'customer'],
    [{ ...REQUEST, entity: 'cus_1' }, 'invalid_id', 'entity'],
    [{ ...REQUEST, reservation_id: 'order 1' }, 'invalid_value', 'reservation_id'],
    [{ ...REQUEST, quantities: 5 }, 'invalid_value', 'quantities'],
    [{ ...REQUEST, quantities: { input_tokens: -1 } }, 'negative_quantity', 'quantities.input_tokens'],
    [{ ...REQUEST, quantities: { input_tokens: '-1' } }, 'negative_quantity', 'quantities.input_tokens'],
    [{ ...REQUEST, quantities: { input_tokens: 0.5 } }, 'invalid_quantity', 'quantities.input_tokens'],
    [{ ...REQUEST, quantities: { input_tokens: null } }, 'invalid_quantity', 'quantities.input_tokens'],
    [{ ...REQUEST, quantities: { input_tokens: 'NaN' } }, 'invalid_decimal', 'quantities.input_tokens'],
    [{ ...REQUEST, quantities: { input_tokens: '1e3' } }, 'invalid_decimal', 'quantities.input_tokens'],
    [{ ...REQUEST, quantities: { input_tokens: '0.5' } }, 'too_many_digits', 'input_tokens'],
    [{ ...REQUEST, quantities: { input_tokens: '1.0000000001' } }, 'too_many_digits', 'quantities.input_tokens'],
    [{ ...REQUEST, quantities: { input_tokens: '9'.repeat(20) } }, 'out_of_range', 'quantities.input_tokens'],
    [{ ...REQUEST, quantities: { 'Input-Tokens': 1 } }, 'invalid_property', 'quantities.Input-Tokens'],
    [{ ...REQUEST, quantities: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`q${index}`, 1])) }, 'out_of_range', 'quantities'],
    [{ ...REQUEST, dimensions: { team: 7 } }, 'invalid_dimension', 'dimensions.team'],
    [{ ...REQUEST, dimensions: { team: 'x'.repeat(300) } }, 'invalid_dimension', 'dimensions.team'],
    [{ ...REQUEST, ttl_seconds: 0 }, 'out_of_range', 'ttl_seconds'],
    [{ ...REQUEST, ttl_seconds: 1e9 }, 'out_of_range', 'ttl_seconds'],
    [{ ...REQUEST, ttl_seconds: '60' }, 'out_of_range', 'ttl_seconds'],
  ]
  const settle: readonly (readonly [unknown, string, string | null])[] = [
    [{ quantities: { input_tokens: -1 } }, 'negative_quantity', 'quantities.input_tokens'],
    [{ quantities: {}, cost: 1 }, 'invalid_currency', 'cost.currency'],
    [{ quantities: {}, cost: { amount: 1, currency: 'USD' } }, 'invalid_decimal', 'cost.amount'],
    [{ quantities: {}, cost: { amount: '-1', currency: 'USD' } }, 'out_of_range', 'cost.amount'],
    [{ quantities: {}, estimated: 'yes' }, 'invalid_value', 'estimated'],
    [{ quantities: {}, customer }, 'unknown_field', 'customer'],
  ]
  for (const [path, cases] of [['/v1/authorize', authorize], [`/v1/reservations/${id}/settle`, settle]] as const) {
    for (const [body, code, field] of cases) {
      const answer = await post(path, body)
      expect([answer.status, answer.type, answer.body['code'], answer.body['field'] ?? null], JSON.stringify(body)).toEqual([400, 'application/problem+json', code, field])
    }
  }
  expect((await post(`/v1/authorize`, `{"feature":"${'x'.repeat(70_000)}"}`)).status).toBe(413)
})

test('what a key may do and has left', async () => {
  const narrow = await world.key(customer, { models: ['sandbox-small'] })
  const get = async (path: string, raw: string) => (await fetch(`${world.url}${path}`, { headers: { authorization: `Bearer ${raw}` } })).json() as Promise<Body>
  expect(await get('/v1/key', narrow)).toMatchObject({ customer, scopes: ['gateway'], plan: { id: 'wallet', name: 'Wallet' }, standing: 'good', features: ['chat'], models: ['sandbox-small'], currency: 'USD', balance: expect.stringMatching(/^\d/) })
  expect(await get('/v1/key', admin)).toMatchObject({ customer: null, scopes: ['admin'] })
  const listed = async (raw: string) => ((await get('/v1/models', raw))['data'] as { readonly id: string }[]).map(({ id }) => id)
  expect([await listed(key), await listed(narrow)]).toEqual([['sandbox-small', 'alias', 'fixed-model', 'sandbox-image', 'sandbox-dalle', 'sandbox-whisper', 'sandbox-voice', 'sandbox-tts', 'fixed-claude', 'fixed-gemini'], ['sandbox-small']])
  expect(await get('/v1/models/alias', key)).toEqual({ id: 'alias', object: 'model', created: 1_704_067_200, owned_by: 'sandbox' })
  expect(await get('/v1/models/sandbox-large', key)).toMatchObject({ error: { code: 'model_not_found' } })
  const names: string[] = []
  for await (const model of world.client(key).models.list()) names.push(model.id)
  expect(names).toContain('alias')
})

test('nothing else is served, and it says what is', async () => {
  for (const path of ['/v1/fine_tuning/jobs', '/v1/vector_stores', '/v1/chat/completions/x', '/v1', '/', '/v1/customers']) {
    const response = await world.post(path, {}, { key })
    expect([path, response.status, ((await response.json()) as { error: { code: string } }).error.code]).toEqual([path, 404, 'unknown_url'])
  }
  const health = await Promise.all(['/healthz', '/readyz'].map(async (path) => (await fetch(`${world.url}${path}`)).status))
  expect(health).toEqual([200, 200])
})
