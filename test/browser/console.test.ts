// The console in a real browser, on a whole Tollgate with its demo: what a person does there, and what the gateway then does.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, cuttableWire, missingBrowser, openBrowser, openConsole, settled, signIn } from './browser.ts'

const TABS = ['overview', 'subscription', 'contract', 'usage', 'events', 'budgets', 'invoice', 'ledger', 'keys', 'decisions', 'audit']
const PAGES = ['', 'live', 'customers', 'catalog/plans', 'catalog/edit', 'catalog/rates', 'catalog/exchange', 'catalog/reratings', 'catalog/versions', 'money/invoices', 'money/margin', 'money/books', 'money/coupons', 'money/codes', 'operations/alerts', 'operations/providers', 'operations/jobs', 'operations/keys', 'operations/upstreams', 'operations/webhooks', 'operations/parked', 'operations/audit', 'operations/system']

describe.runIf(missingBrowser === null)('the console', () => {
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

  const ask = () => tollgate.client({ maxRetries: 0 }).chat.completions.create({ model: 'sandbox-small', max_tokens: 300, messages: [{ role: 'user', content: 'Say hello' }] })
  const open = (path: string) => openConsole(chromium, tollgate.demo, path)

  /** Id of a refusal that the page of decisions knows. */
  const refused = async (): Promise<string> => {
    const answer = await tollgate.post('/v1/authorize', { feature: 'sso', quantities: { input_tokens: 1 } }, { key: tollgate.demo.key })
    const { decision_id: id } = (await answer.json()) as { readonly decision_id: string }
    const path = `/v1/customers/${tollgate.demo.customer}/decisions/${id}`
    await expect.poll(() => tollgate.get(path).then(() => true, () => false), { timeout: 10_000 }).toBe(true)
    return id
  }

  test('a key of the operator signs in, the page never holds it, and signing out ends the session', async () => {
    const { page, errors } = await open('customers')
    const cookies = await page.context().cookies()
    expect(cookies).toMatchObject([{ name: 'tollgate_session', httpOnly: true, sameSite: 'Strict' }])
    expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie])')).not.toContain('tg_')
    await page.getByRole('link', { name: 'Demo Company' }).click()
    await page.getByRole('button', { name: 'Admin' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByLabel('Operator key').waitFor()
    expect((await fetch(`${tollgate.demo.url}/v1/session`, { headers: { cookie: `tollgate_session=${cookies[0]!.value}` } })).status).toBe(401)
    expect(errors).toEqual([])
  })

  test('a key of a tenant cannot sign in', async () => {
    const { page } = await chromium.open()
    await page.goto(`${tollgate.demo.url}/console/`)
    await page.getByLabel('Operator key').fill(tollgate.demo.key)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('this key cannot sign in').waitFor()
  })

  test('a write with the cookie alone is refused: it must come from the page', async () => {
    const { page } = await open('')
    const status = await page.evaluate(`fetch('/v1/customers', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"name":"Forged","plan":"free"}' }).then((answer) => answer.status)`)
    expect(status).toBe(403)
  })

  test('the session of the README is watched live; the last refusal is two clicks from the overview; a top-up lets the next request pass', async () => {
    const { page, errors } = await open('')
    await page.getByText('Waiting for the first request').waitFor()
    await ask()
    await page.getByRole('cell', { name: 'allowed' }).first().waitFor()
    for (;;) {
      const refusal = await ask().then(() => null, (error: { readonly status: number }) => error)
      if (refusal === null) continue
      expect(refusal.status).toBe(402)
      break
    }
    const refused = page.getByRole('row').filter({ hasText: 'Credit balance exhausted' }).first()
    await refused.waitFor()
    await refused.getByRole('link', { name: /^Why/ }).click()
    await page.getByRole('heading', { name: 'What would have changed it' }).waitFor()
    const left = await page.getByText(/Credits of at least US\$0\.\d+ more/).textContent()
    expect(Number(/0\.\d+/.exec(left!)![0])).toBeLessThan(0.0116)
    await page.getByRole('link', { name: 'Demo Company' }).click()
    await page.getByRole('button', { name: 'Top up' }).click()
    await page.getByLabel('Amount in USD').fill('1.00')
    await page.getByRole('button', { name: 'Add credits' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await ask()
    expect(await tollgate.get(`/v1/customers/${tollgate.demo.customer}/checks/sums`)).toMatchObject({ agrees: true })
    expect(errors).toEqual([])
  }, 60_000)

  test('after a cut the live stream goes on where it was: what happened meanwhile appears by itself', async () => {
    const wire = await cuttableWire(tollgate.demo.url)
    const { page } = await chromium.open()
    await signIn(page, wire.url, tollgate.demo.admin_key)
    await page.goto(`${wire.url}/console/live?outcome=allowed`)
    await page.getByRole('status').filter({ hasText: 'Live' }).waitFor()
    wire.cut()
    await page.getByRole('status').filter({ hasText: 'Offline' }).waitFor()
    for (let index = 0; index < 3; index += 1) await ask()
    const { data } = await tollgate.get<{ readonly data: readonly { readonly id: string }[] }>('/v1/decisions?outcome=allowed&limit=3')
    wire.mend()
    for (const { id } of data) await page.getByRole('link', { name: `Why: ${id}` }).waitFor({ timeout: 30_000 })
    wire.close()
  }, 60_000)

  test('a catalog that is published in the editor is obeyed by the gateway when the dialog closes', async () => {
    const { page, errors } = await open('catalog/edit')
    const editor = page.getByLabel('Catalog, as YAML')
    const source = await editor.inputValue()
    await editor.fill(source.replace('entitlements: [chat, agents]', 'entitlements: [agents]').replace('name: Prepaid', 'name: Prepaid two'))
    await page.getByText('of plan prepaid').first().waitFor()
    await page.getByRole('button', { name: 'Publish …' }).click()
    await page.getByLabel('How many customers does it touch? Type 1').fill('1')
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expect(ask()).rejects.toMatchObject({ status: 403 })
    await editor.fill(`${source}\nnonsense: 1\n`)
    await page.getByText(/line \d+/).first().waitFor()
    expect(await page.getByRole('button', { name: 'Publish …' }).isDisabled()).toBe(true)
    await editor.fill(source)
    await page.getByText('of plan prepaid').first().waitFor()
    await page.getByRole('button', { name: 'Publish …' }).click()
    await page.getByLabel('How many customers does it touch? Type 1').fill('1')
    await page.getByRole('button', { name: 'Publish', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await ask()
    // A file with errors is answered with 400, which a browser reports.
    expect(errors.filter((error) => !error.includes('400'))).toEqual([])
  }, 60_000)

  test('by keyboard alone: the skip link, a dialog that gives the focus back, a chart that is read moment by moment', async () => {
    const { page } = await open(`customers/${tollgate.demo.customer}?tab=usage`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content')
    await page.getByRole('button', { name: 'Top up' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Top up')
    const chart = page.getByRole('application').first()
    await chart.focus()
    await page.keyboard.press('ArrowLeft')
    await page.getByText(/: sandbox-small US\$/).first().waitFor({ state: 'attached' })
    await page.getByRole('button', { name: 'Table' }).first().click()
    await page.getByRole('region', { name: /as a table/ }).waitFor()
  })

  test.each(['light', 'dark'] as const)('axe finds nothing on any page, %s', async (scheme) => {
    const { page, errors } = await chromium.open({ scheme })
    await page.goto(`${tollgate.demo.url}/console/`)
    await page.getByLabel('Operator key').waitFor()
    expect(await axeFindings(page)).toEqual([])
    await signIn(page, tollgate.demo.url, tollgate.demo.admin_key)
    const refusal = await refused()
    for (const path of [...PAGES, ...TABS.map((tab) => `customers/${tollgate.demo.customer}?tab=${tab}`), `customers/${tollgate.demo.customer}/decisions/${refusal}`]) {
      await page.goto(`${tollgate.demo.url}/console/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled(page)
      expect(await axeFindings(page), path).toEqual([])
    }
    await page.goto(`${tollgate.demo.url}/console/customers/${tollgate.demo.customer}`)
    await page.getByRole('button', { name: 'Top up' }).click()
    expect(await axeFindings(page), 'a dialog').toEqual([])
    expect(errors).toEqual([])
  }, 120_000)

  test('axe looks: a picture without words is found', async () => {
    const { page } = await open('')
    await page.evaluate(`document.body.append(Object.assign(document.createElement('img'), { src: 'data:,' }))`)
    expect((await axeFindings(page)).join()).toContain('image-alt')
  })

  test('no page is wider than a phone', async () => {
    const { page } = await chromium.open({ width: 390, height: 800, reducedMotion: true })
    await page.goto(`${tollgate.demo.url}/console/`)
    await page.getByLabel('Operator key').fill(tollgate.demo.admin_key)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: 'Menu' }).waitFor()
    for (const path of [...PAGES, ...TABS.map((tab) => `customers/${tollgate.demo.customer}?tab=${tab}`)]) {
      await page.goto(`${tollgate.demo.url}/console/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled(page)
      expect([path, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([path, expect.toSatisfy((over: number) => over <= 0)])
    }
  }, 90_000)
})
