// The console with a hundred thousand customers while ten updates a second come in: the list and its search stay fast, few rows are drawn,
// and the page stays smooth.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AddressInfo } from 'node:net'
import { createApi } from '../../packages/server/src/api/server.ts'
import { SYSTEM } from '../../packages/server/src/app/actor.ts'
import { createKey } from '../../packages/server/src/app/keys.ts'
import { preparePages } from '../../packages/server/src/modes/pages.ts'
import { testPlane, type TestPlane } from '../plane.ts'
import { missingBrowser, openBrowser, signIn } from './browser.ts'

const CUSTOMERS = 100_000
const UPDATES_A_SECOND = 10
const SECONDS = 8
/** A frame that takes longer is seen as a stutter. The target is one or none; a machine that runs other tests beside gets some air. */
const LONG_FRAME_MS = 250
const LONG_FRAMES_MAX = 4

describe.runIf(missingBrowser === null)('a hundred thousand customers', () => {
  let world: TestPlane
  let api: ReturnType<typeof createApi>
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  let url: string
  let key: string
  beforeAll(async () => {
    world = await testPlane()
    const { sql } = world.database
    await sql`insert into customer (id, name, external_id) select 'cus_' || lpad(n::text, 6, '0'), 'Customer ' || n, 'crm-' || n from generate_series(1, ${CUSTOMERS}) as n`
    await sql`insert into subscription (customer_id, id, plan, anchor_at) select 'cus_' || lpad(n::text, 6, '0'), 'sub_' || n, 'hybrid', now() from generate_series(1, ${CUSTOMERS}) as n`
    await sql`analyze`
    api = createApi({ plane: world.plane, gatewayUrl: () => '', version: '0.0.0-test', pages: preparePages(world.plane.log) })
    await api.listen({ port: 0, host: '127.0.0.1' })
    url = `http://127.0.0.1:${(api.server.address() as AddressInfo).port}`
    key = (await createKey(world.plane, SYSTEM, { name: '', scopes: ['admin'], customer: null, entity: null, feature: null, models: null, showsCost: false, expiresAt: null })).raw
    chromium = await openBrowser()
  }, 180_000)
  afterAll(async () => {
    await chromium.close()
    await api.close()
    await world.close()
  })

  const settleOne = async (index: number) => {
    const subject = `cus_${String(1 + (index % CUSTOMERS)).padStart(6, '0')}`
    const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers: { 'authorization': `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify({ specversion: '1.0', id: `e-${index}`, source: 'test', type: 'ai.request', subject, data: { feature: 'chat', model: 'gpt-5-mini', input_tokens: 1000, output_tokens: 100 } }) })
    if (!answer.ok) throw new Error(await answer.text())
  }

  test('are searched on the server and drawn as far as they are seen', async () => {
    const { page, errors } = await chromium.open()
    await signIn(page, url, key)
    await page.goto(`${url}/console/customers`)
    await page.getByRole('link', { name: 'Customer 1', exact: true }).waitFor()
    expect(await page.getByRole('row').count()).toBeLessThan(60)
    await page.mouse.wheel(0, 4_000)
    await page.getByRole('link', { name: /^Customer 1\d\d$/ }).first().waitFor()
    expect(await page.getByRole('row').count()).toBeLessThan(80)
    await page.getByRole('searchbox').fill('customer 98765')
    await page.getByRole('link', { name: 'Customer 98765', exact: true }).waitFor({ timeout: 5_000 })
    expect(errors).toEqual([])
  }, 60_000)

  test('thousands of events are drawn as far as they are seen, the next ones are there before the end is reached, and one in the middle opens', async () => {
    for (let page = 0; page < 3; page += 1) {
      const events = Array.from({ length: 1_000 }, (_, index) => ({ specversion: '1.0', id: `long-${page}-${index}`, source: 'test', type: 'ai.request', subject: 'cus_099999', time: new Date(Date.now() - (page * 1_000 + index + 1) * 1_000).toISOString(), data: { feature: 'chat', model: 'gpt-5-mini', input_tokens: 10 + index } }))
      const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers: { 'authorization': `Bearer ${key}`, 'content-type': 'application/json' }, body: JSON.stringify(events) })
      expect(answer.ok, await answer.clone().text()).toBe(true)
    }
    const { page, errors } = await chromium.open()
    await signIn(page, url, key)
    await page.goto(`${url}/console/customers/cus_099999?tab=events`)
    const table = page.getByRole('region', { name: 'Usage events' })
    await table.getByRole('row').nth(20).waitFor()
    for (let step = 0; step < 40; step += 1) {
      await page.mouse.wheel(0, 1_500)
      await page.waitForTimeout(60)
    }
    await expect.poll(async () => Number(await table.locator('table').getAttribute('aria-rowcount')), { timeout: 15_000 }).toBeGreaterThan(600)
    expect(await table.getByRole('row').count()).toBeLessThan(120)
    const details = table.getByRole('button', { name: /^Details of the event/ }).nth(30)
    await details.click()
    await table.getByText('How the charge came to be').waitFor()
    expect(errors).toEqual([])
  }, 90_000)

  test('ten updates a second leave the overview smooth', async ({ annotate }) => {
    const { page, errors } = await chromium.open()
    await signIn(page, url, key)
    await page.goto(`${url}/console/`)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.waitForTimeout(1_000)
    await page.evaluate(`(() => { window.frames_ = []; let last = performance.now(); const turn = (now) => { frames_.push(now - last); last = now; requestAnimationFrame(turn) }; requestAnimationFrame(turn) })()`)
    const updates: Promise<void>[] = []
    for (let index = 0; index < UPDATES_A_SECOND * SECONDS; index += 1) {
      updates.push(settleOne(index))
      await page.waitForTimeout(1_000 / UPDATES_A_SECOND)
    }
    await Promise.all(updates)
    await page.getByText('gpt-5-mini').first().waitFor()
    const frames = ((await page.evaluate('frames_')) as number[]).slice(1).toSorted((a, b) => a - b)
    const long = frames.filter((ms) => ms > LONG_FRAME_MS)
    await annotate(`${frames.length} frames, median ${frames[frames.length >> 1]!.toFixed(1)} ms, 99 % below ${frames[Math.floor(frames.length * 0.99)]!.toFixed(1)} ms, longest ${frames.at(-1)!.toFixed(1)} ms`)
    expect(long.length).toBeLessThanOrEqual(LONG_FRAMES_MAX)
    expect(errors).toEqual([])
  }, 90_000)
})
