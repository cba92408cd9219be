// Mail to people, by a real SMTP server: nobody is mailed who did not say yes, everybody who did is told once, and what a server does not take
// is tried again within bounds.

import type { AddressInfo } from 'node:net'
import { simpleParser, type ParsedMail } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { instant, LANGUAGES, type CustomerId } from '@tollgate/core'
import { testApi, type TestApi } from '../../../../../test/api.ts'
import { virtualClock, type VirtualClock } from '../../platform/clock.ts'
import { createLowBalanceNotifier } from '../wallets/notices.ts'
import { assertAddress } from './address.ts'
import { deliverMail, forgetMails, MAIL_RETRY_MS } from './deliver.ts'
import { queueMail } from './queue.ts'
import { WORDS } from './words.ts'

const DAY = 86_400_000
const got: ParsedMail[] = []
/** What the server says to an address; null takes it. */
let refusal: { readonly at: 'address' | 'data'; readonly code: number } | null = null
let users: unknown[] = []
let smtp: SMTPServer
let api: TestApi
let clock: VirtualClock
let port = 0

beforeAll(async () => {
  const refuse = (code: number) => Object.assign(new Error('not here'), { responseCode: code })
  smtp = new SMTPServer({
    authOptional: true, allowInsecureAuth: true, logger: false,
    onAuth: ({ username, password }, _session, done) => {
      users.push({ user: username, pass: password })
      if (password === 'right') done(null, { user: username ?? '' })
      else done(refuse(535))
    },
    onRcptTo: (_address, _session, done) => done(refusal?.at === 'address' ? refuse(refusal.code) : null),
    onData: (stream, _session, done) => {
      const read = async () => {
        const mail = await simpleParser(stream)
        if (refusal?.at !== 'data') got.push(mail)
        done(refusal?.at === 'data' ? refuse(refusal.code) : null)
      }
      void read()
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  port = (smtp.server.address() as AddressInfo).port
  clock = virtualClock(instant(Date.now()))
  api = await testApi({ clock })
})
afterAll(async () => {
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
  await api.close()
})
beforeEach(async () => {
  refusal = null
  users = []
  await serve()
  await turn()
  got.length = 0
})

const serve = (more: object = {}) => api.call('PUT /v1/mail-server', { body: { host: '127.0.0.1', port, security: 'none', sender: 'Billing <billing@example.com>', ...more } })
async function turn(): Promise<void> {
  const { sql } = api.world.plane
  await expect.poll(async () => (await sql<{ visible: boolean }[]>`select not exists (select 1 from outbox where tx >= pg_snapshot_xmin(pg_current_snapshot())) as visible`)[0]!.visible, { timeout: 20_000 }).toBe(true)
  await Promise.all([queueMail(api.world.plane), queueMail(api.world.plane)])
  while ((await deliverMail(api.world.plane)) > 0);
}

let count = 0
async function living(more: object = {}): Promise<CustomerId> {
  const customer = `cus_mail${(count += 1)}` as CustomerId
  await api.call('POST /v1/customers', { body: { id: customer, name: 'Acme Inc.', plan: 'prepaid', ...more } })
  await api.call(`POST /v1/customers/${customer}/credits`, { body: { amount: '100' } })
  return customer
}
const add = async (customer: string, email: string, more: object = {}, key?: string) => api.call(`POST /v1/customers/${customer}/alert-recipients`, { body: { email, budgets: ['cap:ours'], ...more }, ...(key === undefined ? {} : { key }) })
const cap = (customer: string, limit: string, more: object = {}) => api.call(`PUT /v1/customers/${customer}/budgets/ours`, { body: { name: 'Our cap', limit, window: 'month', ...more } })
/** Output tokens cost 0.03 a thousand, and the first two thousand nothing. */
const use = async (customer: string, dollars: number) => {
  const answer = await api.call('POST /v1/events', { body: { specversion: '1.0', source: 'mail', id: `m${(count += 1)}`, subject: customer, type: 'ai.request', data: { feature: 'chat', model: 'm', output_tokens: Math.round((dollars * 1_000) / PRICE) } } })
  expect(answer.status, answer.text).toBe(200)
}
const PRICE = 0.03
const linkOf = (mail: ParsedMail, act: string) => new RegExp(`#${act}=(\\S+)`).exec(mail.text ?? '')![1]!
const follow = (act: string, token: string) => api.call(`POST /v1/alert-recipients/${act}`, { key: null, body: { token } })
const stateOf = async (customer: string) => (await api.call(`GET /v1/customers/${customer}/alert-recipients`)).body.data.map(({ state }: { state: string }) => state)

async function confirmed(customer: string, email: string, more: object = {}): Promise<void> {
  expect((await add(customer, email, more)).status).toBe(201)
  await turn()
  expect((await follow('confirm', linkOf(got.at(-1)!, 'confirm'))).status).toBe(200)
  got.length = 0
}

test('an address is asked once and told of nothing before it says yes; then each share once a period', async () => {
  const customer = await living()
  await add(customer, 'ada@example.com', { shares: [80, 100] })
  await cap(customer, '10')
  await turn()
  expect(got.map(({ subject }) => subject)).toEqual(['Do you want alerts for Acme Inc.?'])
  await use(customer, 6)
  await turn()
  expect(got).toHaveLength(1)
  expect((await follow('confirm', linkOf(got[0]!, 'confirm'))).body).toEqual({ email: 'ada@example.com', customer_name: 'Acme Inc.' })
  await use(customer, 2.5)
  await turn()
  await turn()
  expect(got.map(({ subject }) => subject).slice(1)).toEqual(['80% of “Our cap” is used (Acme Inc.)'])
  expect(got[1]!.text).toMatch(/Acme Inc. has used 80% of “Our cap”: \$8\.44 of \$10\.00/)
  expect(got[1]!.to).toMatchObject({ text: 'ada@example.com' })
  expect(got[1]!.from).toMatchObject({ text: '"Billing" <billing@example.com>' })
  await use(customer, 2)
  await turn()
  expect(got.map(({ subject }) => subject).slice(2)).toEqual(['100% of “Our cap” is used (Acme Inc.)'])
})

test('a charge that passes several shares is told once, with the highest; each person at its own shares and budgets', async () => {
  const customer = await living()
  await confirmed(customer, 'all@example.com')
  await confirmed(customer, 'half@example.com', { shares: [50] })
  await confirmed(customer, 'else@example.com', { budgets: ['cap:other'] })
  await cap(customer, '10')
  await use(customer, 10.5)
  await turn()
  expect(got.map(({ to, subject }) => `${(to as { text: string }).text} ${subject}`).toSorted()).toEqual(['all@example.com 100% of “Our cap” is used (Acme Inc.)', 'half@example.com 50% of “Our cap” is used (Acme Inc.)'])
})

test('a mail speaks the language, forms and zone of whom it goes to', async () => {
  const customer = await living({ locale: 'de-DE', time_zone: 'Europe/Berlin' })
  await confirmed(customer, 'grete@example.com')
  await confirmed(customer, 'claire@example.com', { locale: 'fr' })
  await cap(customer, '10')
  await use(customer, 9)
  await turn()
  const text = (part: string) => got.find(({ to }) => (to as { text: string }).text.startsWith(part))!
  expect(text('grete').subject).toMatch(/^80\s%\svon „Our cap“ verbraucht/)
  expect(text('grete').text).toMatch(/8,94\s\$ von 10,00\s\$\.\nDer Zähler beginnt neu am 1\. \S+ \d{4} um 00:00 \(Europe\/Berlin\)/)
  expect(text('grete').headers.get('content-language')).toBe('de')
  expect(text('claire').text).toMatch(/a utilisé 80\s% de « Our cap » : 8,94\s\$US sur 10,00\s\$US/)
})

test('credits that run low are told to who wants that', async () => {
  const customer = await living()
  await confirmed(customer, 'purse@example.com', { shares: [] })
  await confirmed(customer, 'caps@example.com', { credits: false })
  await api.call(`PUT /v1/customers/${customer}/wallets/USD/notices`, { body: { low_balance: ['95'], expiry_days: [] } })
  await use(customer, 6)
  await createLowBalanceNotifier()(api.world.plane)
  await turn()
  expect(got.map(({ to, subject }) => `${(to as { text: string }).text} ${subject}`)).toEqual([expect.stringMatching(/^purse@example\.com \$94\.06 of credits left/)])
  expect(got[0]!.text).toContain('http://localhost/top-up')
})

test('the link of a mail ends them, by a page or by the mail program’s button; only a new question brings them back', async () => {
  const customer = await living()
  await confirmed(customer, 'leaves@example.com')
  await cap(customer, '10')
  await use(customer, 5.1)
  await turn()
  const [mail] = got
  expect(mail!.headers.get('list')).toMatchObject({ unsubscribe: { url: expect.stringContaining('/v1/alert-recipients/one-click?token=alr_') } })
  const old = linkOf(mail!, 'leave')
  const oneClick = new URL((mail!.headers.get('list') as unknown as { unsubscribe: { url: string } }).unsubscribe.url)
  expect((await api.call(`POST ${oneClick.pathname}${oneClick.search}`, { key: null, raw: 'List-Unsubscribe=One-Click', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status).toBe(200)
  expect([await stateOf(customer), (await follow('leave', old)).status]).toEqual([['left'], 200])
  await use(customer, 4)
  await turn()
  expect(got).toHaveLength(1)
  await add(customer, 'Leaves@example.com')
  expect(await stateOf(customer)).toEqual(['waiting'])
})

test('a link proves one thing for one address, for seven days, and ends with a newer question', async () => {
  const customer = await living()
  await add(customer, 'slow@example.com')
  await turn()
  const first = linkOf(got.at(-1)!, 'confirm')
  for (const token of [first.slice(0, -1) + (first.endsWith('A') ? 'B' : 'A'), first.replace(/^alr_\w/, 'alr_x'), 'nothing', '']) expect((await follow('confirm', token)).status).toBeGreaterThanOrEqual(400)
  expect((await follow('leave', first)).body.code).toBe('link_ended')
  clock.advance(1_000)
  const id = (await api.call(`GET /v1/customers/${customer}/alert-recipients`)).body.data[0].id
  await api.call(`POST /v1/customers/${customer}/alert-recipients/${id}/ask`)
  await turn()
  expect((await follow('confirm', first)).body.code).toBe('link_ended')
  const second = linkOf(got.at(-1)!, 'confirm')
  clock.advance(8 * DAY)
  expect((await follow('confirm', second)).body.code).toBe('link_ended')
  expect(await stateOf(customer)).toEqual(['waiting'])
})

test('nobody is mailed by strangers: three questions a day to an address whoever asks, and thirty of a customer', async () => {
  const asked = await Promise.all(Array.from({ length: 5 }, async () => (await add(await living(), 'victim@example.com')).status))
  expect(asked.filter((status) => status === 201)).toHaveLength(3)
  await turn()
  const after = await add(await living(), 'Victim@Example.com')
  expect(after.body).toMatchObject({ status: 429, code: 'too_many_asks' })
  const customer = await living()
  const statuses: number[] = []
  for (let index = 0; index < 34; index += 1) {
    const answer = await add(customer, `p${index}@example.com`)
    statuses.push(answer.status)
    if (answer.status === 201) await api.call(`DELETE /v1/customers/${customer}/alert-recipients/${answer.body.id}`)
  }
  expect(statuses.filter((status) => status === 201)).toHaveLength(30)
  clock.advance(DAY + 1)
  expect((await add(customer, 'later@example.com')).status).toBe(201)
})

test.each(['', 'a', 'a@b', 'a@b.c, d@e.f', 'Ada <ada@example.com>', 'a\r\nBcc: x@example.com', '"a b"@example.com', '.a@example.com', 'a..b@example.com', `${'x'.repeat(65)}@example.com`, 'a@-x.com', 'a@[127.0.0.1]'])('%j is no address', (text) => {
  expect(() => assertAddress(text, 'email')).toThrow(/no address of mail/)
})

test('what a tenant writes breaks out of no header', async () => {
  const customer = await living({ name: 'Acme' })
  await confirmed(customer, 'header@example.com')
  await cap(customer, '10', { name: 'x  Bcc: victim@example.com <script>' })
  await use(customer, 5.1)
  await turn()
  expect([got.length, got[0]!.bcc, (got[0]!.to as { text: string }).text, got[0]!.subject]).toEqual([1, undefined, 'header@example.com', '50% of “x  Bcc: victim@example.com <script>” is used (Acme)'])
})

test('what is not taken now is tried again within bounds, and given up after them', async () => {
  const customer = await living()
  await confirmed(customer, 'busy@example.com')
  await cap(customer, '10')
  refusal = { at: 'data', code: 451 }
  await use(customer, 5.1)
  await turn()
  for (const delay of MAIL_RETRY_MS.slice(0, 2)) {
    clock.advance(delay + 1)
    await turn()
  }
  expect((await api.call('GET /v1/mail-server')).body).toMatchObject({ waiting: 1, last_error: expect.stringContaining('451') })
  refusal = null
  clock.advance(MAIL_RETRY_MS[2]! + 1)
  await turn()
  expect([got.length, await stateOf(customer)]).toEqual([1, ['confirmed']])
  refusal = { at: 'data', code: 451 }
  await use(customer, 3.1)
  await turn()
  for (const delay of MAIL_RETRY_MS) {
    clock.advance(delay + 1)
    await turn()
  }
  expect((await api.call('GET /v1/mail-server')).body).toMatchObject({ waiting: 0, failed: 1 })
})

test('a mailbox that refuses for good gets nothing more, and its people see why', async () => {
  const customer = await living()
  await confirmed(customer, 'gone@example.com')
  await cap(customer, '10')
  refusal = { at: 'address', code: 550 }
  await use(customer, 5.1)
  await turn()
  expect((await api.call(`GET /v1/customers/${customer}/alert-recipients`)).body.data).toMatchObject([{ state: 'refused', reason: expect.stringContaining('550') }])
})

test('the password is sealed, never answered, kept when another thing is set, and goes over TLS only', async () => {
  await serve({ username: 'billing', password: 'right' })
  await serve({ username: 'billing' })
  const shown = await api.call('GET /v1/mail-server')
  expect([shown.body.has_password, shown.text.includes('right')]).toEqual([true, false])
  const [row] = await api.world.plane.sql<{ sealed: string }[]>`select password_sealed as sealed from mail_server`
  expect(row!.sealed).not.toContain('right')
  expect((await api.call('POST /v1/mail-server/test', { body: { to: 'operator@example.com' } })).body).toEqual({ taken: true, reason: null })
  expect([users, got.at(-1)!.subject]).toEqual([[{ user: 'billing', pass: 'right' }], WORDS.en.test.subject])
  expect((await api.call('PUT /v1/mail-server', { body: { host: 'smtp.example.com', port: 25, security: 'none', username: 'billing', password: 'x', sender: 'a@example.com' } })).body).toMatchObject({ status: 400, field: 'security' })
  users = []
  // The certificate is nobody's: nothing is said to such a server, a password least of all.
  await serve({ security: 'starttls', username: 'billing' })
  expect((await api.call('POST /v1/mail-server/test', { body: { to: 'operator@example.com' } })).body).toMatchObject({ taken: false, reason: expect.stringMatching(/self-signed|certificate/i) })
  expect(users).toEqual([])
  await api.call('PUT /v1/mail-server', { body: { host: '127.0.0.1', port, security: 'none', username: 'billing', password: 'wrong', sender: 'a@example.com' } })
  expect((await api.call('POST /v1/mail-server/test', { body: { to: 'operator@example.com' } })).body).toMatchObject({ taken: false, reason: expect.stringContaining('535') })
})

test('without a mail server nobody is asked, and what happened meanwhile is not told later', async () => {
  const customer = await living()
  await confirmed(customer, 'quiet@example.com')
  await api.call('DELETE /v1/mail-server')
  expect((await add(customer, 'new@example.com')).body).toMatchObject({ status: 409, code: 'mail_not_set' })
  expect((await api.call(`GET /v1/customers/${customer}/alert-recipients`)).body.sends_mail).toBe(false)
  await cap(customer, '10')
  await use(customer, 5.1)
  await turn()
  await serve()
  await turn()
  expect(got).toEqual([])
})

test('only an administrator of the tenant sees and changes the list, and only its own', async () => {
  const [own, other] = [await living(), await living()]
  const { id } = (await add(other, 'secret@example.com')).body
  const token = async (admin: boolean) => (await api.call(`POST /v1/customers/${own}/portal-sessions`, { body: { admin } })).body.token
  expect((await api.call(`GET /v1/customers/${own}/alert-recipients`, { key: await token(false) })).body.code).toBe('wrong_scope')
  const admin = await token(true)
  expect((await add(own, 'mine@example.com', {}, admin)).status).toBe(201)
  for (const target of [`GET /v1/customers/${other}/alert-recipients`, `DELETE /v1/customers/${other}/alert-recipients/${id}`, `DELETE /v1/customers/${own}/alert-recipients/${id}`, `POST /v1/customers/${own}/alert-recipients/${id}/ask`]) {
    const answer = await api.call(target, { key: admin })
    expect([target, answer.status, answer.text.includes('secret@example.com')]).toEqual([target, 404, false])
  }
})

test('every language says everything, with the same gaps', () => {
  const facts = { customer: '‹customer›', link: '‹link›', percent: '‹percent›', budget: '‹budget›', used: '‹used›', limit: '‹limit›', balance: '‹balance›', threshold: '‹threshold›', amount: '‹amount›', time: '‹time›' }
  const said = (words: object): string[] => Object.values(words).flatMap((word: unknown) => (typeof word === 'string' ? [word] : typeof word === 'function' ? [String((word as (facts: unknown) => string)(word.length === 1 && !/\{/.test(String(word).slice(0, 12)) ? '‹one›' : facts))] : said(word as object)))
  const gaps = (text: string) => [...text.matchAll(/‹\w+›/g)].map(String).toSorted()
  const english = said(WORDS.en)
  for (const language of LANGUAGES) {
    const texts = said(WORDS[language])
    expect(texts.map(gaps)).toEqual(english.map(gaps))
    if (language !== 'en') for (const [index, text] of texts.entries()) expect(text).not.toBe(english[index])
  }
})

test('old mails are forgotten', async () => {
  clock.advance(60 * DAY)
  await forgetMails(api.world.plane)
  expect((await api.world.plane.sql`select 1 from mail where state <> 'waiting'`).length).toBe(0)
})
