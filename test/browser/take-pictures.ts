// Takes the pictures of the pages that the documentation shows, in light and dark, from a Tollgate of its own with some weeks of usage:
// `node test/browser/take-pictures.ts`. What it writes is checked in, so that a change of the look is seen in review.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { openBrowser, settled, signIn } from './browser.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'images')
const DAY_MS = 86_400_000
const CUSTOMERS = [['acme', 'Acme Robotics', 'hybrid'], ['northwind', 'Northwind Legal', 'prepaid'], ['lumen', 'Lumen Health', 'hybrid'], ['papaya', 'Papaya Commerce', 'free'], ['orbital', 'Orbital Games', 'prepaid'], ['fjord', 'Fjord Analytics', 'hybrid']] as const
const MODELS = ['gpt-5-mini', 'gpt-5', 'gpt-4o-mini', 'sandbox-small'] as const

/** The same numbers on every machine: a small linear generator. */
function numbers(): (below: number) => number {
  let state = 7
  return (below) => {
    state = (state * 16_807) % 2_147_483_647
    return Math.floor((state / 2_147_483_647) * below)
  }
}

async function fill(tollgate: Tollgate): Promise<void> {
  const post = async (path: string, body: unknown, key?: string) => {
    const answer = await tollgate.post(path, body, key === undefined ? {} : { key })
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
    return (await answer.json()) as Record<string, string>
  }
  for (const [id, name, plan] of CUSTOMERS) await post('/v1/customers', { id: `cus_${id}`, name, plan, external_id: `crm-${id}`, starts_at: new Date(Date.now() - 28 * DAY_MS).toISOString() })
  await post('/v1/customers/cus_acme/entities', { id: 'ent_research', kind: 'team', name: 'Research' })
  await post('/v1/customers/cus_acme/entities', { id: 'ent_support', kind: 'team', name: 'Support desk' })
  await post('/v1/customers/cus_acme/credits', { amount: '25', category: 'promotional', expires_at: new Date(Date.now() + 10 * DAY_MS).toISOString(), reference: 'welcome' })
  await post('/v1/customers/cus_northwind/credits', { amount: '120' })
  await post('/v1/customers/cus_fjord/subscription/facts', { kind: 'payment_failed', reason: 'the card was declined' })
  const number = numbers()
  const events = ['acme', 'northwind', 'lumen', 'fjord'].flatMap((customer) =>
    Array.from({ length: 28 }, (_, day) => day).flatMap((day) =>
      Array.from({ length: 2 + number(6) }, (_, index) => ({
        specversion: '1.0', id: `${customer}-${day}-${index}`, source: 'app', type: 'ai.request', subject: `cus_${customer}`, time: new Date(Date.now() - day * DAY_MS - number(60_000_000) - 60_000).toISOString(),
        data: { feature: ['chat', 'agents'][number(2)], model: MODELS[Math.min(number(4), number(4))], ...(customer === 'acme' ? { entity: ['ent_research', 'ent_support'][number(2)] } : {}), input_tokens: 2_000 + number(60_000), output_tokens: 400 + number(9_000) },
      }))))
  for (let at = 0; at < events.length; at += 200) await post('/v1/events', events.slice(at, at + 200))
  const { key } = await post('/v1/keys', { name: 'production', scopes: ['gateway'], customer: 'cus_acme', entity: 'ent_research' })
  const ask = (used: string, model: string) => fetch(`${tollgate.demo.gateway_url}/v1/chat/completions`, { method: 'POST', headers: { 'authorization': `Bearer ${used}`, 'content-type': 'application/json' }, body: JSON.stringify({ model, max_tokens: 300, messages: [{ role: 'user', content: 'Say hello' }] }) }).then((answer) => answer.text())
  for (let index = 0; index < 20; index += 1) {
    await ask(tollgate.demo.key, 'sandbox-small')
    await ask(key!, index % 3 === 0 ? 'sandbox-large' : 'sandbox-small')
  }
}

const tollgate = await startTollgate()
const chromium = await openBrowser()
try {
  mkdirSync(FOLDER, { recursive: true })
  await fill(tollgate)
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  const refusal = (await tollgate.get<{ readonly data: readonly { readonly id: string }[] }>('/v1/decisions?outcome=denied&limit=1')).data[0]!
  const portal = ((await (await tollgate.post('/v1/customers/cus_northwind/portal-sessions', {})).json()) as { readonly url: string }).url
  for (const scheme of ['light', 'dark'] as const) {
    const { page } = await chromium.open({ scheme, width: 1200, height: 760 })
    await signIn(page, tollgate.demo.url, tollgate.demo.admin_key)
    const take = async (name: string, url: string) => {
      await page.goto(url)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await settled(page)
      await page.waitForTimeout(800)
      await page.screenshot({ path: join(FOLDER, `${name}-${scheme}.png`), animations: 'disabled' })
    }
    await take('overview', `${tollgate.demo.url}/console/`)
    await take('why', `${tollgate.demo.url}/console/customers/${tollgate.demo.customer}/decisions/${refusal.id}`)
    await take('usage', `${tollgate.demo.url}/console/customers/cus_acme?tab=usage`)
    await take('customer', `${tollgate.demo.url}/console/customers/cus_fjord?tab=subscription`)
    await take('catalog', `${tollgate.demo.url}/console/catalog/edit`)
    await take('books', `${tollgate.demo.url}/console/money/books`)
    await take('portal', portal)
  }
} finally {
  await chromium.close()
  await tollgate.stop()
}
