// What somebody sees who has just started it: the overview says what the product does, the last refusal is two clicks from its reason; a
// person signs in by the issuer of the operator; and one thing is done for many customers.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testIssuer, type TestIssuer } from '../e2e/issuer.ts'
import { dataFolder, startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, settled, signIn } from './browser.ts'

describe.runIf(missingBrowser === null)('a newcomer', () => {
  let tollgate: Tollgate
  let issuer: TestIssuer
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    issuer = await testIssuer()
    tollgate = await startTollgate(dataFolder(), { env: { TOLLGATE_OIDC_ISSUER: issuer.url, TOLLGATE_OIDC_CLIENT_ID: issuer.clientId, TOLLGATE_OIDC_CLIENT_SECRET: issuer.clientSecret, TOLLGATE_OIDC_NAME: 'Acme', TOLLGATE_OIDC_ROLES: 'platform=admin,staff=viewer' } })
    chromium = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    await tollgate.stop()
    await issuer.close()
  })

  const ask = () => tollgate.client({ maxRetries: 0 }).chat.completions.create({ model: 'sandbox-small', max_tokens: 300, messages: [{ role: 'user', content: 'Say hello' }] })

  test('reads on the overview what the product does, with the figures of now, and how to send the first request', async () => {
    const { page, errors } = await chromium.open()
    await signIn(page, tollgate.demo.url, tollgate.demo.admin_key)
    await page.getByText('it decides before each whether it may run, meters what it really used, charges that exactly, and writes the invoice').waitFor()
    const steps = page.getByRole('list', { name: 'What Tollgate does' })
    for (const step of ['Decide', 'Meter', 'Charge', 'Bill']) await steps.getByText(step, { exact: true }).waitFor()
    await page.getByText('Waiting for the first request').waitFor()
    expect(await page.getByText(/curl -i .*chat\/completions/).count()).toBe(1)
    await ask()
    await steps.getByText(/^1 ran/).waitFor()
    expect(await axeFindings(page)).toEqual([])
    expect(errors).toEqual([])
  }, 60_000)

  test('finds why the last request was refused in two clicks', async () => {
    while (await ask().then(() => true, () => false));
    const { page } = await chromium.open()
    await signIn(page, tollgate.demo.url, tollgate.demo.admin_key)
    const last = page.getByRole('region', { name: 'The last request that was refused' })
    await last.getByText('Credit balance exhausted').waitFor()
    await last.getByText('Demo Company').waitFor()
    let clicks = 0
    await page.exposeFunction('clicked', () => { clicks += 1 })
    await page.evaluate(`addEventListener('click', () => clicked(), true)`)
    await last.getByRole('link', { name: 'Why was it refused?' }).click()
    await page.getByRole('heading', { name: 'What would have changed it' }).waitFor()
    await page.getByText(/Credits of at least US\$0\.\d+ more/).waitFor()
    expect(clicks).toBeLessThanOrEqual(2)
  }, 60_000)

  test('signs in by the issuer, with the role of its groups; without one the page says why', async () => {
    const { page, errors } = await chromium.open()
    issuer.say.claims = { groups: ['strangers'] }
    await page.goto(`${tollgate.demo.url}/console/`)
    await page.getByRole('link', { name: 'Sign in with Acme' }).click()
    await page.getByRole('alert').getByText(/no role here/).waitFor()
    expect(await axeFindings(page)).toEqual([])
    issuer.say.claims = { groups: ['staff'], name: 'Ada Lovelace' }
    await page.getByRole('link', { name: 'Sign in with Acme' }).click()
    await page.getByRole('navigation', { name: 'Console' }).waitFor()
    await page.getByRole('button', { name: 'Viewer' }).click()
    await page.getByText('Ada Lovelace').waitFor()
    await page.keyboard.press('Escape')
    await page.goto(`${tollgate.demo.url}/console/customers/${tollgate.demo.customer}`)
    await page.getByRole('heading', { name: 'Demo Company' }).waitFor()
    expect(await page.getByRole('button', { name: 'Top up' }).count()).toBe(0)
    expect(errors).toEqual([])
  }, 60_000)

  test('does one thing for many customers after typing how many, and what did not work is named', async () => {
    for (const name of ['One', 'Two', 'Three']) await tollgate.post('/v1/customers', { id: `cus_bulk_${name.toLowerCase()}`, name: `Bulk ${name}`, plan: 'free' })
    await tollgate.post('/v1/customers/cus_bulk_three/subscription/actions', { action: 'cancel', when: 'now' })
    const { page, errors } = await chromium.open()
    await signIn(page, tollgate.demo.url, tollgate.demo.admin_key)
    await page.goto(`${tollgate.demo.url}/console/customers?search=Bulk`)
    await page.getByText('Bulk Three').waitFor()
    await page.getByLabel('Pick Bulk One').check()
    await page.getByText('1 picked.').waitFor()
    await page.getByRole('button', { name: 'Pick all that are found' }).click()
    await page.getByRole('button', { name: 'Do for all 3 …' }).click()
    await page.getByLabel('What to do').selectOption('plan')
    await page.getByLabel('Plan', { exact: true }).selectOption('hybrid')
    await page.getByText('3 change, 0 are on it already.').waitFor()
    const go = page.getByRole('button', { name: 'Do it for all 3' })
    await page.getByLabel('How many customers does it touch? Type 3').fill('2')
    expect(await go.isDisabled()).toBe(true)
    await page.getByLabel('How many customers does it touch? Type 3').fill('3')
    expect(await axeFindings(page)).toEqual([])
    await go.click()
    await page.getByText(/2 of 3 done/).waitFor()
    await page.getByText(/^Bulk Three: /).waitFor()
    expect(await tollgate.get('/v1/customers/cus_bulk_two')).toMatchObject({ plan: 'hybrid' })
    expect(errors.filter((error) => !error.includes('409'))).toEqual([])
    await settled(page)
  }, 60_000)
})
