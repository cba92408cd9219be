// Every name that somebody can write holds markup and script here. It must be shown as the text that it is, on every page of the console
// and the portal, and nothing of it may run.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { missingBrowser, openBrowser, settled, signIn } from './browser.ts'

const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>"'><svg/onload=window.hacked=1>`

describe.runIf(missingBrowser === null)('names that hold markup', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  let portal: string
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
    const post = async (path: string, body: unknown) => {
      const answer = await tollgate.post(path, body)
      if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
      return (await answer.json()) as Record<string, string>
    }
    await post('/v1/customers', { id: 'cus_hostile', name: HOSTILE, external_id: HOSTILE, plan: 'prepaid', metadata: { [HOSTILE.slice(0, 60)]: HOSTILE } })
    await post('/v1/customers/cus_hostile/entities', { id: 'ent_hostile', kind: 'team', name: HOSTILE })
    await fetch(`${tollgate.demo.url}/v1/customers/cus_hostile/budgets/hostile`, { method: 'PUT', headers: { 'authorization': `Bearer ${tollgate.demo.admin_key}`, 'content-type': 'application/json' }, body: JSON.stringify({ name: HOSTILE, limit: '5', window: 'day', entity: 'ent_hostile' }) })
    await post('/v1/customers/cus_hostile/credits', { amount: '5', reference: HOSTILE })
    await post('/v1/keys', { name: HOSTILE, scopes: ['gateway'], customer: 'cus_hostile' })
    await post('/v1/events', { specversion: '1.0', id: HOSTILE, source: HOSTILE, type: 'ai.request', subject: 'cus_hostile', data: { model: HOSTILE, run: 'run', feature: 'chat', region: HOSTILE, input_tokens: 5000, output_tokens: 10 } })
    portal = (await post('/v1/customers/cus_hostile/portal-sessions', { admin: true, return_url: 'https://example.com/"><script>window.hacked=1</script>' }))['url']!
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    await tollgate.stop()
  })

  test('are shown as text everywhere, and nothing of them runs', async () => {
    const { page, errors } = await chromium.open()
    await signIn(page, tollgate.demo.url, tollgate.demo.admin_key)
    const look = async (what: string) => {
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled(page)
      expect([what, await page.evaluate('window.hacked ?? null'), await page.locator('img, script:not([src])').count()]).toEqual([what, null, 0])
    }
    for (const path of ['', 'live', 'customers', 'operations/keys', 'operations/audit', ...['overview', 'usage', 'events', 'budgets', 'invoice', 'ledger', 'keys', 'decisions', 'audit'].map((tab) => `customers/cus_hostile?tab=${tab}`), `customers?search=${encodeURIComponent(HOSTILE)}`, `live?model=${encodeURIComponent(HOSTILE)}`]) {
      await page.goto(`${tollgate.demo.url}/console/${path}`)
      await look(path)
    }
    await page.goto(`${tollgate.demo.url}/console/customers`)
    await page.getByText(HOSTILE).first().waitFor()
    await page.goto(portal)
    for (const tab of ['Usage', 'Activity', 'Credits', 'Limits', 'Invoice', 'Plans', 'Overview']) {
      await page.getByRole('tab', { name: tab }).click()
      await look(tab)
    }
    expect(errors).toEqual([])
  }, 90_000)

  test('a link back that is no web address is refused', async () => {
    const answer = await tollgate.post('/v1/customers/cus_hostile/portal-sessions', { return_url: 'javascript:window.hacked=1' })
    expect(answer.status).toBe(400)
  })
})
