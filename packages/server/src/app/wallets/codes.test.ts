// Redemption codes: limits under parallel redemptions, guesses, what is stored of them, and what they give. And the command that makes them.

import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatInstant, instant } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import { registerCodesCommands } from '../../cli/codes.ts'
import { virtualClock, type VirtualClock } from '../../platform/clock.ts'

const CATALOG = `
currency: USD
features: [{ id: chat, name: Chat, kind: metered }]
meters: [{ id: tokens, unit: token, event_type: ai.request, properties: [tokens] }]
credit_assets: [{ id: credits, name: Compute credits, currency: USD, value: 0.02 }]
plans:
  - { id: prepaid, name: Prepaid, entitlements: [chat], allowances: [{ id: free, meters: [tokens], quantity: 100 }], prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [allowance, wallet] }
  - { id: pro, name: Pro, fee: 30, entitlements: [chat], allowances: [{ id: free, meters: [tokens], quantity: 1000 }], prices: [{ id: pro_tokens, meter: tokens, model: per_unit, amount: 0.01 }], funding: [allowance, wallet] }
  - { id: credit, name: Credit, asset: credits, entitlements: [chat], prices: [{ id: credit_tokens, meter: tokens, model: per_unit, amount: 1 }], funding: [wallet] }
add_ons: [{ id: more, fee: 5, quantity_max: 5, allowances: [{ id: free, quantity: 500 }] }]
gateway: { feature: chat }
`
const CREDITS = { kind: 'credits', amount: '10', asset: 'USD', days: 90 }

let api: TestApi
let clock: VirtualClock
beforeAll(async () => {
  clock = virtualClock(instant(Date.now()))
  api = await testApi({ catalog: CATALOG, clock, max: 20 })
})
afterAll(() => api.close())

let count = 0
async function living(plan = 'prepaid'): Promise<string> {
  const customer = `cus_r${(count += 1)}`
  await api.call('POST /v1/customers', { body: { id: customer, name: 'R', plan } })
  return customer
}
async function make(body: object): Promise<{ readonly batch: string; readonly codes: readonly string[] }> {
  const made = await api.call('POST /v1/code-batches', { body: { name: 'Launch', ...body } })
  expect(made.status, made.text).toBe(201)
  return { batch: made.body.batch.id, codes: made.body.codes }
}
const redeem = (customer: string, code: string, more: { readonly key?: string; readonly headers?: Record<string, string> } = {}) => api.call(`POST /v1/customers/${customer}/redemptions`, { ...more, body: { code } })
const balance = async (customer: string) => (await api.call(`GET /v1/customers/${customer}/balance`)).body

test('a code gives credits once, however it is typed, and is stored as a keyed hash only', async () => {
  const customer = await living()
  const { codes } = await make({ grants: CREDITS, count: 3 })
  expect(codes.every((code) => /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}$/.test(code)) && new Set(codes).size === 3).toBe(true)
  const typed = codes[0]!.toLowerCase().replaceAll('-', ' ')
  expect((await redeem(customer, typed)).body).toMatchObject({ name: 'Launch', given: { kind: 'credits', amount: '10', asset: 'USD' } })
  expect(await balance(customer)).toMatchObject({ balance: '10', blocks: [{ category: 'promotional', expires_at: formatInstant(instant(clock.now() + 90 * 86_400_000)) }] })
  expect(await redeem(await living(), codes[0]!)).toMatchObject({ status: 409, body: { code: 'code_refused', detail: expect.stringContaining('as often as it may be') } })
  const { sql } = api.world.plane
  const dump = (await sql<{ row: string }[]>`select to_jsonb(c)::text as row from code c union all select to_jsonb(r)::text from code_redemption r union all select to_jsonb(a)::text from audit_entry a union all select payload::text from outbox`).map(({ row }) => row).join(' ')
  expect(codes.some((code) => dump.includes(code) || dump.includes(code.replaceAll('-', '')))).toBe(false)
})

test('forty redemptions of one code at once by twenty customers stay within both limits', async () => {
  const customers = await Promise.all(Array.from({ length: 20 }, () => living()))
  const { codes, batch } = await make({ grants: CREDITS, codes: ['WELCOME-2027'], redemptions_max: 7, per_customer_max: 1 })
  const answers = await Promise.all([...customers, ...customers].map((customer) => redeem(customer, codes[0]!)))
  expect(answers.filter(({ status }) => status === 201).length).toBe(7)
  const given = (await api.call(`GET /v1/code-batches/${batch}/redemptions`)).body.data
  expect(new Set(given.map((one: { customer: string }) => one.customer)).size).toBe(7)
  const balances = await Promise.all(customers.map(async (customer) => Number((await balance(customer)).balance)))
  expect(balances.reduce((sum, one) => sum + one, 0)).toBe(70)
})

test('who guesses is stopped after twenty tries in an hour, and a real code waits for the next', async () => {
  const [customer, other] = [await living(), await living()]
  const { codes } = await make({ grants: CREDITS, codes: ['SUMMER27'], redemptions_max: null })
  for (let tries = 0; tries < 20; tries += 1) expect((await redeem(customer, `SUMMER${tries + 100}`)).body.code).toBe('unknown_code')
  expect(await redeem(customer, codes[0]!)).toMatchObject({ status: 429, body: { code: 'too_many_codes' } })
  expect((await redeem(other, codes[0]!)).status).toBe(201)
  clock.advance(3_600_000)
  expect((await redeem(customer, codes[0]!)).status).toBe(201)
})

test('a code changes the plan or adds to the add-ons at once; one that cannot is not spent', async () => {
  const customer = await living()
  const [plan, addOn] = [await make({ grants: { kind: 'plan', plan: 'pro' } }), await make({ grants: { kind: 'add_on', add_on: 'more', quantity: 2 }, redemptions_max: null, per_customer_max: 2 })]
  expect((await redeem(customer, plan.codes[0]!)).body.given).toEqual({ kind: 'plan', plan: 'pro' })
  await redeem(customer, addOn.codes[0]!)
  await redeem(customer, addOn.codes[0]!)
  expect((await api.call(`GET /v1/customers/${customer}/subscription`)).body).toMatchObject({ plan: 'pro', add_ons: [{ id: 'more', quantity: 4 }] })
  // A fifth and a sixth unit are one more than there may be.
  const again = await make({ grants: { kind: 'add_on', add_on: 'more', quantity: 2 } })
  expect((await redeem(customer, again.codes[0]!)).status).toBe(400)
  expect((await redeem(await living(), again.codes[0]!)).status).toBe(201)
})

test('credits of an asset that the plan is not priced in are in the wallet all the same', async () => {
  const customer = await living()
  await redeem(customer, (await make({ grants: { kind: 'credits', amount: '500', asset: 'credits' } })).codes[0]!)
  expect(await balance(customer)).toMatchObject({ currency: 'USD', balance: '0', wallets: [{ asset: 'USD', balance: '0', pays: true }, { asset: 'credits', name: 'Compute credits', balance: '500', pays: false }], blocks: [{ asset: 'credits', remaining: '500' }] })
})

test('not yet, not any more, ended, and the same call twice', async () => {
  const customer = await living()
  const early = await make({ grants: CREDITS, starts_at: formatInstant(instant(clock.now() + 60_000)) })
  const late = await make({ grants: CREDITS, expires_at: formatInstant(instant(clock.now() + 60_000)) })
  const ended = await make({ grants: CREDITS })
  await api.call(`DELETE /v1/code-batches/${ended.batch}`)
  expect((await redeem(customer, early.codes[0]!)).body.detail).toContain('from')
  expect((await redeem(customer, ended.codes[0]!)).body.detail).toContain('any more')
  clock.advance(60_000)
  expect((await redeem(customer, late.codes[0]!)).body.detail).toContain('expired')
  const headers = { 'idempotency-key': 'once' }
  const [first, second] = [await redeem(customer, early.codes[0]!, { headers }), await redeem(customer, early.codes[0]!, { headers })]
  expect([first.status, second.body.id]).toEqual([201, first.body.id])
  expect((await balance(customer)).balance).toBe('10')
})

test('a tenant’s administrator redeems for its own customer only, and sees no batches', async () => {
  const [own, other] = [await living(), await living()]
  const [admin, reader] = [await api.key(['customer', 'tenant_admin'], own as never), await api.key(['customer'], own as never)]
  const { codes } = await make({ grants: CREDITS, count: 2, per_customer_max: 2 })
  expect((await redeem(other, codes[0]!, { key: admin })).status).toBe(404)
  expect((await redeem(own, codes[0]!, { key: reader })).status).toBe(403)
  expect((await redeem(own, codes[0]!, { key: admin })).status).toBe(201)
  expect((await api.call(`GET /v1/customers/${own}/redemptions`, { key: reader })).body.data.length).toBe(1)
  expect((await api.call('GET /v1/code-batches', { key: admin })).status).toBe(403)
  expect((await api.call('POST /v1/code-batches', { key: admin, body: { name: 'Mine', grants: CREDITS } })).status).toBe(403)
})

test('`tollgate codes` makes a batch on standard output, lists it and ends it', async () => {
  const url = await api.listen()
  const run = async (...args: string[]) => {
    const texts = { out: '', err: '' }
    const stream = (name: 'out' | 'err') => new PassThrough().on('data', (chunk: Buffer) => void (texts[name] += chunk))
    const program = new Command('tollgate').exitOverride()
    registerCodesCommands(program, { env: { TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: api.admin, NO_COLOR: '1' }, stdin: new PassThrough(), stdout: stream('out'), stderr: stream('err'), setExitCode: () => undefined })
    await program.parseAsync(args, { from: 'user' })
    return texts
  }
  const made = await run('codes', 'create', '--name', 'Fair', '--credits', '5', '--asset', 'USD', '--count', '4')
  expect(made.err).toContain('4 codes of batch cbt_')
  const codes = made.out.trim().split('\n')
  expect(codes.length).toBe(4)
  expect((await redeem(await living(), codes[3]!)).status).toBe(201)
  const listed = JSON.parse((await run('codes', 'list', '--json')).out) as { id: string; name: string; redemptions: number }[]
  const batch = listed.find(({ name }) => name === 'Fair')!
  expect(batch).toMatchObject({ redemptions: 1 })
  expect((await run('codes', 'end', batch.id)).out).toContain('any more')
  expect((await run('codes', 'create', '--name', 'Bad', '--credits', '5', '--plan', 'pro')).err).toContain('one of --credits, --plan and --add-on')
})
