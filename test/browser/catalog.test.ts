// The catalog's pages: the editor explains what stands at the caret, a draft is tried on past usage before anybody notices, and price lists
// show what they would change.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, openConsole, settled } from './browser.ts'

const LIST = `source: finance
rates:
  - { provider: anthropic, model: claude-haiku-4-5, from: 2026-01-01, per_million: { input: 1.04, output: 5.2, cached_input: 0.104 }, context_window: 200000, output_max: 64000 }
  - { provider: openai, model: gpt-pages-1, from: 2026-01-01, per_million: { input: 3, output: 9 }, context_window: 200000, output_max: 64000 }
`

describe.runIf(missingBrowser === null)('the catalog', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
    await tollgate.post('/v1/customers', { id: 'cus_heavy', name: 'Heavy Reader', plan: 'hybrid' })
    await tollgate.post('/v1/events', { specversion: '1.0', id: 'one', source: 'app', type: 'ai.request', subject: 'cus_heavy', data: { feature: 'chat', model: 'sandbox-small', input_tokens: 1_500_000, output_tokens: 0 } })
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    await tollgate.stop()
  })

  const open = (path: string) => openConsole(chromium, tollgate.demo, path)

  test('the help follows the caret, says what may be written there, and puts it in', async () => {
    const { page, errors } = await open('catalog/edit')
    const editor = page.getByLabel('Catalog, as YAML')
    const source = await editor.inputValue()
    const caretAfter = (piece: string) => editor.evaluate((area, at) => { const box = area as unknown as { focus: () => void; setSelectionRange: (from: number, to: number) => void }; box.focus(); box.setSelectionRange(at, at) }, source.indexOf(piece) + piece.length)
    await caretAfter('model: per_u')
    await page.getByText('plans › 1. › prices › 1. › model').waitFor()
    await caretAfter('name: Hybrid\n    ')
    await page.getByRole('button', { name: 'clamp_output' }).click()
    expect(await editor.inputValue()).toContain('clamp_output: fee:')
    expect(await axeFindings(page)).toEqual([])
    expect(errors.filter((error) => !error.includes('400'))).toEqual([])
  })

  test('a draft is tried on past usage: who would pay more is named, nothing changes, and leaving the page loses neither', async () => {
    const { page, errors } = await open('catalog/edit')
    const editor = page.getByLabel('Catalog, as YAML')
    await editor.fill((await editor.inputValue()).replaceAll('amount: 0.015, per: 1000', 'amount: 0.03, per: 1000'))
    await page.getByText(/\d changes/).first().waitFor()
    await page.getByRole('button', { name: 'Simulate' }).click()
    const losers = page.getByRole('region', { name: 'Who would pay more' })
    await losers.getByRole('link', { name: 'Heavy Reader' }).waitFor({ timeout: 20_000 })
    // A million tokens beyond the allowance, at 0.015 more for each thousand.
    expect(await losers.locator('data').evaluateAll((all) => all.map((one) => Number((one as unknown as { readonly value: string }).value)))).toContain(15)
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('link', { name: 'Overview' }).click()
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.goBack()
    await losers.getByRole('link', { name: 'Heavy Reader' }).waitFor()
    expect(await editor.inputValue()).toContain('amount: 0.03, per: 1000')
    expect(await tollgate.get('/v1/catalog')).toMatchObject({ version: 1 })
    expect(errors).toEqual([])
  }, 60_000)

  test('a price list shows what it would change, and is in force by date when it is imported', async () => {
    const { page, errors } = await open('catalog/rates')
    await page.getByRole('button', { name: 'Import a price list …' }).click()
    await page.getByLabel('Files').setInputFiles({ name: 'finance.yaml', mimeType: 'application/yaml', buffer: Buffer.from(LIST) })
    const rows = page.getByRole('dialog').getByRole('row')
    await rows.filter({ hasText: 'gpt-pages-1' }).getByText('added').waitFor()
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Import', exact: true }).click()
    await page.getByText(/in force on every gateway, as imported version/).waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('searchbox', { name: 'Model' }).fill('gpt-pages')
    await page.getByRole('button', { name: 'gpt-pages-1' }).click()
    await page.getByRole('dialog').getByText('3 USD').waitFor()
    await settled(page)
    expect(errors).toEqual([])
  }, 60_000)
})
