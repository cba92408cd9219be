// Signing in by OpenID Connect against a real issuer with signed tokens: groups become a role, and whatever does not hold lets nobody in.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createApi } from '../../packages/server/src/api/server.ts'
import { createIssuer } from '../../packages/server/src/connect/oidc/issuer.ts'
import { testApi, type TestApi } from '../api.ts'
import { testIssuer, type TestIssuer } from './issuer.ts'

let api: TestApi
let issuer: TestIssuer
let app: ReturnType<typeof createApi>
beforeAll(async () => {
  api = await testApi()
  issuer = await testIssuer()
  const roles = { claim: 'groups', roles: new Map([['platform', 'admin'], ['helpdesk', 'support']] as const) }
  app = createApi({ plane: { ...api.world.plane, issuer: createIssuer({ issuer: issuer.url, clientId: issuer.clientId, clientSecret: issuer.clientSecret, scopes: 'openid profile', name: 'Acme', roles }) }, gatewayUrl: () => '', version: '0.0.0-test', assertAnswers: true })
})
afterEach(() => {
  Object.assign(issuer.say, { claims: {}, forge: (payload: unknown) => payload, wrongKey: false, declines: false })
})
afterAll(async () => {
  await app.close()
  await api.close()
  await issuer.close()
})

const cookiesOf = (answer: { readonly headers: Readonly<Record<string, unknown>> }) => [answer.headers['set-cookie'] ?? []].flat().map((cookie) => String(cookie))
const begin = () => app.inject({ method: 'GET', url: '/v1/session/oidc' })
/** Follows the issuer back to the callback, with the cookie of the sign-in unless another is given. */
async function signIn(change: { readonly cookie?: string; readonly callback?: (url: URL) => void; readonly address?: string } = {}) {
  const begun = await begin()
  const atIssuer = await fetch(String(begun.headers.location), { redirect: 'manual' })
  const callback = new URL(atIssuer.headers.get('location')!)
  change.callback?.(callback)
  const cookie = change.cookie ?? cookiesOf(begun)[0]!.split(';')[0]!
  return app.inject({ method: 'GET', url: callback.pathname + callback.search, headers: { cookie }, remoteAddress: change.address ?? `10.0.0.${(address += 1)}` })
}
let address = 0
const sessionOf = (answer: Awaited<ReturnType<typeof signIn>>) => cookiesOf(answer).find((cookie) => cookie.startsWith('tollgate_session='))?.split(';')[0] ?? null

test('the page knows that there is an issuer, and by which name', async () => {
  expect((await app.inject({ method: 'GET', url: '/v1/sign-in' })).json()).toEqual({ oidc: { name: 'Acme', path: '/v1/session/oidc' } })
  expect((await api.call('GET /v1/sign-in', { key: null })).body).toEqual({ oidc: null })
})

test('a person with a group that is mapped is signed in with its role, by name, and does what the role may', async () => {
  issuer.say.claims = { groups: ['helpdesk', 'else'], name: 'Ada Lovelace' }
  const answer = await signIn()
  expect(answer).toMatchObject({ statusCode: 302, headers: { location: '/console/' } })
  const cookie = sessionOf(answer)!
  const session = (await app.inject({ method: 'GET', url: '/v1/session', headers: { cookie } })).json() as { readonly csrf_token: string }
  expect(session).toMatchObject({ kind: 'console', role: 'support', name: 'Ada Lovelace', key: null, subject: 'person-1' })
  const call = (method: 'POST' | 'PATCH', url: string, payload: object) => app.inject({ method, url, payload, headers: { cookie, 'x-csrf-token': session.csrf_token } })
  const customer = await api.world.customer({ plan: 'prepaid' })
  expect((await call('PATCH', `/v1/customers/${customer}`, { standing: 'suspended' })).statusCode).toBe(200)
  expect((await call('POST', '/v1/keys', { scopes: ['admin'] })).statusCode).toBe(403)
  const { data } = (await api.call(`GET /v1/audit?customer=${customer}&action=subscription`)).body
  expect(data[0]).toMatchObject({ actor: 'oidc:person-1' })
  expect((await api.call('GET /v1/audit?action=console')).body.data[0]).toMatchObject({ actor: 'oidc:person-1', after: { name: 'Ada Lovelace', role: 'support' } })
  expect(cookiesOf(answer).find((one) => one.startsWith('tollgate_session='))).toMatch(/HttpOnly; SameSite=Strict/)
  await app.inject({ method: 'DELETE', url: '/v1/session', headers: { cookie } })
  expect((await app.inject({ method: 'GET', url: '/v1/session', headers: { cookie } })).statusCode).toBe(401)
})

test.each([
  ['nobody maps to a role', () => { issuer.say.claims = { groups: ['strangers'] } }, 'no_role'],
  ['the person declined', () => { issuer.say.declines = true }, 'refused'],
  ['the token is signed by another key', () => { issuer.say.wrongKey = true }, 'refused'],
  ['the token is for another client', () => { issuer.say.forge = (payload) => ({ ...payload, aud: 'somebody-else' }) }, 'refused'],
  ['the token is of another issuer', () => { issuer.say.forge = (payload) => ({ ...payload, iss: 'https://elsewhere.example.com' }) }, 'refused'],
  ['the token has expired', () => { issuer.say.forge = (payload) => ({ ...payload, iat: 1_000, exp: 2_000 }) }, 'refused'],
  ['the token answers another sign-in', () => { issuer.say.forge = (payload) => ({ ...payload, nonce: 'another' }) }, 'refused'],
] as const)('%s: no session, and the page says why', async (_, prepare, why) => {
  issuer.say.claims = { groups: ['platform'] }
  prepare()
  const answer = await signIn()
  expect(answer.headers.location).toBe(`/console/?sign_in=${why}`)
  expect(sessionOf(answer)).toBeNull()
})

test('a callback without its own cookie, with that of another sign-in, or with another state lets nobody in', async () => {
  issuer.say.claims = { groups: ['platform'] }
  const other = cookiesOf(await begin())[0]!.split(';')[0]!
  for (const change of [{ cookie: '' }, { cookie: 'tollgate_oidc=v1.forged' }, { cookie: other }, { callback: (url: URL) => url.searchParams.set('state', 'another') }]) expect(sessionOf(await signIn(change))).toBeNull()
})

test('one address that fails too often waits', async () => {
  issuer.say.declines = true
  for (let index = 0; index < 10; index += 1) expect((await signIn({ address: '10.9.9.9' })).headers.location).toBe('/console/?sign_in=refused')
  expect((await signIn({ address: '10.9.9.9' })).headers.location).toBe('/console/?sign_in=too_often')
})
