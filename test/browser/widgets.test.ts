// The widgets on a page of somebody else: the example of the docs as it stands there, under a policy without anything inline, and read only by
// the origins that a session allows.

import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser } from './browser.ts'

const [EXAMPLE] = /```html\n(<script[\s\S]*?)```/.exec(readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'guides', 'widgets.md'), 'utf8'))!.slice(1) as [string]

describe.runIf(missingBrowser === null)('widgets', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  let host: Server
  let origin: string
  let body = ''
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
    host = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': `default-src 'none'; script-src ${tollgate.demo.url}; connect-src ${tollgate.demo.url}; frame-src ${tollgate.demo.url}` }).end(`<!doctype html><html lang="en"><head><title>Host</title></head><body><main><h1>Host</h1>${body}</main></body></html>`))
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
    // Past the included tokens, and a payment is late.
    await tollgate.post(`/v1/customers/${tollgate.demo.customer}/credits`, { amount: '1.00' })
    for (let index = 0; index < 10; index += 1) await tollgate.client({ maxRetries: 0 }).chat.completions.create({ model: 'sandbox-small', max_tokens: 300, messages: [{ role: 'user', content: 'Say hello' }] })
    await tollgate.post(`/v1/customers/${tollgate.demo.customer}/subscription/facts`, { kind: 'payment_failed', reason: 'the card was declined' })
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    host.close()
    await tollgate.stop()
  })

  const session = async (origins: readonly string[]) => (await (await tollgate.post(`/v1/customers/${tollgate.demo.customer}/portal-sessions`, { allowed_origins: origins })).json()) as { readonly token: string; readonly url: string }
  const example = (token: string) => EXAMPLE.replaceAll('https://tollgate.example.com', tollgate.demo.url).replaceAll('cus_acme', tollgate.demo.customer).replaceAll('tg_portal_…', token)

  test.each(['light', 'dark'] as const)('the example of the docs works as it stands, %s, in the language that each is given', async (scheme) => {
    body = example((await session([origin])).token)
    const { page, errors } = await chromium.open({ scheme, width: 390 })
    await page.goto(origin)
    const table = page.locator('tollgate-pricing-table')
    await table.getByText('Enthalten', { exact: true }).first().waitFor()
    await table.getByText('Ihr Tarif').waitFor()
    await table.getByText(/0,03\s\$ je 1\.000/).first().waitFor()
    await page.locator('tollgate-usage-nudge').getByText(/^\d+% of Included tokens used$/).waitFor()
    await page.locator('tollgate-grace-banner').getByText('A payment is late').waitFor()
    await page.locator('tollgate-grace-banner').getByRole('link', { name: 'Pay', exact: true }).waitFor()
    expect(await page.locator('tollgate-grace-banner').getByRole('status').innerText()).not.toContain('http')
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0)
    expect(await axeFindings(page)).toEqual([])
    expect(errors).toEqual([])
  })

  test('a button of the pricing table tells the plan, and a refusal is shown as text whoever wrote it', async () => {
    body = example((await session([origin])).token)
    const { page } = await chromium.open()
    await page.goto(origin)
    const chosen = page.evaluate(`new Promise((resolve) => addEventListener('tollgate:choose', ({ detail }) => resolve(detail.plan)))`)
    await page.getByRole('button', { name: 'Wählen: Hybrid' }).click()
    expect(await chosen).toBe('hybrid')
    await page.evaluate(`document.querySelector('tollgate-paywall').denied = { reason: 'limit_exhausted', message: '<img src=x onerror="window.hacked=1">', limit: '5', used: '5', unit: 'USD', resets_at: null, top_up_url: 'javascript:window.hacked=1', upgrade_url: 'https://example.com/plans' }`)
    const wall = page.locator('tollgate-paywall')
    await wall.getByText('Limit exhausted').waitFor()
    await wall.getByText('<img src=x').waitFor()
    expect([await wall.getByRole('link').count(), await page.evaluate('window.hacked ?? null')]).toEqual([1, null])
  })

  test('a page of an origin that the session does not name reads nothing with its token, and writes nowhere', async () => {
    body = example((await session(['https://elsewhere.example.com'])).token)
    const { page } = await chromium.open()
    await page.goto(origin)
    await page.waitForTimeout(1_500)
    expect(await page.locator('tollgate-grace-banner').getByRole('status').count()).toBe(0)
    const { token } = await session([origin])
    const tried = await page.evaluate(`Promise.all([['GET', 'balance'], ['PUT', 'budgets/mine'], ['POST', 'freezes']].map(([method, path]) => fetch('${tollgate.demo.url}/v1/customers/${tollgate.demo.customer}/' + path, { method, headers: { authorization: 'Bearer ${token}' } }).then(({ status }) => status, () => 'refused')))`)
    expect(tried).toEqual([200, 'refused', 'refused'])
  })

  test('without any script it stands in a frame: the plans for everybody, what is of a customer for allowed origins', async () => {
    const { url } = await session([origin])
    const { search, hash } = new URL(url)
    body = `<iframe id="plans" title="Plans" src="${tollgate.demo.url}/widgets/frame/pricing-table?lang=fr"></iframe><iframe id="nudge" title="Nudge" src="${tollgate.demo.url}/widgets/frame/usage-nudge${search}${hash}"></iframe><iframe id="grace" title="Standing" src="${tollgate.demo.url}/widgets/frame/grace-banner${search}${hash}"></iframe>`
    const { page, errors } = await chromium.open()
    await page.goto(origin)
    await page.frameLocator('#plans').getByText('Inclus', { exact: true }).first().waitFor()
    await page.frameLocator('#nudge').getByText(/^\d+% of Included tokens used$/).waitFor()
    // The address of the API's own notice is a link there.
    expect(await page.frameLocator('#grace').getByRole('link', { name: 'Pay', exact: true }).getAttribute('href')).toMatch(/\/top-up$/)
    await page.frameLocator('#grace').getByText(/Settle the open invoice before then\.$/).waitFor()
    expect(errors).toEqual([])
  })
})
