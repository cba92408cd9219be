// A statement that a tenant verifies without us: what was posted verifies, and one changed byte anywhere in it is found.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkpointLedgers } from '../app/ledger/checkpoints.ts'
import { registerStatementCommands } from './statement.ts'
import { testApi, type TestApi } from '../../../../test/api.ts'

const folder = mkdtempSync(join(tmpdir(), 'statement-'))
let api: TestApi
let url = ''
beforeAll(async () => {
  api = await testApi()
  url = await api.listen()
})
afterAll(() => api.close())

async function run(args: readonly string[], key = api.admin): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const texts = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => new PassThrough().on('data', (chunk: Buffer) => void (texts[name] += chunk))
  let code = 0
  const program = new Command().exitOverride()
  registerStatementCommands(program, { stdin: new PassThrough(), stdout: stream('stdout'), stderr: stream('stderr'), env: { TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: key, NO_COLOR: '1' }, setExitCode: (value) => void (code = value) })
  await program.parseAsync([...args], { from: 'user' })
  return { code, ...texts }
}

async function live(customer: string): Promise<void> {
  await api.call('POST /v1/customers', { body: { id: customer, name: 'A', plan: 'prepaid' } })
  await api.call(`POST /v1/customers/${customer}/credits`, { body: { amount: '5' } })
  for (const round of [1, 2, 3]) {
    const events = Array.from({ length: 4 }, (_, index) => ({ specversion: '1.0', source: 'test', id: `${round}.${index}`, subject: customer, type: 'ai.request', data: { feature: 'chat', model: 'm', input_tokens: 900 * round, output_tokens: 100 } }))
    expect((await api.call('POST /v1/events', { body: events })).body.accepted).toBe(4)
    if (round === 2) await checkpointLedgers(api.world.plane)
  }
}

async function exported(customer: string, ...options: readonly string[]): Promise<string> {
  const file = join(folder, `${customer}.ndjson`)
  expect((await run(['statement', customer, '--out', file, ...options])).code).toBe(0)
  return file
}

test('what was posted verifies, and the answer says up to where it is signed', async () => {
  await live('cus_whole')
  const file = await exported('cus_whole', '--events')
  const { code, stdout } = await run(['verify', file, '--json'])
  const found = JSON.parse(stdout)
  expect({ code, ...found }).toMatchObject({ code: 0, verified: true, customer: 'cus_whole', events: 12, checkpoints: 1, unchained: 0, problems: [] })
  expect(found.signedUpTo).toBeGreaterThan(0)
  expect(found.signedUpTo).toBeLessThan(found.transfers)
  await checkpointLedgers(api.world.plane)
  const all = JSON.parse((await run(['verify', await exported('cus_whole', '--events'), '--json'])).stdout)
  expect(all.signedUpTo).toBe(all.transfers)
})

test('one changed byte in any transfer, event, key or checkpoint is found', async () => {
  await live('cus_forged')
  const file = await exported('cus_forged', '--events')
  const text = readFileSync(file, 'utf8')
  const first = text.indexOf('\n', text.indexOf('"kind":"key"')) + 1
  await fc.assert(fc.asyncProperty(fc.integer({ min: first, max: text.length - 2 }), fc.constantFrom('0', '1', '9', 'a', 'f', 'Z', '.', ' '), async (at, letter) => {
    fc.pre(text[at] !== letter && text[at] !== '\n')
    const forged = join(folder, 'forged.ndjson')
    writeFileSync(forged, text.slice(0, at) + letter + text.slice(at + 1))
    expect((await run(['verify', forged])).code, `byte ${at}: ${text.slice(Math.max(0, at - 30), at + 30)} → ${letter}`).toBe(1)
  }), { numRuns: 150 })
})

test('a line that is left out, doubled or moved is found', async () => {
  await live('cus_cut')
  const lines = readFileSync(await exported('cus_cut', '--events'), 'utf8').trimEnd().split('\n')
  const forged = join(folder, 'cut.ndjson')
  const check = async (changed: readonly string[]) => {
    writeFileSync(forged, changed.join('\n'))
    return (await run(['verify', forged])).code
  }
  expect(await check(lines)).toBe(0)
  const covered = lines.flatMap((line, index) => (/"kind":"(transfer|event)"/.test(line) ? [index] : []))
  for (const index of covered) {
    // The last transfer, without a checkpoint after it, may be missing: an older statement looks the same.
    const isLastTransfer = lines[index]!.includes('"kind":"transfer"') && !lines[index + 1]!.includes('"kind":"transfer"')
    if (!isLastTransfer) expect(await check(lines.toSpliced(index, 1)), `without ${lines[index]}`).toBe(1)
    expect(await check(lines.toSpliced(index, 0, lines[index]!)), `twice ${lines[index]}`).toBe(1)
  }
})

test('a ledger that was written anew and signed with a new key fails against a key that was kept', async () => {
  await live('cus_kept')
  await checkpointLedgers(api.world.plane)
  const keys = join(folder, 'keys.json')
  writeFileSync(keys, (await api.call('GET /v1/ledger/keys')).text)
  const file = await exported('cus_kept')
  expect((await run(['verify', file, '--keys', keys])).code).toBe(0)
  const { generateKeyPairSync } = await import('node:crypto')
  const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const { data: [key] } = JSON.parse(readFileSync(keys, 'utf8'))
  writeFileSync(keys, JSON.stringify({ data: [{ ...key, public_key: other }] }))
  const { code, stdout } = await run(['verify', file, '--keys', keys])
  expect([code, stdout]).toEqual([1, expect.stringContaining('does not fit')])
})

test('a tenant writes its own statement with its own key, and no other’s', async () => {
  await live('cus_own')
  const key = await api.key(['customer'], 'cus_own' as never)
  const { code, stdout } = await run(['statement', 'cus_own', '--events'], key)
  expect([code, stdout.split('\n').length > 10]).toEqual([0, true])
  expect((await run(['statement', 'cus_whole'], key)).code).toBe(1)
})
