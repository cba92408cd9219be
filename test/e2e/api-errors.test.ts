// What the API says to bad input, bad keys and bad HTTP: always a problem with a stable code, the field at fault and no trace
// of what is inside.

import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API_BODY_BYTES_MAX } from '@tollgate/core'
import { ENTRIES } from '../../packages/server/src/api/contract/errors.ts'
import { testApi, type CallOptions, type TestApi } from '../api.ts'

let api: TestApi
let url: string
beforeAll(async () => {
  api = await testApi()
  url = await api.listen()
  await api.call('POST /v1/customers', { body: { id: 'cus_a', name: 'A', plan: 'prepaid', external_id: 'ext' } })
})
afterAll(() => api.close())

const json = { 'content-type': 'application/json' }
const credits = (amount: unknown): CallOptions => ({ body: { amount } })
const sent = (data: Record<string, unknown>, fields: Record<string, unknown> = {}): CallOptions => ({ body: { specversion: '1.0', id: 'x', source: 's', type: 'ai.request', subject: 'cus_a', data, ...fields } })
const HUGE = '9'.repeat(60)

type Case = readonly [name: string, target: string, options: CallOptions, status: number, code: string, field?: string | RegExp, detail?: RegExp]
const CASES: readonly Case[] = [
  ['a body that is no JSON', 'POST /v1/customers', { raw: '{"name":', headers: json }, 400, 'invalid_json'],
  ['a prototype in a body', 'POST /v1/customers', { raw: '{"__proto__":{"admin":true},"name":"A","plan":"free"}', headers: json }, 400, 'invalid_json'],
  ['a list for an object', 'POST /v1/customers', { raw: '[]', headers: json }, 400, 'invalid_type'],
  ['no body at all', 'POST /v1/customers', {}, 400, 'required', 'name'],
  ['another content type', 'POST /v1/customers', { raw: 'name=A', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported_media_type'],
  ['a misspelt member', 'POST /v1/customers', { body: { name: 'B', plan: 'free', externl_id: 'x' } }, 400, 'unknown_field', 'externl_id', /Did you mean "external_id"\?/],
  ['a misspelt parameter', 'GET /v1/customers?serch=a', {}, 400, 'unknown_field', 'serch', /Did you mean "search"\?/],
  ['a parameter where none is read', 'GET /v1/customers/cus_a?x=1', {}, 400, 'unknown_field', 'x', /Nothing is read/],
  ['a parameter twice', 'GET /v1/customers?limit=1&limit=2', {}, 400, 'invalid_type', 'limit'],
  ['a wrong type', 'POST /v1/customers', { body: { name: 7, plan: 'free' } }, 400, 'invalid_type', 'name', /must be a text, got 7/],
  ['an empty name', 'POST /v1/customers', { body: { name: '', plan: 'free' } }, 400, 'required', 'name'],
  ['a name that is too long', 'POST /v1/customers', { body: { name: 'x'.repeat(201), plan: 'free' } }, 400, 'too_long', 'name'],
  ['a null character', 'POST /v1/customers', { body: { name: 'a\u0000b', plan: 'free' } }, 400, 'invalid_text', 'name'],
  ['a null character in a search', 'GET /v1/customers?search=%00', {}, 400, 'invalid_text', 'search'],
  ['metadata that is a document', 'POST /v1/customers', { body: { name: 'A', plan: 'free', metadata: { a: { b: 1 } } } }, 400, 'invalid_type', 'metadata.a'],
  ['an id of another kind', 'POST /v1/customers', { body: { id: 'evt_1', name: 'A', plan: 'free' } }, 400, 'invalid_id', 'id'],
  ['an unknown plan', 'POST /v1/customers', { body: { name: 'A', plan: 'gold' } }, 400, 'unknown_plan', 'plan', /hybrid, prepaid, free/],
  ['an unknown time zone', 'POST /v1/customers', { body: { name: 'A', plan: 'free', time_zone: 'Mars/Base' } }, 400, 'unknown_time_zone', 'time_zone'],
  ['an id that is taken', 'POST /v1/customers', { body: { id: 'cus_a', name: 'A', plan: 'free' } }, 409, 'already_exists', 'id'],
  ['an external id that is taken', 'POST /v1/customers', { body: { name: 'A', plan: 'free', external_id: 'ext' } }, 409, 'already_exists'],
  ['a change of nothing', 'PATCH /v1/customers/cus_a', { body: {} }, 400, 'required'],
  ['an unknown standing', 'PATCH /v1/customers/cus_a', { body: { standing: 'good ' } }, 400, 'invalid_choice', 'standing', /Did you mean "good"\?/],
  ['an unknown customer', 'GET /v1/customers/cus_nobody/balance', {}, 404, 'not_found'],
  ['an unknown customer in a write', 'POST /v1/customers/cus_nobody/credits', credits('1'), 404, 'not_found'],
  ['a customer id of another form', 'GET /v1/customers/nobody', {}, 400, 'invalid_id', 'customer'],
  ['an unknown feature', 'GET /v1/customers/cus_a/entitlements/chatting', {}, 404, 'not_found'],
  ['an unknown key', 'DELETE /v1/keys/key_none', {}, 404, 'not_found'],
  ['an amount as a number', 'POST /v1/customers/cus_a/credits', credits(12.5), 400, 'invalid_decimal', 'amount', /in quotes/],
  ['an amount that is no number', 'POST /v1/customers/cus_a/credits', credits('NaN'), 400, 'invalid_decimal', 'amount'],
  ['an infinite amount', 'POST /v1/customers/cus_a/credits', credits('Infinity'), 400, 'invalid_decimal', 'amount'],
  ['an exponent', 'POST /v1/customers/cus_a/credits', credits('1e9'), 400, 'invalid_decimal', 'amount'],
  ['a negative amount', 'POST /v1/customers/cus_a/credits', credits('-5'), 400, 'out_of_range', 'amount'],
  ['nothing as an amount', 'POST /v1/customers/cus_a/credits', credits('0'), 400, 'out_of_range', 'amount'],
  ['too many digits', 'POST /v1/customers/cus_a/credits', credits('0.0000000000001'), 400, 'too_many_digits', 'amount'],
  ['a huge amount', 'POST /v1/customers/cus_a/credits', credits(HUGE), 400, 'invalid_decimal', 'amount'],
  ['an amount beyond what is kept', 'POST /v1/customers/cus_a/credits', credits('9'.repeat(30)), 400, 'out_of_range', 'amount'],
  ['an expiry in the past', 'POST /v1/customers/cus_a/credits', { body: { amount: '1', expires_at: '2020-01-01T00:00:00Z' } }, 400, 'out_of_range', 'expires_at'],
  ['a time without a zone', 'POST /v1/customers/cus_a/credits', { body: { amount: '1', expires_at: '2040-01-01T00:00:00' } }, 400, 'invalid_time', 'expires_at'],
  ['a day that does not exist', 'GET /v1/customers/cus_a/events?from=2026-02-30T00:00:00Z', {}, 400, 'invalid_time', 'from'],
  ['a page of nothing', 'GET /v1/customers?limit=0', {}, 400, 'out_of_range', 'limit'],
  ['a page of all', 'GET /v1/customers?limit=100000', {}, 400, 'out_of_range', 'limit'],
  ['a page of NaN', 'GET /v1/customers?limit=NaN', {}, 400, 'invalid_value', 'limit'],
  ['a cursor of nobody', 'GET /v1/customers?cursor=abc', {}, 400, 'invalid_cursor', 'cursor'],
  ['usage backwards', 'GET /v1/customers/cus_a/usage?from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z', {}, 400, 'out_of_range', 'to'],
  ['usage by something else', 'GET /v1/customers/cus_a/usage?group_by=colour', {}, 400, 'unknown_dimension', 'group_by'],
  ['usage of an unknown meter', 'GET /v1/customers/cus_a/usage?meter=input_token', {}, 400, 'unknown_meter', 'meter', /Did you mean "input_tokens"\?/],
  ['a limit below zero', 'PUT /v1/customers/cus_a/budgets/x', { body: { name: 'x', limit: '-1', window: 'day' } }, 400, 'out_of_range', 'limit'],
  ['a limit beyond what is kept', 'PUT /v1/customers/cus_a/budgets/x', { body: { name: 'x', limit: '9'.repeat(30), meters: ['requests'], window: 'day' } }, 400, 'invalid_value'],
  ['a budget of an unknown entity', 'PUT /v1/customers/cus_a/budgets/x', { body: { name: 'x', limit: '1', window: 'day', entity: 'ent_none' } }, 400, 'unknown_entity', 'entity'],
  ['a key without scopes', 'POST /v1/keys', { body: { scopes: [] } }, 400, 'required', 'scopes'],
  ['a key with an unknown scope', 'POST /v1/keys', { body: { scopes: ['root'] } }, 400, 'invalid_choice', 'scopes.0'],
  ['a tenant key without a customer', 'POST /v1/keys', { body: { scopes: ['gateway'] } }, 400, 'required', 'customer'],
  ['an admin key for a customer', 'POST /v1/keys', { body: { scopes: ['admin'], customer: 'cus_a' } }, 400, 'invalid_scope', 'scopes'],
  ['a key that has expired before it is made', 'POST /v1/keys', { body: { scopes: ['admin'], expires_at: '2020-01-01T00:00:00Z' } }, 400, 'out_of_range', 'expires_at'],
  ['a key for an unknown customer', 'POST /v1/keys', { body: { scopes: ['gateway'], customer: 'cus_nobody' } }, 404, 'not_found'],
  ['a key for an unknown feature', 'POST /v1/keys', { body: { scopes: ['gateway'], customer: 'cus_a', feature: 'chatt' } }, 400, 'unknown_feature'],
  ['an event without an id', 'POST /v1/events', sent({ input_tokens: 1 }, { id: undefined }), 400, 'event_rejected', 'id'],
  ['an event of another version', 'POST /v1/events', sent({ input_tokens: 1 }, { specversion: '0.3' }), 400, 'event_rejected', 'specversion'],
  ['an event of an unknown customer', 'POST /v1/events', sent({ input_tokens: 1 }, { subject: 'cus_nobody' }), 400, 'event_rejected', 'customer'],
  ['an event without data', 'POST /v1/events', sent({}, { data: undefined }), 400, 'event_rejected', 'data'],
  ['a fraction as a JSON number', 'POST /v1/events', sent({ input_tokens: 1.5 }), 400, 'event_rejected', 'data.input_tokens', /already a float/],
  ['a fraction of a whole unit', 'POST /v1/events', sent({ input_tokens: '1.5' }), 400, 'event_rejected', 'data.input_tokens'],
  ['a negative quantity', 'POST /v1/events', sent({ input_tokens: -5 }), 400, 'event_rejected', 'data.input_tokens'],
  ['a negative quantity as text', 'POST /v1/events', sent({ input_tokens: '-5' }), 400, 'event_rejected', 'data.input_tokens'],
  ['a quantity that is no number', 'POST /v1/events', sent({ input_tokens: 'NaN' }), 400, 'event_rejected', 'data.input_tokens'],
  ['a quantity in exponent form', 'POST /v1/events', sent({ input_tokens: '1e5' }), 400, 'event_rejected', 'data.input_tokens'],
  ['a huge quantity', 'POST /v1/events', { raw: '{"specversion":"1.0","id":"x","source":"s","type":"ai.request","subject":"cus_a","data":{"input_tokens":1e400}}', headers: json }, 400, 'event_rejected', 'data.input_tokens'],
  ['a quantity beyond what is plausible', 'POST /v1/events', sent({ input_tokens: '1000000000001' }), 400, 'event_rejected', 'data.input_tokens'],
  ['an event of tomorrow', 'POST /v1/events', sent({ input_tokens: 1 }, { time: new Date(Date.now() + 86_400_000).toISOString() }), 400, 'event_rejected', 'time'],
  ['an event of long ago', 'POST /v1/events', sent({ input_tokens: 1 }, { time: '2001-01-01T00:00:00Z' }), 400, 'event_rejected', 'time'],
  ['a null character in an event', 'POST /v1/events', sent({ input_tokens: 1, label: 'a\u0000' }), 400, 'event_rejected', 'data.label'],
  ['too many events', 'POST /v1/events', { raw: `[${'{},'.repeat(5_000)}{}]`, headers: json }, 400, 'too_many_events'],
  ['events as text', 'POST /v1/events', { raw: 'hello', headers: { 'content-type': 'text/plain' } }, 415, 'unsupported_media_type'],
  ['an unknown address', 'GET /v1/custommers', {}, 404, 'not_found'],
  ['a method that is not taken', 'DELETE /v1/customers/cus_a', {}, 405, 'method_not_allowed'],
  ['an address that is no text', 'GET /v1/customers/%E0%A4%A', {}, 404, 'not_found'],
  ['no key', 'GET /v1/customers', { key: null }, 401, 'invalid_api_key'],
  ['a wrong key', 'GET /v1/customers', { key: 'tg_admin_nonsense' }, 401, 'invalid_api_key'],
  ['another scheme', 'GET /v1/customers', { key: null, headers: { authorization: 'Basic YTpi' } }, 401, 'invalid_api_key'],
  ['a gateway that is away', 'POST /v1/authorize', { body: {} }, 503, 'gateway_unavailable'],
  ['a decision with a body that is too large', 'POST /v1/authorize', { raw: `{"run":"${'x'.repeat(70_000)}"}`, headers: json }, 413, 'request_too_large'],
  ['no gateway for readiness', 'GET /readyz', { key: null }, 503, 'not_ready'],
]

describe('each is answered with its code and field:', () => {
  test.each(CASES.map((one) => [one[0], one] as const))('%s', async (_name, [, target, options, status, code, field, detail]) => {
    const answer = await api.call(target, options)
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([status, code, expect.any(String)])
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer.body).toMatchObject({ type: `/docs#${code}`, title: ENTRIES[code as keyof typeof ENTRIES].title, status, request_id: answer.headers['x-request-id'] })
    if (field !== undefined) expect(answer.body.field).toBe(field)
    if (detail !== undefined) expect(answer.body.detail).toMatch(detail)
    expect(answer.text).not.toMatch(/\bat \w+ \(|node_modules|select |insert /)
  })
})

test('several problems of one input are told at once', async () => {
  const { body } = await api.call('POST /v1/customers', { body: { id: 'x', plan: 3, nam: 'A' } })
  expect(body.errors.map((one: { field: string; code: string }) => [one.field, one.code])).toEqual([['id', 'invalid_id'], ['name', 'required'], ['plan', 'invalid_type'], ['nam', 'unknown_field']])
})

test('a body over the limit is refused before it is read, and nothing else is harmed', async () => {
  const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers: { authorization: `Bearer ${api.admin}`, ...json }, body: Buffer.alloc(API_BODY_BYTES_MAX + 1, 0x20) }).catch((error: Error) => error)
  if (!(answer instanceof Error)) expect([answer.status, (await answer.json() as { code: string }).code]).toEqual([413, 'request_too_large'])
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
})

test('bytes that are no HTTP, and headers that are too large, get a problem and a closed connection', async () => {
  const speak = (text: string) => new Promise<string>((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.on('data', (chunk) => { answer += String(chunk) }).on('close', () => resolve(answer)).on('error', () => resolve(answer))
  })
  expect(await speak('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [^]*"code":"invalid_value"/)
  expect(await speak(`GET / HTTP/1.1\r\nhost: x\r\nx-large: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 [^]*"code":"headers_too_large"/)
})

test('an answer carries the request id of the client, or one of ours, and headers that keep browsers from guessing', async () => {
  expect((await api.call('GET /healthz', { key: null, headers: { 'x-request-id': 'trace-7' } })).headers['x-request-id']).toBe('trace-7')
  const answer = await api.call('GET /v1/nothing', { headers: { 'x-request-id': 'a b\n' } })
  expect(answer.headers).toMatchObject({ 'x-request-id': expect.stringMatching(/^req_/), 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'content-security-policy': expect.stringContaining("default-src 'none'") })
})

test('without its database the API says so, with a 503 and when to come back', async () => {
  const lost = await testApi()
  await lost.call('POST /v1/customers', { body: { id: 'cus_lost', name: 'L', plan: 'free' } })
  await lost.world.plane.sql.end({ timeout: 1 })
  expect(await lost.call('GET /v1/customers/cus_lost')).toMatchObject({ status: 503, body: { code: 'database_unavailable' }, headers: { 'retry-after': '1' } })
  expect(await lost.call('GET /readyz', { key: null })).toMatchObject({ status: 503, body: { code: 'not_ready', database: 'unreachable' } })
  expect((await lost.call('GET /metrics', { key: null })).text).toContain('tollgate_parked_events Nan')
  await lost.app.close()
  await lost.world.close()
})
