// The console in a real browser, on a whole Tollgate with its demo.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, signIn } from './browser.ts'

const TABS = ['overview', 'usage', 'events', 'budgets', 'invoice', 'ledger', 'keys']

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

  test('a key of the operator signs in, the page never holds it, and signing out ends the session', async () => {
    const { page, errors } = await chromium.open()
    await signIn(page, tollgate.demo.url, tollgate.demo.admin_key)
    const cookies = await page.context().cookies()
    expect(cookies).toMatchObject([{ name: 'tollgate_session', httpOnly: true, sameSite: 'Strict' }])
    expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie])')).not.toContain('tg_')
    await page.getByRole('link', { name: 'Customers' }).click()
    await page.getByRole('link', { name: 'Demo Company' }).click()
    await page.getByText('US$0.05').first().waitFor()
    await page.getByRole('button', { name: 'Admin' }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByLabel('Operator key').waitFor()
    expect((await fetch(`${tollgate.demo.url}/v1/session`, { headers: { cookie: `tollgate_session=${cookies[0]!.value}` } })).status).toBe(401)
    expect(errors).toEqual([])
  })

  test.each(['light', 'dark'] as const)('axe finds nothing on any page, %s', async (scheme) => {
    const { page, errors } = await chromium.open({ scheme })
    await page.goto(`${tollgate.demo.url}/console/`)
    await page.getByLabel('Operator key').waitFor()
    expect(await axeFindings(page)).toEqual([])
    await signIn(page, tollgate.demo.url, tollgate.demo.admin_key)
    for (const path of ['', 'live', 'customers', ...TABS.map((tab) => `customers/${tollgate.demo.customer}?tab=${tab}`)]) {
      await page.goto(`${tollgate.demo.url}/console/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle', { timeout: 2_000 }).catch(() => undefined)
      expect(await axeFindings(page), path).toEqual([])
    }
    expect(errors).toEqual([])
  }, 90_000)

  test('a key of a tenant cannot sign in', async () => {
    const { page } = await chromium.open()
    await page.goto(`${tollgate.demo.url}/console/`)
    await page.getByLabel('Operator key').fill(tollgate.demo.key)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('this key cannot sign in').waitFor()
  })
})
