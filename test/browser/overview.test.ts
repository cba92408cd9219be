// The overview and the charts of usage in a real browser: how long decisions take and whether all that must agree does; the time before beside
// what is; and from a month down to a minute, by the pointer and by keys alone.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, openConsole, settled } from './browser.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

describe.runIf(missingBrowser === null)('the overview and the usage', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  /** A whole minute of some hours ago, so that hours and minutes around it are over. */
  const busy = Math.floor((Date.now() - 5 * 60 * MINUTE_MS) / MINUTE_MS) * MINUTE_MS
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
    await tollgate.post('/v1/customers', { id: 'cus_seen', name: 'Seen Company', plan: 'hybrid' })
    const events = [[busy, 3], [busy - DAY_MS, 4], [busy - 31 * DAY_MS, 5]] as const
    for (const [at, count] of events)
      for (let index = 0; index < count; index += 1) {
        const answer = await tollgate.post('/v1/events', { specversion: '1.0', id: `${at}-${index}`, source: 'app', type: 'ai.request', subject: 'cus_seen', time: new Date(at + index * 1_000).toISOString(), data: { feature: 'chat', model: 'sandbox-small', input_tokens: 900_000, output_tokens: 100 } })
        if (!answer.ok) throw new Error(await answer.text())
      }
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    await tollgate.stop()
  })

  const open = (path: string) => openConsole(chromium, tollgate.demo, path)

  test('says how long decisions take, and that gateways, journals, totals and books are well', async () => {
    for (let index = 0; index < 3; index += 1) await tollgate.client().chat.completions.create({ model: 'sandbox-small', max_tokens: 10, messages: [{ role: 'user', content: 'Say hello' }] })
    type Told = { readonly decisions: { readonly p50_ms: number; readonly p99_ms: number; readonly measured: number }; readonly journal: object }
    await expect.poll(async () => (await tollgate.get<Told>('/v1/overview')).decisions.measured, { timeout: 15_000 }).toBeGreaterThanOrEqual(3)
    const { decisions } = await tollgate.get<Told>('/v1/overview')
    expect(decisions.p99_ms).toBeGreaterThanOrEqual(decisions.p50_ms)
    expect(decisions.p50_ms).toBeGreaterThan(0)
    // A node tells with its renewals: what it told last may be of before the settlement.
    await expect.poll(async () => (await tollgate.get<Told>('/v1/overview')).journal, { timeout: 15_000 }).toEqual({ waiting_bytes: 0, writing: true })
    const { page, errors } = await open('')
    await page.getByText('99 of 100 no longer').waitFor()
    const health = (name: string) => page.locator('dl > div').filter({ hasText: name })
    await health('Journals').getByText('settled').waitFor()
    await health('Authority').getByText(/answers in/).waitFor()
    for (const name of ['Totals against events', 'Ledger against books']) await health(name).getByText(/agree|not checked yet/).waitFor()
    await page.goto(`${tollgate.demo.url}/console/operations/system`)
    await page.getByRole('row').filter({ hasText: 'connected' }).getByText('settled').waitFor()
    expect(errors).toEqual([])
  }, 60_000)

  test('a difference that the standing checks found is on the overview, not in the log alone', async () => {
    const { page } = await open('')
    await page.route('**/v1/overview', async (route) => {
      const answer = await route.fetch()
      const body = (await answer.json()) as { readonly drift: { readonly rollups: object } }
      await route.fulfill({ response: answer, json: { ...body, drift: { ...body.drift, rollups: { checked_at: new Date().toISOString(), differed_at: new Date(Date.now() - 3_600_000).toISOString() } } } })
    })
    await page.reload()
    await page.locator('dl > div').filter({ hasText: 'Totals against events' }).getByText(/differed 1 hour ago/).waitFor()
  })

  test('by keys alone: a month is compared with the one before, a day opens to hours, an hour to minutes, and out again', async () => {
    const { page, errors } = await open('customers/cus_seen?tab=usage')
    const chart = page.getByRole('application').first()
    await page.getByText(/% (more|less) than the 30 days before/).waitFor()
    await chart.focus()
    const spoken = page.locator('figure [aria-live]').first()
    const walkTo = async (key: string, wanted: RegExp) => {
      for (let index = 0; index < 62; index += 1) {
        await page.keyboard.press(key)
        const text = await spoken.textContent()
        if (wanted.test(text ?? '')) return text!
      }
      throw new Error(`nothing says ${String(wanted)}`)
    }
    expect(await walkTo('ArrowLeft', /sandbox-small US\$(?!0\.00)/)).toContain(', before US$')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Zoom out' }).waitFor()
    await settled(page)
    await chart.focus()
    await walkTo('ArrowLeft', /\d\d:00: sandbox-small US\$(?!0\.00)/)
    await page.keyboard.press('Enter')
    await settled(page)
    await page.getByRole('heading', { name: /Usage, \d+ \w+, \d\d:00 – \d\d:00/ }).waitFor()
    await chart.focus()
    const minute = await walkTo('ArrowLeft', /sandbox-small US\$(?!0\.00)/)
    expect(minute.slice(0, 5)).toBe(new Date(busy).toISOString().slice(11, 16))
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: new RegExp(`${new Date(busy - MINUTE_MS).toISOString().slice(11, 16)} – `) }).waitFor()
    expect(await axeFindings(page)).toEqual([])
    await chart.focus()
    for (let index = 0; index < 3; index += 1) await page.keyboard.press('-')
    await page.getByRole('heading', { name: 'Usage', exact: true }).waitFor()
    expect(errors).toEqual([])
  }, 60_000)

  test('what is dragged over is zoomed into, the exact figures show without moving anything, and the table has the time before', async () => {
    const { page } = await open('customers/cus_seen?tab=usage')
    const chart = page.getByRole('application').first()
    await chart.locator('canvas').waitFor()
    const box = (await chart.boundingBox())!
    await page.mouse.move(box.x + box.width - 200, box.y + 60)
    await page.getByText('before', { exact: true }).first().waitFor()
    expect(await chart.boundingBox()).toEqual(box)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 60, box.y + 60, { steps: 6 })
    await page.mouse.up()
    await page.getByRole('heading', { name: /Usage, .* – / }).waitFor()
    await page.getByRole('button', { name: 'Zoom out' }).click()
    await page.getByRole('button', { name: 'Table' }).first().click()
    await page.getByRole('region', { name: /as a table/ }).getByRole('columnheader', { name: 'before' }).waitFor()
    await page.getByRole('button', { name: 'Compare' }).click()
    await page.getByRole('region', { name: /as a table/ }).getByRole('columnheader', { name: 'before' }).waitFor({ state: 'detached' })
  }, 60_000)
})
