// The portal in the languages and zone of its tenant, and its people told by mail: from the address that somebody types to the mail that comes
// when a cap is used up.

import type { AddressInfo } from 'node:net'
import { simpleParser, type ParsedMail } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { axeFindings, missingBrowser, openBrowser, settled } from './browser.ts'

describe.runIf(missingBrowser === null)('the portal, elsewhere', () => {
  let tollgate: Tollgate
  let chromium: Awaited<ReturnType<typeof openBrowser>>
  let smtp: SMTPServer
  const got: ParsedMail[] = []
  beforeAll(async () => {
    tollgate = await startTollgate()
    chromium = await openBrowser()
    smtp = new SMTPServer({
      authOptional: true,
      onData: (stream, _session, done) => {
        const read = async () => {
          got.push(await simpleParser(stream))
          done()
        }
        void read()
      },
    })
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
    await fetch(`${tollgate.demo.url}/v1/mail-server`, { method: 'PUT', headers: { 'authorization': `Bearer ${tollgate.demo.admin_key}`, 'content-type': 'application/json' }, body: JSON.stringify({ host: '127.0.0.1', port: (smtp.server.address() as AddressInfo).port, security: 'none', sender: 'billing@example.com' }) })
    await tollgate.post(`/v1/customers/${tollgate.demo.customer}/credits`, { amount: '5.00' })
    for (let index = 0; index < 10; index += 1) await ask()
  }, 120_000)
  afterAll(async () => {
    await chromium.close()
    await new Promise<void>((resolve) => smtp.close(() => resolve()))
    await tollgate.stop()
  })
  const ask = () => tollgate.client({ maxRetries: 0 }).chat.completions.create({ model: 'sandbox-small', max_tokens: 300, messages: [{ role: 'user', content: 'Say hello' }] })
  const link = async (body: unknown = {}): Promise<string> => ((await (await tollgate.post(`/v1/customers/${tollgate.demo.customer}/portal-sessions`, body)).json()) as { readonly url: string }).url

  test.each([
    ['de-DE', ['Übersicht', 'Nutzung', 'Aktivität', 'Guthaben', 'Limits', 'Rechnung', 'Tarife'], /\d,\d\d\s\$/],
    ['fr-FR', ['Aperçu', 'Utilisation', 'Activité', 'Crédits', 'Limites', 'Facture', 'Formules'], /\d,\d\d\s\$US/],
    ['es-ES', ['Resumen', 'Uso', 'Actividad', 'Créditos', 'Límites', 'Factura', 'Planes'], /\d,\d\d\sUS\$/],
  ] as const)('speaks %s on every page, with its numbers, and nothing of it is wider than a phone', async (locale, tabs, amount) => {
    const { page, errors } = await chromium.open({ width: 360, height: 740 })
    await page.goto(await link({ admin: true, locale }))
    for (const tab of tabs) {
      await page.getByRole('tab', { name: tab, exact: true }).click()
      await settled(page)
      // The reasons of recorded facts are shown as they were written: they stand in the one ordered list.
      const text = (await page.evaluate(`(() => { const main = document.querySelector('main').cloneNode(true); for (const list of main.querySelectorAll('ol')) list.remove(); const walker = document.createTreeWalker(main, 4); const texts = []; while (walker.nextNode()) texts.push(walker.currentNode.data); return texts.join(' ') })()`)) as string
      // Words that every English page has, and that no other language knows.
      expect([tab, text.match(/\b(the|your|with|used|starts|Credits|Usage|left|from|Change|Remove|until)\b/g)]).toEqual([tab, null])
      expect([tab, await page.evaluate('document.documentElement.scrollWidth - innerWidth')]).toEqual([tab, expect.toSatisfy((over: number) => over <= 0)])
      expect(await axeFindings(page), tab).toEqual([])
    }
    expect(await page.locator('main').innerText()).toMatch(amount)
    expect(await page.evaluate('document.documentElement.lang')).toBe(locale.slice(0, 2))
    expect(errors).toEqual([])
  }, 60_000)

  test('days and times are the customer’s, and UTC is one press away', async () => {
    const post = (path: string, body: unknown) => tollgate.post(path, body)
    await post('/v1/customers', { id: 'cus_far', name: 'Far', plan: 'prepaid', time_zone: 'Pacific/Auckland', locale: 'en-NZ' })
    await post('/v1/events', { specversion: '1.0', id: 'far', source: 'test', type: 'ai.request', subject: 'cus_far', time: '2026-11-24T13:30:00Z', data: { feature: 'chat', model: 'm', input_tokens: 50 } })
    const { page } = await chromium.open()
    await page.goto(((await (await post('/v1/customers/cus_far/portal-sessions', {})).json()) as { readonly url: string }).url)
    await page.getByRole('tab', { name: 'Activity' }).click()
    await page.getByText(/^25 Nov 2026, 02:30$/).waitFor()
    await page.getByRole('button', { name: 'Times in Pacific/Auckland' }).click()
    await page.getByText(/^24 Nov 2026, 13:30 UTC$/).waitFor()
  })

  test('somebody is added in the portal, says yes by the mail, is told when a cap is used up, and leaves', async () => {
    const { page, errors } = await chromium.open()
    await page.goto(await link({ admin: true }))
    await page.getByRole('tab', { name: 'Limits' }).click()
    await page.getByRole('button', { name: 'Set a cap of your own' }).click()
    await page.getByLabel('Name').fill('Ours')
    await page.getByLabel('Limit, in the currency of the plan').fill('0.02')
    await page.getByLabel('When it is used up').selectOption('soft')
    await page.getByRole('button', { name: 'Set', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Add somebody' }).click()
    await page.getByLabel('Address').fill('ada@example.com')
    expect(await axeFindings(page)).toEqual([])
    await page.getByRole('button', { name: 'Ask the address' }).click()
    await page.getByText('ada@example.com was asked').waitFor()
    await expect.poll(() => got.length, { timeout: 15_000 }).toBe(1)
    const href = /http\S+#confirm=\S+/.exec(got[0]!.text ?? '')![0]
    const person = (await chromium.open()).page
    await person.goto(href)
    await person.getByRole('button', { name: 'Yes, tell me' }).click()
    await person.getByText(/^ada@example\.com is told about/).waitFor()
    expect(await axeFindings(person)).toEqual([])
    for (let index = 0; index < 6; index += 1) await ask()
    await expect.poll(() => got.map(({ subject }) => subject), { timeout: 20_000 }).toContainEqual(expect.stringMatching(/^\d+% of “Ours” is used/))
    await person.goto(/http\S+#leave=\S+/.exec(got.at(-1)!.text ?? '')![0])
    await person.reload()
    await person.getByRole('button', { name: 'End them' }).click()
    await person.getByText('ada@example.com gets no more mail').waitFor()
    await page.reload()
    await page.getByText('left', { exact: true }).first().waitFor()
    expect(errors).toEqual([])
  }, 90_000)
})
