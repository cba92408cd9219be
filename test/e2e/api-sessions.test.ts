// Sessions of people: how the console signs in and what its cookie may do, and what ends a session.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant, type CustomerId } from '@tollgate/core'
import { testApi, type Reply, type TestApi } from '../api.ts'
import { virtualClock } from '../../packages/server/src/platform/clock.ts'

const clock = virtualClock(instant(Date.now()))
let api: TestApi
beforeAll(async () => {
  api = await testApi({ clock })
  await api.call('POST /v1/customers', { body: { id: 'cus_own', name: 'Own', plan: 'prepaid' } })
})
afterAll(() => api.close())

const signIn = (key: string, headers: Readonly<Record<string, string>> = {}) => api.call('POST /v1/session', { key: null, body: { key }, headers })
const cookieOf = (reply: Reply): string => String(reply.headers['set-cookie']).split(';')[0]!
const withCookie = (cookie: string, more: Readonly<Record<string, string>> = {}) => ({ key: null, headers: { cookie, ...more } })
/** Another minute, so that the failures of one test are not those of the next. */
const later = () => clock.advance(61_000)

test('the cookie is for our own pages only, no script reads it, and the session is not the key', async () => {
  const reply = await signIn(api.admin)
  expect(reply.status).toBe(201)
  expect(reply.body).toMatchObject({ kind: 'console', role: 'admin', csrf_token: expect.stringMatching(/^[\w-]{43}$/) })
  expect(reply.headers['set-cookie']).toMatch(/^tollgate_session=tg_session_[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43\d\d\d$/)
  expect(reply.headers['set-cookie']).not.toContain(api.admin)
  expect((await signIn(api.admin, { 'x-forwarded-proto': 'https' })).headers['set-cookie']).toMatch(/; Secure$/)
})

test('the cookie reads by itself and writes only with the token of its session', async () => {
  const first = await signIn(api.admin)
  const second = await signIn(api.admin)
  const cookie = cookieOf(first)
  const body = { amount: '1' }
  expect((await api.call('GET /v1/customers/cus_own', withCookie(cookie))).status).toBe(200)
  for (const token of [undefined, '', 'wrong', second.body.csrf_token as string]) {
    const answer = await api.call('POST /v1/customers/cus_own/credits', { ...withCookie(cookie, token === undefined ? {} : { 'x-csrf-token': token }), body })
    expect([token, answer.status, answer.body.code]).toEqual([token, 403, 'csrf_token_missing'])
  }
  expect((await api.call('POST /v1/customers/cus_own/credits', { ...withCookie(cookie, { 'x-csrf-token': first.body.csrf_token }), body })).status).toBe(201)
})

test('a key in the header beats the cookie: a bad one is not saved by a good session', async () => {
  const cookie = cookieOf(await signIn(api.admin))
  expect((await api.call('GET /v1/customers/cus_own', { key: 'tg_admin_wrong', headers: { cookie } })).status).toBe(401)
})

test('keys of customers, programs and nobody do not sign in, and are not told apart', async () => {
  later()
  const keys = [await api.key(['customer', 'tenant_admin'], 'cus_own' as CustomerId), await api.key(['ingest']), 'tg_admin_nobody', 'x'.repeat(200)]
  const answers = await Promise.all(keys.map((key) => signIn(key)))
  for (const answer of answers) expect([answer.status, answer.body.code, answer.body.detail]).toEqual([401, 'invalid_api_key', answers[0]!.body.detail])
  for (const answer of answers) expect(answer.headers['set-cookie']).toBeUndefined()
})

test('ten failures of an address in a minute are enough; then also a good key waits, and a minute later it does not', async () => {
  later()
  for (let index = 0; index < 10; index += 1) expect((await signIn('tg_admin_guess')).status).toBe(401)
  const refused = await signIn(api.admin)
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_sign_ins' } })
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50)
  later()
  expect((await signIn(api.admin)).status).toBe(201)
})

test('a page of another site signs nobody in or out', async () => {
  for (const site of ['cross-site', 'same-site']) {
    expect((await signIn(api.admin, { 'sec-fetch-site': site })).body.code).toBe('csrf_token_missing')
    expect((await api.call('DELETE /v1/session', { key: null, headers: { 'sec-fetch-site': site } })).body.code).toBe('csrf_token_missing')
  }
  expect((await signIn(api.admin, { 'sec-fetch-site': 'same-origin' })).status).toBe(201)
})

test('signing out, revoking the key and its expiry end the session', async () => {
  const gone = async (cookie: string) => (await api.call('GET /v1/session', withCookie(cookie))).status
  const first = cookieOf(await signIn(api.admin))
  expect(await gone(first)).toBe(200)
  await api.call('DELETE /v1/session', withCookie(first))
  expect(await gone(first)).toBe(401)
  const made = (await api.call('POST /v1/keys', { body: { scopes: ['viewer'], name: 'Ada' } })).body
  const second = await signIn(made.key)
  expect(second.body).toMatchObject({ role: 'viewer', name: 'Ada' })
  await api.call(`DELETE /v1/keys/${made.id}`)
  expect(await gone(cookieOf(second))).toBe(401)
  const short = (await api.call('POST /v1/keys', { body: { scopes: ['viewer'], expires_at: new Date(Date.now() + 3_600_000).toISOString() } })).body
  expect(Number(/Max-Age=(\d+)/.exec(String((await signIn(short.key)).headers['set-cookie']))![1])).toBeLessThanOrEqual(3_600)
})

test('who signed in is in the audit log', async () => {
  expect((await api.call('GET /v1/audit?action=console')).body.data[0]).toMatchObject({ action: 'console.signed_in' })
})

test('a portal session lasts as long as was asked, and its origins are origins', async () => {
  const made = (await api.call('POST /v1/customers/cus_own/portal-sessions', { body: { lifetime_seconds: 60, allowed_origins: ['https://app.example.com'] } })).body
  expect(made.url).toMatch(new RegExp(`^http://localhost/portal/\\?session=${made.id}#token=tg_portal_`))
  expect(Date.parse(made.expires_at) - Date.parse(made.created_at)).toBe(60_000)
  for (const origin of ['https://app.example.com/', 'http://app.example.com', 'https://a.example.com; script-src *', "'self'", '*', 'javascript:alert(1)'])
    expect((await api.call('POST /v1/customers/cus_own/portal-sessions', { body: { allowed_origins: [origin] } })).status, origin).toBe(400)
  expect((await api.call('GET /v1/customers/cus_own/portal-sessions')).body.data[0]).not.toHaveProperty('token')
})
