// Credits bought on the portal, in a real browser, with a Stripe behind it whose requests are held against its published description: by a
// page of Stripe, and by the rule that buys them while nobody looks.

import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { fakeStripe, type FakeStripe } from '../stripe/fake-stripe.ts'
import { axeFindings, missingBrowser, openBrowser, settled } from './browser.ts'

const SECRET = 'whsec_buying'

describe.runIf(missingBrowser === null)('credits bought on the portal', () => {
  let tollgate: Tollgate
  let stripe: FakeStripe
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  let customer: string
  beforeAll(async () => {
    ;[tollgate, stripe, chromium] = [await startTollgate(), await fakeStripe(), await openBrowser()]
    await send('PUT', '/v1/providers/stripe', { webhook_secret: SECRET, api_key: 'sk_test_buying', api_url: stripe.url, allow_private: true })
    await send('PUT', '/v1/tax-rates/vat', { name: 'VAT', percent: '19' })
  }, 120_000)
  beforeEach(async ({ task }) => {
    customer = `cus_${task.id.replaceAll(/\W/g, '')}`
    await send('POST', '/v1/customers', { id: customer, name: 'Buyer', plan: 'prepaid' })
    await send('POST', `/v1/customers/${customer}/credits`, { amount: '1' })
  })
  afterAll(async () => {
    await chromium.close()
    await stripe.goAway()
    await tollgate.stop()
  })

  async function send(method: string, path: string, body: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${tollgate.demo.url}${path}`, { method, headers: { 'authorization': `Bearer ${tollgate.demo.admin_key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Record<string, unknown>
  }

  /** Stripe tells, as its webhooks do. */
  async function tell(id: string, type: string, object: object): Promise<number> {
    const body = JSON.stringify({ id, object: 'event', type, created: Math.floor(Date.now() / 1_000), data: { object } })
    return (await fetch(`${tollgate.demo.url}/v1/providers/stripe/webhook`, { method: 'POST', headers: { 'content-type': 'application/json', 'stripe-signature': stripe.signature(body, SECRET) }, body })).status
  }

  /** The customer's credits in its portal. */
  async function credits(body: unknown) {
    const watched = await chromium.open()
    await watched.page.goto((await send('POST', `/v1/customers/${customer}/portal-sessions`, body))['url'] as string)
    await watched.page.getByRole('tab', { name: 'Credits' }).click()
    await settled(watched.page)
    return watched
  }

  const payments = async () => (await tollgate.get<{ readonly data: readonly Record<string, string>[] }>(`/v1/customers/${customer}/payments`)).data

  test('from the button to Stripe’s page and back: tax on top is seen before, nothing is there before it is paid, and then once', async () => {
    await send('PUT', `/v1/customers/${customer}/billing-profile`, { tax: { kind: 'rates', rates: ['vat'] } })
    const { page, errors } = await credits({ admin: true })
    await page.context().route('https://checkout.stripe.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Stripe</title><h1>Pay here</h1>' }))
    await page.getByLabel('Credits in USD').fill('20')
    await page.getByText('US$23.80').waitFor()
    expect(await axeFindings(page)).toEqual([])
    const asked = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/top-ups'))
    await page.getByRole('button', { name: 'Buy', exact: true }).click()
    const back = ((await asked).postDataJSON() as { readonly success_url: string }).success_url
    await page.getByRole('heading', { name: 'Pay here' }).waitFor()
    expect(page.url()).toBe('https://checkout.stripe.example/cs_test_1')
    const [payment] = await payments()
    expect(payment).toMatchObject({ state: 'asked', credits: '20', tax: '3.8', amount: '23.8', reference: 'cs_test_1' })
    await page.goto(back)
    await page.getByRole('table', { name: 'Purchases' }).getByText('asked', { exact: true }).waitFor()
    expect(await tollgate.get(`/v1/customers/${customer}/balance`)).toMatchObject({ balance: '1' })
    const session = { id: 'cs_test_1', object: 'checkout.session', payment_status: 'paid', amount_total: 2_380, currency: 'usd', customer: 'cus_new', payment_intent: 'pi_page', metadata: { tollgate_customer: customer, tollgate_payment: payment!['id'] } }
    expect([await tell('evt_paid', 'checkout.session.completed', session), await tell('evt_paid', 'checkout.session.completed', session), await tell('evt_paid_again', 'checkout.session.completed', session)]).toEqual([200, 200, 200])
    // Live: nobody loads the page anew.
    await page.getByText('US$21.00').first().waitFor()
    await page.getByText('succeeded', { exact: true }).first().waitFor()
    await pause(500)
    expect(await tollgate.get(`/v1/customers/${customer}/balance`)).toMatchObject({ balance: '21' })
    expect(errors).toEqual([])
  }, 60_000)

  test('who only reads sees what credits cost, and no button that buys', async () => {
    const { page } = await credits({})
    await page.getByLabel('Credits in USD').fill('20')
    await page.getByText('US$20.00').first().waitFor()
    expect(await page.getByRole('button', { name: /Buy|Switch on/ }).count()).toBe(0)
  })

  test('a rule that is switched on buys by the saved card while the balance is low, once, and nothing more when it is switched off', async () => {
    await send('POST', `/v1/customers/${customer}/provider-links`, { provider: 'stripe', external_id: 'cus_stripe_rule' })
    const { page, errors } = await credits({ admin: true })
    await page.getByRole('button', { name: 'Switch on …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.waitFor()
    expect(await axeFindings(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Switch on', exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('US$51.00').first().waitFor({ timeout: 20_000 })
    await page.getByText('filled by itself').waitFor()
    await page.getByRole('button', { name: 'Switch off' }).click()
    await page.getByText(/^Off: when the credits/).waitFor()
    await pause(1_500)
    expect(stripe.payments.filter(({ metadata }) => metadata['tollgate_customer'] === customer)).toMatchObject([{ amount: 5_000, currency: 'usd' }])
    expect(await tollgate.get(`/v1/customers/${customer}/balance`)).toMatchObject({ balance: '51' })
    expect(errors).toEqual([])
  }, 60_000)
})
