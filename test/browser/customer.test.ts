// The page of one customer: where it stands in words, what comes, what it may do and why; and what a support agent does there, obeyed by
// the gateway when the dialog closes.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, openConsole, settled } from './browser.ts'

describe.runIf(missingBrowser === null)('the page of a customer', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
    await post('/v1/test-clocks', { name: 'a year of renewals', now: '2026-01-01T00:00:00Z' }).then(({ id }) => post('/v1/customers', { id: 'cus_clock', name: 'Clocktower', plan: 'hybrid', test_clock: id, trial_days: 14 }))
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    await tollgate.stop()
  })

  const post = async (path: string, body: unknown, key?: string): Promise<Record<string, unknown>> => {
    const answer = await tollgate.post(path, body, key === undefined ? {} : { key })
    expect(answer.ok, path).toBe(true)
    return (await answer.json()) as Record<string, unknown>
  }
  const open = (path: string) => openConsole(chromium, tollgate.demo, `customers/${path}`)
  const decided = async (feature: string) => (await post('/v1/authorize', { feature, quantities: { input_tokens: 1 } }, tollgate.demo.key))['decision']

  test('a test clock is advanced: the trial that the page foretold is over, and the page says so by itself', async () => {
    const { page, errors } = await open('cus_clock?tab=subscription')
    await page.getByText(/Clocktower is in trial on plan hybrid since 1 Jan 2026: .* On 15 Jan 2026 it is active/).waitFor()
    await page.getByRole('button', { name: 'Advance …' }).click()
    await page.getByLabel('To the start of (UTC)').fill('2026-01-20')
    await page.getByRole('button', { name: 'Advance', exact: true }).click()
    await page.getByText(/Clocktower is active on plan hybrid since 15 Jan 2026/).waitFor()
    await page.getByText('Trial converted').waitFor()
    expect(await axeFindings(page)).toEqual([])
    expect(errors).toEqual([])
  }, 60_000)

  test('a change of plan shows what it costs before it is made, and what it costs is what it said', async () => {
    const { page } = await open('cus_clock')
    await page.getByRole('button', { name: 'Change plan …' }).click()
    await page.getByLabel('Plan', { exact: true }).selectOption('prepaid')
    await page.getByLabel('When').selectOption('now')
    const said = page.getByRole('region', { name: 'What it costs' })
    await said.getByText('in force at once').waitFor()
    const preview = await post('/v1/customers/cus_clock/subscription/preview', { plan: 'prepaid', when: 'now' })
    // Time goes on between the two: by the second a little less is given back.
    const told = () => said.locator('data').evaluateAll((all) => all.map((one) => Number((one as unknown as { readonly value: string }).value)))
    await expect.poll(async () => (await told()).some((amount) => Math.abs(amount - Number(preview['amount'])) < 0.001)).toBe(true)
    await page.getByRole('dialog').getByRole('button', { name: 'Change plan' }).click()
    await page.getByText(/Clocktower is active on plan prepaid/).waitFor()
  })

  test('an override that denies is obeyed by the gateway, shows over what it won, and is withdrawn', async () => {
    expect(await decided('agents')).toBe('allow')
    const { page, errors } = await open(tollgate.demo.customer)
    await page.getByRole('button', { name: 'Override …' }).click()
    await page.getByLabel('Kind').selectOption('denial')
    await page.getByLabel('Of what').selectOption('entitlements agents')
    await page.getByLabel('Ends on').fill('2099-01-01')
    await page.getByLabel('Why').fill('abuse, until they answer')
    await page.getByRole('button', { name: 'Override', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await decided('agents')).toBe('deny')
    await page.getByRole('button', { name: /denial .* over 1 other/ }).click()
    await page.getByText('outdone').waitFor()
    await page.getByText('1 Jan 2099').first().waitFor()
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Withdraw' }).click()
    await page.getByLabel('Why').fill('they answered')
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await decided('agents')).toBe('allow')
    expect(errors).toEqual([])
  }, 60_000)

  test('observed, nothing is refused; enforced again, it is', async () => {
    const { page } = await open(tollgate.demo.customer)
    expect(await decided('sso')).toBe('deny')
    const change = async (item: string, button: string) => {
      await page.getByRole('button', { name: 'More' }).click()
      await page.getByRole('menuitem', { name: item }).click()
      await page.getByRole('button', { name: button, exact: true }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await change('Only observe …', 'Only observe')
    await page.getByText('observed only').first().waitFor()
    expect(await decided('sso')).toBe('allow')
    await expect.poll(async () => (await tollgate.get<{ readonly requests: number }>(`/v1/customers/${tollgate.demo.customer}/observed`)).requests, { timeout: 10_000 }).toBe(1)
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Enforce its limits …' }).click()
    await page.getByRole('dialog').getByText('1 request').waitFor()
    await page.getByRole('dialog').getByRole('cell', { name: 'Feature not entitled' }).waitFor()
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Enforce', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await decided('sso')).toBe('deny')
  }, 30_000)

  test('everything is stopped after a look at what it stops, the gateway obeys at once, and it is lifted', async () => {
    const { page, errors } = await open(tollgate.demo.customer)
    await page.getByRole('button', { name: 'More' }).click()
    await page.getByRole('menuitem', { name: 'Stop everything …' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(/It hits \d+ keys/).waitFor()
    expect(await axeFindings(page)).toEqual([])
    await dialog.getByLabel('Why').fill('looks like a stolen key')
    await dialog.getByRole('button', { name: 'Stop it' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await decided('chat')).toBe('deny')
    await page.getByText('looks like a stolen key').first().waitFor()
    await page.getByRole('button', { name: 'Lift' }).first().click()
    await expect.poll(() => decided('chat'), { timeout: 10_000 }).toBe('allow')
    expect(errors).toEqual([])
  }, 30_000)

  test('paused, its requests are refused and the sentence says why; resumed, they run', async () => {
    const { page } = await open(tollgate.demo.customer)
    await page.getByRole('button', { name: 'Pause …' }).click()
    await page.getByLabel('Why').fill('asked by mail')
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.getByText(/is paused on plan prepaid .* Requests are refused while it is paused/).waitFor()
    expect(await decided('chat')).toBe('deny')
    await page.getByRole('button', { name: 'Resume …' }).click()
    await page.getByRole('button', { name: 'Resume', exact: true }).click()
    await page.getByText(/is active on plan prepaid/).waitFor()
    expect(await decided('chat')).toBe('allow')
    await page.getByRole('tab', { name: 'Subscription' }).click()
    await settled(page)
    await page.getByText('Resumed').first().waitFor()
  }, 30_000)
})
