// A dispute file, written by the command and read as a stranger would: it verifies without a server, its charges sum to its invoice, its prices are those
// that were in force, and nothing of providers or other customers is in it.

import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { unzipSync } from 'fflate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpointLedgers } from '../app/ledger/checkpoints.ts'
import { DEMO_CATALOG, publishSource } from '../../../../test/plane.ts'
import { testApi, type Json, type TestApi } from '../../../../test/api.ts'
import { registerDisputeCommand } from './dispute.ts'
import type { CliDeps } from './output.ts'
import { registerStatementCommands } from './statement.ts'

const folder = mkdtempSync(join(tmpdir(), 'dispute-'))
const today = new Date().toISOString().slice(0, 10)
let api: TestApi
let url = ''
let files: Record<string, string> = {}

beforeAll(async () => {
  api = await testApi()
  url = await api.listen()
  await api.call('PUT /v1/billing/settings', { body: { seller: { name: 'Seller Inc.' } } })
  for (const id of ['cus_asked', 'cus_other']) {
    await api.call('POST /v1/customers', { body: { id, name: `Name of ${id}`, plan: 'hybrid' } })
    await use(id, 5, 200_000)
  }
  // The price changes in the middle: each charge names the version that it met.
  await publishSource(api.world.plane, readFileSync(DEMO_CATALOG, 'utf8').replace('amount: 0.015, per: 1000', 'amount: 0.02, per: 1000'))
  await use('cus_asked', 3, 100_000)
  await checkpointLedgers(api.world.plane)
  await api.call('POST /v1/customers/cus_asked/invoices', { body: { kind: 'progressive' } })
  await checkpointLedgers(api.world.plane)
  const out = join(folder, 'asked.zip')
  const { code, stderr } = await run(['dispute', 'cus_asked', '--from', today, '--to', today, '--out', out])
  if (code !== 0) throw new Error(stderr)
  files = Object.fromEntries(Object.entries(unzipSync(readFileSync(out))).map(([name, bytes]) => [name, Buffer.from(bytes).toString('latin1')]))
})
afterAll(() => api.close())

let count = 0
async function use(customer: string, events: number, tokens: number): Promise<void> {
  const list = Array.from({ length: events }, () => ({ specversion: '1.0', source: 's', id: `e${(count += 1)}`, subject: customer, type: 'ai.request', data: { feature: 'chat', model: 'm', input_tokens: tokens, cost: { amount: '0.0777', currency: 'USD' } } }))
  await api.call('POST /v1/events', { body: list })
}

async function run(args: readonly string[]): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const texts = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => new PassThrough().on('data', (chunk: Buffer) => void (texts[name] += chunk))
  let code = 0
  const program = new Command().exitOverride()
  const deps: CliDeps = { stdin: new PassThrough(), stdout: stream('stdout'), stderr: stream('stderr'), env: { TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: api.admin, NO_COLOR: '1' }, setExitCode: (value) => void (code = value) }
  registerDisputeCommand(program, deps)
  registerStatementCommands(program, deps)
  await program.parseAsync([...args], { from: 'user' })
  return { code, ...texts }
}

const rows = (name: string): Json[] => {
  const [head, ...lines] = files[name]!.trim().split('\r\n').map((line) => line.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/))
  return lines.map((line) => Object.fromEntries(head!.map((column, index) => [column, line[index]])))
}

test('it holds what it says, each file as the manifest says', () => {
  expect(Object.keys(files)).toEqual(['README.md', 'events.csv', 'charges.csv', 'prices/version-1.json', 'prices/version-2.json', 'contract.json', 'decisions.ndjson', 'documents/INV-000001.json', 'documents/INV-000001.pdf', 'statement.ndjson', 'manifest.json'])
  const manifest = JSON.parse(files['manifest.json']!).files
  expect(manifest.map(({ file }: Json) => file)).toEqual(Object.keys(files).slice(0, -1))
  for (const { file, bytes, sha256 } of manifest) {
    const data = Buffer.from(files[file]!, 'latin1')
    expect([data.length, createHash('sha256').update(data).digest('hex')], file).toEqual([bytes, sha256])
  }
  expect(files['README.md']).toContain('- 8 usage events were charged')
  expect(files['documents/INV-000001.pdf']!.slice(0, 5)).toBe('%PDF-')
})

test('its statement verifies without a server, events and signatures included, and one changed charge is found', async () => {
  const file = join(folder, 'statement.ndjson')
  writeFileSync(file, Buffer.from(files['statement.ndjson']!, 'latin1'))
  const { code, stdout } = await run(['verify', file, '--json'])
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ verified: true, events: 8, checkpoints: 2, unchained: 0 })])
  writeFileSync(file, Buffer.from(files['statement.ndjson']!.replace(/("kind":"event".*?"amount":")/, '$11'), 'latin1'))
  expect((await run(['verify', file])).code).toBe(1)
})

test('the charges of each price sum to the line of the invoice, and name the version of the price list that they met', () => {
  const units = (text: string) => Math.round(Number(text) * 1e6)
  const charges = rows('charges.csv')
  const { document } = JSON.parse(files['documents/INV-000001.json']!)
  const sum = charges.filter(({ price }) => price === 'input_tokens').reduce((total, { amount }) => total + units(amount), 0)
  expect(sum).toBe(document.lines.reduce((total: number, { exact }: Json) => total + units(exact), 0))
  expect(new Set(charges.map(({ catalog_version: version }) => version))).toEqual(new Set(['1', '2']))
  const priceIn = (version: number) => JSON.parse(files[`prices/version-${version}.json`]!).plans.find(({ id }: Json) => id === 'hybrid').prices.find(({ id }: Json) => id === 'input_tokens').amount
  expect([priceIn(1), priceIn(2)]).toEqual(['0.015', '0.02'])
})

test('nothing of providers’ cost, of other plans or of other customers is in it', () => {
  const all = Object.entries(files).filter(([name]) => !name.endsWith('.pdf')).map(([, text]) => text).join('\n')
  expect(rows('events.csv')).toHaveLength(8)
  expect(Object.keys(rows('events.csv')[0])).not.toContain('cost')
  for (const secret of ['0.0777', 'cus_other', 'rate_card', 'per_million', '"id": "prepaid"']) expect(all, secret).not.toContain(secret)
})

test('decisions name their members as the API does', () => {
  const text = files['decisions.ndjson']!
  expect(text).not.toMatch(/"[a-z]+[A-Z]/)
})

test('a time in which nothing happened is a file that says so', async () => {
  const out = join(folder, 'empty.zip')
  expect((await run(['dispute', 'cus_asked', '--from', '2020-01-01', '--to', '2020-01-31', '--out', out])).code).toBe(0)
  const empty = unzipSync(readFileSync(out))
  expect(Buffer.from(empty['README.md']!).toString()).toContain('Nothing was used in this time.')
  expect(Object.keys(empty)).not.toContain('documents/INV-000001.json')
})

test('a customer that is not there, days that are too many, and a tenant’s key are refused before anything is written', async () => {
  for (const [customer, from, code] of [['cus_nobody', today, 'not_found'], ['cus_asked', '2020-01-01', 'out_of_range']] as const) {
    const refused = await run(['dispute', customer, '--from', from, '--to', today, '--out', join(folder, 'none.zip')])
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`[${code}]`)])
  }
  const key = await api.key(['customer'], 'cus_asked' as never)
  expect((await api.call(`GET /v1/customers/cus_asked/dispute-file?from=${today}&to=${today}`, { key })).status).toBe(403)
})
