// What a customer's page says about its credit, and the why of a request about its cost and its prompt: the figures are those of the API, and
// a prompt is read when somebody asks for it, once, under the eyes of the audit log.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, openConsole, signIn } from './browser.ts'

type Listed = { readonly data: readonly { readonly id: string }[] }

describe.runIf(missingBrowser === null)('credits and prompts in the console', () => {
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

  const send = async (method: string, path: string, body: unknown): Promise<Record<string, string>> => {
    const answer = await fetch(`${tollgate.demo.url}${path}`, { method, headers: { 'authorization': `Bearer ${tollgate.demo.admin_key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
    expect(answer.ok, `${method} ${path}`).toBe(true)
    return (await answer.json()) as Record<string, string>
  }
  const readings = async () => (await tollgate.get<Listed>('/v1/audit?action=prompt.read')).data.length

  test('the why names the entry that made the cost, and a kept prompt is read by a button alone, each reading noted', async () => {
    const { source } = await tollgate.get<{ readonly source: string }>('/v1/catalog')
    await send('PUT', '/v1/catalog', { source: source.replace('gateway:\n  feature: chat\n', 'gateway:\n  feature: chat\n  prompts:\n    - { feature: chat, keep_days: 7 }\n') })
    await tollgate.client().chat.completions.create({ model: 'sandbox-small', max_tokens: 300, messages: [{ role: 'user', content: 'Write to anna@example.com' }] })
    const { customer } = tollgate.demo
    const decisions = () => tollgate.get<Listed>(`/v1/decisions?customer=${customer}&outcome=allowed`).then(({ data }) => data[0]?.id)
    await expect.poll(decisions, { timeout: 15_000 }).toMatch(/^res_/)
    const id = await decisions()
    await expect.poll(() => tollgate.get<{ readonly prompt_kept_until: string | null }>(`/v1/customers/${customer}/requests/${id}`).then(({ prompt_kept_until: until }) => until), { timeout: 15_000 }).not.toBe(null)
    const { page, errors } = await openConsole(chromium, tollgate.demo, `customers/${customer}/decisions/${id}`)
    await page.getByText('sandbox/sandbox-small@2024-01-01').waitFor()
    await page.getByText('an entry of the catalog itself').waitFor()
    await page.getByRole('heading', { name: 'Prompt and answer' }).waitFor()
    expect(await readings()).toBe(0)
    await page.getByRole('button', { name: 'Read it' }).click()
    await page.getByText('Write to [email]').waitFor()
    await page.getByText('Taken out: 1 email.').waitFor()
    expect(await readings()).toBe(1)
    expect(await axeFindings(page)).toEqual([])
    expect(errors).toEqual([])
    const { key } = await send('POST', '/v1/keys', { name: 'viewer', scopes: ['viewer'] })
    const viewer = await chromium.open()
    await signIn(viewer.page, tollgate.demo.url, key!)
    await viewer.page.goto(page.url())
    await viewer.page.getByText('The roles support and admin may read it.').waitFor()
    expect(await viewer.page.getByRole('button', { name: 'Read it' }).count()).toBe(0)
    expect(viewer.errors).toEqual([])
  }, 60_000)

  test('credit for a feature stands beside the balance, what has ended and still pays says so, and the order is set and taken back', async () => {
    await send('POST', '/v1/customers', { id: 'cus_blocks', name: 'Blocks', plan: 'prepaid' })
    await send('POST', '/v1/customers/cus_blocks/credits', { amount: '20', features: ['chat'] })
    await send('POST', '/v1/customers/cus_blocks/credits', { amount: '7', category: 'promotional', expires_at: new Date(Date.now() + 4_000).toISOString() })
    await new Promise((resolve) => setTimeout(resolve, 4_500))
    const balance = await tollgate.get<{ readonly wallets: readonly { readonly by_feature: readonly { readonly balance: string }[] }[]; readonly blocks: readonly { readonly remaining: string; readonly features: readonly string[] }[] }>('/v1/customers/cus_blocks/balance')
    expect(balance.wallets[0]!.by_feature).toMatchObject([{ balance: '20', features: ['chat'] }])
    const { page, errors } = await openConsole(chromium, tollgate.demo, 'customers/cus_blocks')
    await page.getByText('For chat', { exact: true }).waitFor()
    const rows = page.getByRole('table', { name: 'Credit blocks' }).getByRole('row')
    await rows.filter({ hasText: 'chat' }).waitFor()
    await rows.filter({ hasText: 'Promotional' }).getByText('ended', { exact: true }).waitFor()
    await page.getByText(/The order of its plan\./).waitFor()
    await page.getByRole('button', { name: 'Order …' }).click()
    await page.getByLabel('First', { exact: true }).selectOption('newest')
    await page.getByLabel('Then, 2').selectOption('paid')
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Set the order' }).click()
    await page.getByText(/then what was added later, paid before promotional.*An order of its own\./).waitFor()
    expect((await tollgate.get<{ readonly burn_order: readonly string[] | null }>('/v1/customers/cus_blocks')).burn_order).toEqual(['newest', 'paid'])
    await page.getByRole('button', { name: 'Order …' }).click()
    await page.getByLabel('First', { exact: true }).selectOption('')
    await page.getByRole('button', { name: 'Set the order' }).click()
    await page.getByText(/The order of its plan\./).waitFor()
    expect(errors).toEqual([])
  }, 60_000)
})
