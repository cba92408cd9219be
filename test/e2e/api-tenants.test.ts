// No key of a customer reaches anything of another: every route of the contract is tried, so that a new route cannot be
// forgotten. Whether the other exists is not told either.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { FORWARDED, HANDLED, ROUTES, SYSTEM, type HandledOperation, type Operation } from '../../packages/server/src/api/contract.ts'
import { scopesOf } from '../../packages/server/src/api/contract/roles.ts'
import { createGateway } from '../../packages/server/src/gateway/server.ts'
import { systemClock } from '../../packages/server/src/platform/clock.ts'
import { silentLog } from '../../packages/server/src/platform/log.ts'
import { testApi, type Reply, type TestApi } from '../api.ts'
import { testPlane } from '../plane.ts'

const OTHER = 'cus_other' as CustomerId
const OWN = 'cus_own' as CustomerId
/** Texts that belong to the other customer. */
const SECRETS = ['Other Inc.', 'other-external', 'evt-of-other', 'Budget of other', 'Team of other', 'reference-of-other', 'run-of-other']

let api: TestApi
let stranger: string
let strangersCustomerKey: string
let keyOfOther: string
let strangersPortals: readonly string[]
let stopGateway: () => Promise<void>
const ids = { key: '', reservation: 'res_other', invoice: '', invoiceOfOther: '' }

beforeAll(async () => {
  const world = await testPlane()
  const gateway = createGateway({ node: await world.node(), clock: systemClock, log: silentLog(), sandboxUrl: null })
  const port = await gateway.listen(0, '127.0.0.1')
  stopGateway = gateway.close
  api = await testApi({ world, gatewayUrl: () => `http://127.0.0.1:${port}` })
  await api.call('POST /v1/customers', { body: { id: OTHER, name: 'Other Inc.', plan: 'prepaid', external_id: 'other-external' } })
  await api.call('POST /v1/customers', { body: { id: OWN, name: 'Own', plan: 'prepaid' } })
  await api.call(`POST /v1/customers/${OTHER}/credits`, { body: { amount: '10', reference: 'reference-of-other' } })
  await api.call(`POST /v1/customers/${OTHER}/entities`, { body: { id: 'ent_other', kind: 'team', name: 'Team of other' } })
  await api.call(`PUT /v1/customers/${OTHER}/budgets/other`, { body: { name: 'Budget of other', limit: '5', window: 'day' } })
  await api.call('POST /v1/events', { body: event({ id: 'evt-of-other', subject: OTHER, data: { input_tokens: 5000, run: 'run-of-other' } }) })
  ids.key = (await api.call('POST /v1/keys', { body: { scopes: ['gateway'], customer: OTHER } })).body.id
  ids.invoice = await invoiceOf(OWN)
  ids.invoiceOfOther = await invoiceOf(OTHER)
  keyOfOther = await api.key(['gateway', 'ingest', 'customer'], OTHER)
  stranger = await api.key(['gateway', 'ingest', 'customer'], OWN)
  strangersPortals = await Promise.all([false, true].map(async (admin) => (await api.call(`POST /v1/customers/${OWN}/portal-sessions`, { body: { admin } })).body.token))
  strangersCustomerKey = await api.key(['customer'], OWN)
  await api.call('POST /v1/authorize', { key: keyOfOther, body: { reservation_id: ids.reservation, feature: 'chat', quantities: { input_tokens: 10 } } })
})
afterAll(async () => {
  await stopGateway()
  await api.close()
})

/** A draft: without somebody who issues it nothing gets a number. */
async function invoiceOf(customer: string): Promise<string> {
  await api.call(`POST /v1/customers/${customer}/invoice-items`, { body: { name: `Item of ${customer}`, amount: '1' } })
  return (await api.call(`POST /v1/customers/${customer}/invoices`, { body: { kind: 'manual' } })).body.id
}

const event = (fields: Record<string, unknown>) => ({ specversion: '1.0', source: 'test', type: 'ai.request', ...fields })

/** What each operation would need to do something to, or read something of, the other customer. */
const BODIES: Readonly<Partial<Record<Operation, unknown>>> = {
  createCustomer: { id: 'cus_made', name: 'Made', plan: 'free' },
  changeCustomer: { standing: 'suspended' },
  createEntity: { kind: 'team', name: 'Mine' },
  addCredits: { amount: '1' },
  moveBudget: { to: 'else', amount: '1', reason: 'mine' },
  voidCredits: { reason: 'mine' },
  refundCredits: { reason: 'mine' },
  moveCredits: { to: OWN, amount: '1', reason: 'mine' },
  putRecharge: { threshold: '1', amount: '1', method: 'request' },
  openTopUp: { amount: '1', success_url: 'https://example.com/', cancel_url: 'https://example.com/' },
  confirmPayment: { outcome: 'succeeded' },
  putWalletNotices: { low_balance: [], expiry_days: [] },
  putNoticeDefault: { low_balance: [], expiry_days: [] },
  createCodes: { name: 'Mine', grants: { kind: 'credits', amount: '1', asset: 'USD' } },
  redeemCode: { code: 'MINE-2027' },
  putBudget: { name: 'Mine', limit: '0', window: 'day' },
  putBillingProfile: {},
  createInvoice: { kind: 'manual' },
  payInvoice: {},
  voidInvoice: { reason: 'mine' },
  writeOffInvoice: { reason: 'mine' },
  createCreditNote: { reason: 'mine' },
  createInvoiceItem: { name: 'Mine', amount: '1' },
  createAlertRecipient: { email: 'mine@example.com' },
  changeAlertRecipient: {},
  putMailServer: { host: 'smtp.example.com', sender: 'mine@example.com' },
  testMailServer: { to: 'mine@example.com' },
  putRunaway: { action: 'halt' },
  putBudgetMember: { values: ['a'], limit: '1' },
  createFreeze: { kind: 'customer', target: OTHER },
  previewFreeze: { kind: 'entity', target: 'ent_any', customer: OTHER },
  createPortalSession: {},
  createKey: { scopes: ['customer'], customer: OTHER },
  createUpstream: { name: 'mine', base_url: 'https://x.example.com/v1', provider: 'openai' },
  putUpstream: { name: 'mine', base_url: 'https://x.example.com/v1', provider: 'openai' },
  planCatalog: { source: 'currency: EUR' },
  putCatalog: { source: 'currency: EUR' },
  ingestEvents: event({ id: 'mine', subject: OTHER, data: { input_tokens: 1 } }),
  authorize: { customer: OTHER, feature: 'chat', quantities: { input_tokens: 1 } },
  check: { customer: OTHER, feature: 'chat', quantities: { input_tokens: 1 } },
  checkBatch: { requests: [{ customer: OTHER, feature: 'chat', quantities: { input_tokens: 1 } }] },
  settle: { quantities: { input_tokens: 1 } },
  extend: { quantities: { input_tokens: 20 } },
  release: {},
}
const QUERIES: Readonly<Partial<Record<Operation, string>>> = { listKeys: `?customer=${OTHER}`, followStream: `?customer=${OTHER}`, getBudget: `?customer=${OTHER}`, quoteCredits: '?amount=1', listFreezes: `?customer=${OTHER}`, explainEvent: '?source=test&id=own-1' }

/** What stands for each parameter of a path: something of the customer, or something that nobody has. */
function paramsOf(customer: string): Readonly<Record<string, string>> {
  return {
    customer,
    key: ids.key,
    reservation: ids.reservation,
    invoice: customer === OWN ? ids.invoice : ids.invoiceOfOther,
    recipient: 'alr_any',
    upstream: 'ups_any',
    feature: 'chat',
    budget: 'other',
    freeze: 'frz_other',
    session: 'pts_other',
    decision: customer === OWN ? 'own-1' : 'evt-of-other',
    line: '1',
    item: 'ini_any',
    asset: 'USD',
    block: 'blk_any',
    refund: 'rfd_any',
    payment: 'pay_any',
    batch: 'cbt_any',
    webhook: 'whk_any',
    rate: 'any',
    run: customer === OWN ? 'run-own' : 'run-of-other',
    meter: 'input_tokens',
    dimension: 'model',
  }
}

function attempt(operation: Operation, key: string, customer: string = OTHER): Promise<Reply> {
  const route = ROUTES[operation]
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => (operation === 'getBudget' ? 'allowance:tokens' : paramsOf(customer)[name]!))
  const body = BODIES[operation]
  return api.call(`${route.method} ${path}${(QUERIES[operation] ?? '').replace(OTHER, customer)}`, { key, ...(body === undefined ? {} : { body }) })
}

const operations = (Object.keys(ROUTES) as Operation[])
  // What verifies a signature is for everybody to know.
  .filter((operation) => ROUTES[operation].access !== 'public' && operation !== 'listSigningKeys')

describe('with the key of another customer', () => {
  test.each(operations)('%s gives nothing away', async (operation) => {
    for (const key of [stranger, strangersCustomerKey]) {
      const answer = await attempt(operation, key)
      for (const secret of SECRETS) expect(answer.text).not.toContain(secret)
      if (operation === 'getOwnKey') expect(answer).toMatchObject({ status: 200, body: { customer: OWN } })
      else if (operation === 'ingestEvents' && key === stranger) expect(answer).toMatchObject({ status: 400, body: { code: 'event_rejected', field: 'subject' } })
      else expect([403, 404]).toContain(answer.status)
    }
  })

  test.each(operations.filter((operation) => ROUTES[operation].path.includes('{customer}')))('%s answers as if the customer did not exist', async (operation) => {
    const plain = ({ status, body }: Reply) => JSON.stringify([status, { ...body, request_id: '' }]).replaceAll(OTHER, 'ID').replaceAll('cus_nobody', 'ID')
    expect(plain(await attempt(operation, stranger))).toBe(plain(await attempt(operation, stranger, 'cus_nobody')))
    expect((await attempt(operation, stranger)).body).toMatchObject({ status: 404, code: 'not_found' })
  })

  test('nothing of the other customer has changed', async () => {
    expect((await api.call(`GET /v1/customers/${OTHER}`)).body).toMatchObject({ standing: 'good', plan: 'prepaid' })
    expect((await api.call(`GET /v1/customers/${OTHER}/balance`)).body.balance).toBe('9.955')
    expect((await api.call(`GET /v1/customers/${OTHER}/events`)).body.data).toHaveLength(1)
    expect((await api.call('POST /v1/reservations/res_other/release', { key: keyOfOther, body: {} })).body).toMatchObject({ released: true, replayed: false })
    expect((await api.call(`GET /v1/keys?customer=${OTHER}`)).body.data.every((row: { revoked_at: unknown }) => row.revoked_at === null)).toBe(true)
  })
})

describe('with the token of another customer’s portal', () => {
  test.each(operations)('%s gives nothing away', async (operation) => {
    for (const token of strangersPortals) {
      const answer = await attempt(operation, token)
      for (const secret of SECRETS) expect(answer.text).not.toContain(secret)
      if (operation === 'getSession') expect(answer).toMatchObject({ status: 200, body: { kind: 'portal', customer: OWN } })
      // The gateway knows keys only: a page's token sends no AI request and decides nothing.
      else expect(operation in FORWARDED ? [401] : [403, 404]).toContain(answer.status)
    }
  })

  test('it reads its own customer without cost, key ids or context, and an ended one reads nothing', async () => {
    const [token] = strangersPortals
    await api.call('POST /v1/events', { body: event({ id: 'own-1', subject: OWN, data: { run: 'run-own', input_tokens: 5, provider: 'sandbox', model: 'sandbox-small' } }) })
    const { body } = await api.call(`GET /v1/customers/${OWN}/events`, { key: token! })
    expect(body.data).toHaveLength(1)
    for (const member of ['cost', 'key', 'context']) expect(body.data[0]).not.toHaveProperty(member)
    const made = (await api.call(`POST /v1/customers/${OWN}/portal-sessions`, { body: {} })).body
    expect((await api.call(`GET /v1/customers/${OWN}/balance`, { key: made.token })).status).toBe(200)
    await api.call(`DELETE /v1/customers/${OWN}/portal-sessions/${made.id}`)
    expect((await api.call(`GET /v1/customers/${OWN}/balance`, { key: made.token })).body).toMatchObject({ status: 401, code: 'invalid_api_key' })
  })
})

describe('a role of the operator', () => {
  test('reads everything but what people wrote, and writes what the table of roles says', async () => {
    for (const role of ['viewer', 'support', 'finance'] as const) {
      const key = await api.key([role])
      for (const operation of Object.keys(HANDLED) as HandledOperation[]) {
        const answer = await attempt(operation, key, 'cus_nobody')
        const may = scopesOf(operation, ROUTES[operation]).includes(role)
        expect([role, operation, answer.body.code === 'wrong_scope']).toEqual([role, operation, !may])
        // What people wrote is not everybody's to read.
        if (ROUTES[operation].method === 'GET') expect([operation, may]).toEqual([operation, operation !== 'getPrompt' || role === 'support'])
      }
    }
    expect(scopesOf('addCredits', ROUTES.addCredits)).toEqual(['admin', 'finance'])
  })
})

describe('a key does only what its scopes say', () => {
  test('a customer’s key reads what is its own and writes nothing', async () => {
    for (const [operation, route] of Object.entries(HANDLED)) {
      const answer = await attempt(operation as Operation, strangersCustomerKey, OWN)
      const may = (route.access as readonly string[]).includes('customer')
      // Of a person, not of a key.
      if (operation === 'getSession') expect(answer.body.code).toBe('no_session')
      // There is none yet.
      else if (operation === 'getRequest' || operation === 'getRefundNote' || operation === 'getPaymentInvoice') expect(answer.body.code).toBe('not_found')
      else expect([operation, answer.status < 300]).toEqual([operation, may])
      if (!may) expect(answer.body.code).toBe('wrong_scope')
      if (may) expect(route.method).toBe('GET')
    }
  })

  test('a gateway key reads no report and an ingest key decides nothing that it may not', async () => {
    const gatewayKey = await api.key(['gateway'], OWN)
    const ingestKey = await api.key(['ingest'], OWN)
    for (const operation of ['getBalance', 'getUsage', 'listEntitlements', 'listEvents', 'getCustomer'] as const) {
      expect((await attempt(operation, gatewayKey, OWN)).body).toMatchObject({ status: 403, code: 'wrong_scope' })
      expect((await attempt(operation, ingestKey, OWN)).body).toMatchObject({ status: 403, code: 'wrong_scope' })
    }
    expect((await attempt('ingestEvents', gatewayKey)).body).toMatchObject({ status: 403 })
    expect((await attempt('followStream', ingestKey)).body).toMatchObject({ status: 403 })
  })

  test('every route but the public ones wants a key', async () => {
    for (const operation of operations) expect([operation, (await attempt(operation, 'tg_admin_wrong')).status]).toEqual([operation, 401])
  })

  test('the public routes tell nothing of a customer', async () => {
    for (const route of Object.values(SYSTEM)) {
      const { text } = await api.call(`GET ${route.path}`, { key: null })
      for (const secret of [...SECRETS, OTHER]) expect(text.includes(secret)).toBe(false)
      expect(/tg_[a-z]+_[\w-]{20}/.test(text)).toBe(false)
    }
    expect(Object.keys(FORWARDED)).toHaveLength(7)
  })
})
