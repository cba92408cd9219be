// Money in a real browser: a figure leads down to the events that made it, the books agree, and what was wrong on an invoice is taken back.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, openConsole, settled } from './browser.ts'

type Preview = { readonly lines: readonly { readonly kind: string; readonly exact: string }[] }

describe.runIf(missingBrowser === null)('money', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
    await send('PUT', '/v1/billing/settings', { seller: { name: 'Acme AI', address: ['1 Main Street'], country: 'DE', tax_id: null, email: null }, series: 'INV', note_series: 'CN', payment_days: 14, lateness_hours: 0, auto_finalize: true, notes: [] })
    const { id: clock } = await send('POST', '/v1/test-clocks', { name: 'months', now: new Date(Date.now() - 40 * 86_400_000).toISOString() })
    await send('POST', '/v1/customers', { id: 'cus_billed', name: 'Billed Company', plan: 'hybrid', test_clock: clock })
    await send('POST', `/v1/test-clocks/${clock}/advance`, { to: new Date().toISOString() })
    await send('POST', '/v1/billing/close', undefined)
    await send('POST', '/v1/customers', { id: 'cus_used', name: 'Used Company', plan: 'hybrid' })
    for (const [id, model, tokens] of [['a', 'sandbox-small', 700_000], ['b', 'sandbox-large', 300_001], ['c', 'sandbox-small', 12_345]] as const)
      await send('POST', '/v1/events', { specversion: '1.0', id, source: 'app', type: 'ai.request', subject: 'cus_used', data: { feature: 'chat', model, input_tokens: tokens, output_tokens: 7 } })
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    await tollgate.stop()
  })

  const send = async (method: string, path: string, body: unknown): Promise<Record<string, string>> => {
    const answer = await fetch(`${tollgate.demo.url}${path}`, { method, headers: { authorization: `Bearer ${tollgate.demo.admin_key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true)
    return (await answer.json()) as Record<string, string>
  }
  const open = (path: string) => openConsole(chromium, tollgate.demo, path)
  /** Decimal texts as whole numbers of the twelfth place: what is compared here is exact. */
  const units = (text: string) => BigInt(text.replace(/^(-?\d+)(?:\.(\d+))?$/, (_, whole: string, part = '') => whole + String(part).padEnd(12, '0')))

  test.each(['day', 'model', 'feature'])('the charges of the period by %s sum to the usage lines of the invoice exactly', async (by) => {
    const { page, errors } = await open('customers/cus_used?tab=invoice')
    const preview = await tollgate.get<Preview>('/v1/customers/cus_used/invoices/preview')
    const due = preview.lines.filter(({ kind }) => kind === 'usage').reduce((sum, { exact }) => sum + units(exact), 0n)
    expect(due).toBeGreaterThan(0n)
    await page.getByLabel('Group').selectOption(by)
    await settled(page)
    const table = page.getByRole('region', { name: 'Charges of the period' })
    await table.getByText(by === 'model' ? 'sandbox-large' : by === 'feature' ? 'chat' : /\d{4}/).first().waitFor()
    await expect.poll(async () => units((await table.locator('tfoot data').getAttribute('value'))!)).toBe(due)
    expect(errors).toEqual([])
  })

  test('a transfer of the ledger opens to the events whose charges it moves', async () => {
    const { page } = await open('customers/cus_used?tab=ledger')
    await page.getByRole('button', { name: 'Usage: events' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: /^Details of the event/ }).first().click()
    await dialog.getByText('How the charge came to be').waitFor()
    expect(await axeFindings(page)).toEqual([])
  })

  test('the books of the month show revenue, and every check agrees', async () => {
    const { page, errors } = await open('money/books')
    await page.getByText('everything does').waitFor()
    await page.getByText('Revenue in USD').waitFor()
    expect(await page.getByText('differs', { exact: true }).count()).toBe(0)
    await settled(page)
    expect(await axeFindings(page)).toEqual([])
    expect(errors).toEqual([])
  })

  test('the margin of the month by feature is that of the books, and its charges are saved as a file', async () => {
    const { page, errors } = await open('money/margin')
    await page.getByLabel('Group').selectOption('feature')
    await page.getByRole('region', { name: 'Margin', exact: true }).getByText('chat').waitFor()
    const { total } = await tollgate.get<{ readonly total: { readonly revenue: string } }>(`/v1/margin?from=${new Date(Date.now() - 29 * 86_400_000).toISOString().slice(0, 10)}&to=${new Date().toISOString().slice(0, 10)}`)
    await expect.poll(() => page.locator('dl data').first().getAttribute('value')).toBe(total.revenue)
    expect(await axeFindings(page)).toEqual([])
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as CSV' }).click()])
    const text = await file.createReadStream().then(async (stream) => { let all = ''; for await (const chunk of stream) all += String(chunk); return all })
    expect(text.trim().split('\n').length).toBeGreaterThan(3)
    expect(text).toContain('cus_used')
    expect(errors).toEqual([])
  }, 60_000)

  test('an invoice opens to its lines, and a credit note takes one back', async () => {
    const { page, errors } = await open('money/invoices')
    await page.getByRole('button', { name: /^INV-0/ }).first().click()
    await page.getByRole('dialog').getByText('Hybrid plan').first().waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: /^Actions on invoice INV-/ }).first().click()
    await page.getByRole('menuitem', { name: 'Credit note …' }).click()
    await page.getByLabel('Amounts of single lines, without tax').check()
    await page.getByLabel(/^Hybrid plan, of/).fill('9')
    await page.getByLabel('Why').fill('a day without service')
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Write it' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.goto(`${tollgate.demo.url}/console/customers/cus_billed?tab=invoice`)
    const notes = page.getByRole('region', { name: 'Credit notes' })
    await notes.getByText('a day without service').waitFor()
    expect(await notes.locator('data').evaluateAll((all) => all.map((one) => (one as unknown as { readonly value: string }).value))).toContain('9')
    expect(errors).toEqual([])
  }, 60_000)
})
