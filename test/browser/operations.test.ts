// The pages of operations in a real browser: what a billing provider sent stops with a reason, is replayed when it can be read, and every
// change can be found and saved.

import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { missingBrowser, openBrowser, openConsole } from './browser.ts'

const SECRET = 'whsec_pages'

describe.runIf(missingBrowser === null)('operations', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    await tollgate.stop()
  })

  const open = (path: string) => openConsole(chromium, tollgate.demo, path)
  const send = async (method: string, path: string, body: unknown) => {
    const answer = await fetch(`${tollgate.demo.url}${path}`, { method, headers: { 'authorization': `Bearer ${tollgate.demo.admin_key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
    expect(answer.ok, `${method} ${path}`).toBe(true)
  }
  /** As Stripe sends it. */
  const stripeSends = async (event: object) => {
    const body = JSON.stringify({ object: 'event', api_version: '2026-09-30', livemode: false, ...event })
    const at = Math.floor(Date.now() / 1_000)
    const signature = `t=${at},v1=${createHmac('sha256', SECRET).update(`${at}.${body}`).digest('hex')}`
    expect((await fetch(`${tollgate.demo.url}/v1/providers/stripe/webhook`, { method: 'POST', headers: { 'content-type': 'application/json', 'stripe-signature': signature }, body })).status).toBe(200)
  }

  test('a message that cannot be read stops with its reason, alerts, and is done when it is replayed after the catalog names its price', async () => {
    const { page, errors } = await open('operations/providers')
    // Each provider is loaded by itself: the first button is Stripe's when all are there.
    await page.getByRole('button', { name: 'Set up' }).nth(2).waitFor()
    await page.getByRole('button', { name: 'Set up' }).first().click()
    await page.getByLabel('Signing secret of the endpoint').fill(SECRET)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('webhooks verified').waitFor()
    const created = Math.floor(Date.now() / 1_000)
    const item = { id: 'si_1', object: 'subscription_item', price: { id: 'price_pages', object: 'price', product: 'prod_pages' }, quantity: 1, current_period_start: created, current_period_end: created + 2_592_000 }
    await stripeSends({
      id: 'evt_pages', type: 'customer.subscription.created', created,
      data: { object: { id: 'sub_pages', object: 'subscription', customer: 'cus_stripe', status: 'active', created, start_date: created, trial_end: null, cancel_at: null, cancel_at_period_end: false, pause_collection: null, metadata: { tollgate_customer: tollgate.demo.customer }, items: { object: 'list', data: [item] } } },
    })
    const row = page.getByRole('row').filter({ hasText: 'customer.subscription.created' })
    await row.getByText('stopped').waitFor()
    await row.getByText(/no plan or add-on of the catalog names/).waitFor()
    await row.getByRole('button', { name: 'customer.subscription.created' }).click()
    await page.getByRole('dialog').getByText('"sub_pages"').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Alerts' }).click()
    await page.getByText('Provider message stopped').waitFor()
    const { source } = await tollgate.get<{ readonly source: string }>('/v1/catalog')
    await send('PUT', '/v1/catalog', { source: source.replace('- id: hybrid\n', '- id: hybrid\n    providers: { stripe: [price_pages] }\n') })
    await page.getByRole('link', { name: 'Billing providers' }).click()
    await row.getByRole('button', { name: 'Replay evt_pages' }).click()
    await row.getByText('done').waitFor()
    expect(await tollgate.get(`/v1/customers/${tollgate.demo.customer}`)).toMatchObject({ plan: 'hybrid' })
    expect(errors).toEqual([])
  }, 60_000)

  test('the audit log is filtered by action, and the file of the filter holds just that', async () => {
    const { page } = await open('operations/audit')
    await page.getByRole('cell', { name: 'Credits added' }).first().waitFor()
    await page.getByRole('searchbox', { name: 'Action' }).fill('catalog')
    await page.getByRole('cell', { name: 'Credits added' }).first().waitFor({ state: 'detached' })
    await page.getByRole('cell', { name: 'Catalog published' }).first().waitFor()
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'as JSON lines' }).click()])
    const lines = await file.createReadStream().then(async (stream) => { let text = ''; for await (const chunk of stream) text += String(chunk); return text.trim().split('\n') })
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect((JSON.parse(line) as { readonly action: string }).action).toMatch(/^catalog\./)
  })

  test('jobs show their last run without a reload', async () => {
    const { page } = await open('operations/jobs')
    const runs = page.getByRole('row').filter({ hasText: 'run-due-subscriptions' }).getByRole('cell').nth(4)
    const before = Number((await runs.innerText()).replaceAll(',', ''))
    await expect.poll(async () => Number((await runs.innerText()).replaceAll(',', '')), { timeout: 15_000 }).toBeGreaterThan(before)
  }, 30_000)
})
