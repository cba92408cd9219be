// The portal in a real browser: by link, in a frame of an allowed origin, and what it never shows.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, settled } from './browser.ts'

const TABS = ['Overview', 'Usage', 'Activity', 'Credits', 'Limits', 'Invoice', 'Plans']

describe.runIf(missingBrowser === null)('the portal', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  let host: Server
  let origin: string
  /** What the page around the portal serves. */
  let embedded = ''
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
    host = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(embedded))
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
    origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
    // Past the included tokens, so that every further request costs money.
    await tollgate.post(`/v1/customers/${tollgate.demo.customer}/credits`, { amount: '1.00' })
    for (let index = 0; index < 12; index += 1) await ask()
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    host.close()
    await tollgate.stop()
  })

  const ask = () => tollgate.client({ maxRetries: 0 }).chat.completions.create({ model: 'sandbox-small', max_tokens: 300, messages: [{ role: 'user', content: 'Say hello' }] })
  const link = async (body: unknown = {}): Promise<string> => ((await (await tollgate.post(`/v1/customers/${tollgate.demo.customer}/portal-sessions`, body)).json()) as { readonly url: string }).url

  test('a link opens it, the token leaves the address at once, and a figure follows a request within seconds', async () => {
    const { page, errors } = await chromium.open()
    await page.goto(await link())
    await page.getByText('Credit balance').waitFor()
    await page.getByText('Prepaid', { exact: true }).waitFor()
    expect(page.url()).not.toContain('token')
    await page.getByRole('tab', { name: 'Activity' }).click()
    await page.getByRole('row').nth(12).waitFor()
    const before = await page.getByRole('row').count()
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
    await ask()
    await expect.poll(() => page.getByRole('row').count(), { timeout: 5_000 }).toBe(before + 1)
    await page.reload()
    await page.getByRole('tab', { name: 'Activity' }).waitFor()
    expect(errors).toEqual([])
  })

  test('an invoice line opens to the events whose charges it sums', async () => {
    const { page } = await chromium.open()
    await page.goto(await link())
    await page.getByRole('tab', { name: 'Invoice' }).click()
    await page.getByRole('button', { name: /^Output tokens/ }).click()
    await page.getByRole('button', { name: /^Details of the event/ }).first().click()
    await page.getByRole('heading', { name: 'How the charge came to be' }).waitFor()
  })

  test('cost, margin and keys are on no page of it', async () => {
    const { page } = await chromium.open()
    const texts: string[] = []
    page.on('response', (response) => {
      if (response.url().includes('/v1/') && !response.url().includes('/stream')) void response.text().then((text) => texts.push(text), () => undefined)
    })
    await page.goto(await link({ admin: true }))
    for (const tab of TABS) {
      await page.getByRole('tab', { name: tab }).click()
      await settled(page)
      expect(await page.locator('main').innerText()).not.toMatch(/margin|provider cost/i)
    }
    expect(texts.length).toBeGreaterThan(5)
    // What a tenant paid for its own credits is no cost of the provider.
    const shown = texts.map((text) => text.replaceAll(/"reference":[^,]*,"cost":(?:null|\{[^}]*\})/g, ''))
    expect(shown.join('\n')).not.toMatch(/"cost"|"key":|"context"|margin/)
  })

  test('an administrator of the tenant sets a cap, and the SDK’s next request is refused by it; removed, the next one passes', async () => {
    const { page, errors } = await chromium.open()
    await page.goto(await link({ admin: true }))
    await page.getByRole('tab', { name: 'Limits' }).click()
    await page.getByRole('button', { name: 'Set a cap of your own' }).click()
    await page.getByLabel('Name').fill('Our own, monthly')
    await page.getByLabel('Limit, in the currency of the plan').fill('0.0001')
    await page.getByRole('button', { name: 'Set', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect(ask()).rejects.toMatchObject({ status: 402, error: { scope: 'cap:our-own-monthly' } })
    await page.getByRole('listitem').filter({ hasText: 'Our own, monthly' }).getByRole('button', { name: 'Remove' }).click()
    await page.getByText('Our own, monthly').waitFor({ state: 'detached' })
    await ask()
    expect(errors).toEqual([])
  }, 60_000)

  test('it stops everything by hand and lifts that again', async () => {
    const { page } = await chromium.open()
    await page.goto(await link({ admin: true }))
    await page.getByRole('tab', { name: 'Limits' }).click()
    await page.getByRole('button', { name: 'Stop everything …' }).click()
    await page.getByText(/^It hits/).waitFor()
    await page.getByLabel('Why').fill('an agent ran away')
    await page.getByRole('button', { name: 'Stop it' }).click()
    await page.getByText('an agent ran away').waitFor()
    await expect(ask()).rejects.toMatchObject({ status: 403 })
    await page.getByRole('button', { name: 'Lift' }).click()
    await page.getByText('an agent ran away').waitFor({ state: 'detached' })
    await ask()
  }, 60_000)

  test('a tenant sees what it was charged for without asking: from the invoice to an event, its price, and every line worked out anew', async () => {
    const { page, errors } = await chromium.open()
    await page.goto(await link())
    await page.getByRole('tab', { name: 'Invoice' }).click()
    await page.getByRole('button', { name: /^Output tokens/ }).click()
    await page.getByRole('button', { name: /^Details of the event/ }).first().click()
    await page.getByRole('button', { name: 'Verify line by line' }).click()
    await page.getByText('worked out anew, and the same').waitFor()
    await page.getByText(/at US\$0\.03 per 1,000/).first().waitFor()
    await page.getByText('sandbox-small').first().waitFor()
    expect(errors).toEqual([])
  })

  test('the chain of the ledger is verified in the browser, and one that was changed on the way is not believed', async () => {
    const { page, errors } = await chromium.open()
    await page.goto(await link())
    await page.getByRole('tab', { name: 'Activity' }).click()
    await page.getByRole('button', { name: 'Verify now' }).click()
    await page.getByText(/\d+ transfers: nothing was changed, left out or added/).waitFor()
    await page.route('**/ledger?**', async (route) => {
      const answer = await route.fetch()
      const body = (await answer.json()) as { readonly data: readonly { readonly amount: string }[] }
      await route.fulfill({ response: answer, json: { ...body, data: body.data.map((row, index) => (index === 0 ? { ...row, amount: `${row.amount}1` } : row)) } })
    })
    await page.getByRole('button', { name: 'Verify now' }).click()
    await page.getByText(/Transfer 1 \(.*\) is not what was posted/).waitFor()
    expect(errors).toEqual([])
  })

  test('an administrator whose session lets it changes the plan after seeing the price, and the gateway obeys; without that nobody can', async () => {
    const { page, errors } = await chromium.open()
    await page.goto(await link({ admin: true }))
    await page.getByRole('tab', { name: 'Plans' }).click()
    await page.getByRole('region', { name: 'Plans side by side' }).waitFor()
    expect(await page.getByRole('button', { name: 'Change to Hybrid' }).count()).toBe(0)
    const token = async (body: unknown) => ((await (await tollgate.post(`/v1/customers/${tollgate.demo.customer}/portal-sessions`, body)).json()) as { readonly token: string }).token
    const order = async (key: string, body: unknown) => (await (await tollgate.post(`/v1/customers/${tollgate.demo.customer}/subscription/change`, body, { key })).json()) as { readonly code?: string }
    expect((await order(await token({ admin: true }), { plan: 'hybrid' })).code).toBe('plan_changes_off')
    const buyer = await token({ admin: true, plan_changes: true })
    expect((await order(buyer, { plan: 'hybrid', when: 'now' })).code).toBe('plan_changes_off')
    expect((await order(buyer, { plan: 'secret' })).code).toBe('unknown_plan')
    await page.goto(await link({ admin: true, plan_changes: true }))
    await page.getByRole('tab', { name: 'Plans' }).click()
    await page.getByRole('button', { name: 'Change to Hybrid' }).click()
    await page.getByRole('region', { name: 'What it costs' }).getByText('in force at once').waitFor()
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('dialog').getByRole('button', { name: 'Change to Hybrid' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByText('your plan', { exact: true }).waitFor()
    expect(await tollgate.get(`/v1/customers/${tollgate.demo.customer}`)).toMatchObject({ plan: 'hybrid' })
    expect(await (await tollgate.post('/v1/authorize', { feature: 'sso', quantities: { input_tokens: 1 } }, { key: tollgate.demo.key })).json()).toMatchObject({ decision: 'allow' })
    expect(errors).toEqual([])
  }, 60_000)

  test('a budget for each user gives one of them its own limit', async () => {
    const { page, errors } = await chromium.open()
    await page.goto(await link({ admin: true }))
    await page.getByRole('tab', { name: 'Limits' }).click()
    await page.getByRole('button', { name: 'Set a cap of your own' }).click()
    await page.getByLabel('Name').fill('Each of us')
    await page.getByLabel('Limit, in the currency of the plan').fill('5')
    await page.getByLabel('The limit is').selectOption('each')
    await page.getByRole('button', { name: 'Set', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Members' }).click()
    await page.getByLabel('user', { exact: true }).fill('ent_alice')
    await page.getByLabel('Limit in USD').fill('7')
    await page.getByRole('button', { name: 'Set its limit' }).click()
    await page.getByText('ent_alice has US$7.00 from now on').waitFor()
    // Listed at once, though it used nothing; by its button it has the common limit again, and is gone.
    const row = page.getByRole('dialog').getByRole('row').filter({ hasText: 'ent_alice' })
    await row.filter({ hasText: 'not used yet' }).filter({ hasText: 'US$7.00' }).waitFor()
    expect(await axeFindings(page)).toEqual([])
    await row.getByRole('button', { name: 'The common limit' }).click()
    await row.waitFor({ state: 'detached' })
    expect(errors).toEqual([])
  })

  test('an ended session shows that, and nothing else', async () => {
    const { page } = await chromium.open()
    const made = (await (await tollgate.post(`/v1/customers/${tollgate.demo.customer}/portal-sessions`, {})).json()) as { readonly id: string; readonly url: string }
    await fetch(`${tollgate.demo.url}/v1/customers/${tollgate.demo.customer}/portal-sessions/${made.id}`, { method: 'DELETE', headers: { authorization: `Bearer ${tollgate.demo.admin_key}` } })
    await page.goto(made.url)
    await page.getByText('This link has ended').waitFor()
  })

  test('a page of an allowed origin may frame it and hears its height and pages; another may not', async () => {
    const { page } = await chromium.open()
    const frame = (url: string) => `<!doctype html><title>Host</title><iframe id="f" src="${url}" style="width:100%;height:400px"></iframe><script>window.heard=[];addEventListener('message',(m)=>{ if (m.origin === ${JSON.stringify(tollgate.demo.url)}) heard.push(m.data) })</script>`
    embedded = frame(await link({ allowed_origins: [origin] }))
    await page.goto(origin)
    const portal = page.frameLocator('#f')
    await portal.getByText('Credit balance').waitFor()
    await portal.getByRole('tab', { name: 'Credits' }).click()
    await expect.poll(() => page.evaluate('heard')).toContainEqual({ type: 'tollgate:navigate', page: 'credits' })
    expect(await page.evaluate(`heard.some(({ type, height }) => type === 'tollgate:resize' && height > 200)`)).toBe(true)
    embedded = frame(await link({ allowed_origins: ['https://elsewhere.example.com'] }))
    await page.goto(origin)
    await page.waitForTimeout(1_000)
    expect(await page.frameLocator('#f').getByText('Credit balance').count()).toBe(0)
  })

  test.each(['light', 'dark'] as const)('axe finds nothing on any page, %s', async (scheme) => {
    const { page } = await chromium.open({ scheme })
    await page.goto(await link({ admin: true, theme: scheme }))
    for (const tab of TABS) {
      await page.getByRole('tab', { name: tab }).click()
      await settled(page)
      expect(await axeFindings(page), tab).toEqual([])
    }
    for (const path of ['/plans', '/top-up']) {
      await (await chromium.open({ scheme })).page.goto(`${tollgate.demo.url}${path}`)
      await page.goto(`${tollgate.demo.url}${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await axeFindings(page), path).toEqual([])
    }
  }, 60_000)

  test('no page of it is wider than a phone', async () => {
    const { page } = await chromium.open({ width: 360, height: 740, reducedMotion: true })
    await page.goto(await link())
    for (const tab of TABS) {
      await page.getByRole('tab', { name: tab }).click()
      await settled(page)
      expect([tab, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([tab, expect.toSatisfy((over: number) => over <= 0)])
    }
  })
})
