// The books at the command line: a month that agrees ends with 0, one that does not with 1 and both sides; files appear whole.

import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testApi, type TestApi } from '../../../../test/api.ts'
import { registerBooksCommand } from './books.ts'
import { registerExportCommands } from './export.ts'
import { registerMarginCommand } from './margin.ts'
import type { CliDeps } from './output.ts'

const folder = mkdtempSync(join(tmpdir(), 'books-'))
let api: TestApi
let url = ''
beforeAll(async () => {
  api = await testApi()
  url = await api.listen()
  await api.call('POST /v1/customers', { body: { id: 'cus_a', name: 'A', plan: 'prepaid' } })
  await api.call('POST /v1/customers/cus_a/credits', { body: { amount: '5' } })
  await api.call('POST /v1/events', { body: [{ specversion: '1.0', source: 't', id: '1', subject: 'cus_a', type: 'ai.request', data: { feature: 'chat', model: 'm', input_tokens: 9_000, cost: { amount: '0.04', currency: 'USD' } } }] })
})
afterAll(() => api.close())

async function run(args: readonly string[], register: (program: Command, deps: CliDeps) => void): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const texts = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => new PassThrough().on('data', (chunk: Buffer) => void (texts[name] += chunk))
  let code = 0
  const program = new Command().exitOverride()
  register(program, { stdin: new PassThrough(), stdout: stream('stdout'), stderr: stream('stderr'), env: { TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: api.admin, NO_COLOR: '1' }, setExitCode: (value) => void (code = value) })
  await program.parseAsync([...args], { from: 'user' })
  return { code, ...texts }
}

test('the running month is shown with every account by cause, and agrees', async () => {
  const { code, stdout, stderr } = await run(['books'], registerBooksCommand)
  expect([code, stderr]).toEqual([0, expect.stringContaining('tollgate export journals --from')])
  expect(stdout).toMatch(/2400 +Prepaid credit +0 +4\.895/)
  expect(stdout).toMatch(/Usage +-0\.105/)
  expect(stdout).toContain('revenue 0.105, expenses 0.04')
  expect(stdout).toMatch(/agrees {2}\d+ checks/)
})

test('the margin is shown by what is asked for, with what it says beside', async () => {
  const { code, stdout } = await run(['margin', '--by', 'model'], registerMarginCommand)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^m +1 +0\.105 +0\.04 +0 +0\.065 +61\.9 %$/m)
  expect(stdout).toContain('1 customers, revenue a customer 0.105')
})

test('a month that does not agree names both sides and ends with 1', async () => {
  await api.world.plane.sql`update credit_block set remaining = remaining - 1`
  const { code, stdout } = await run(['books'], registerBooksCommand)
  await api.world.plane.sql`update credit_block set remaining = remaining + 1`
  expect([code, stdout]).toEqual([1, expect.stringContaining('differs  open blocks that were bought = prepaid credit: 3.895 ≠ 4.895 USD')])
})

test('an export that was interrupted goes on where it was, also when it died in the middle of a write', async () => {
  const events = Array.from({ length: 9 }, (_, index) => ({ specversion: '1.0', source: 't', id: `more${index}`, subject: 'cus_a', type: 'ai.request', data: { feature: 'chat', model: 'm', input_tokens: 10 } }))
  await api.call('POST /v1/events', { body: events })
  const [day, out] = [new Date().toISOString().slice(0, 10), join(mkdtempSync(join(tmpdir(), 'export-')), 'events.csv')]
  const args = ['export', 'events', '--from', day, '--to', day, '--out', out]
  expect((await run(args, registerExportCommands)).stderr).toContain('10 rows of events')
  const whole = readFileSync(out, 'utf8')
  const first = await api.call(`GET /v1/exports/data/events?from=${day}&to=${day}&rows=4`)
  writeFileSync(`${out}.part`, `${first.text}half of a li`)
  writeFileSync(`${out}.part.json`, JSON.stringify({ query: `events?from=${day}&to=${day}&format=csv&rows=10000`, next: first.headers['tollgate-next'], rows: 4, bytes: Buffer.byteLength(first.text), parts: [] }))
  const { code, stderr } = await run(args, registerExportCommands)
  expect([code, stderr, readFileSync(out, 'utf8') === whole, existsSync(`${out}.part.json`)]).toEqual([0, expect.stringContaining('Going on after 4 rows'), true, false])
})

test('Parquet is a folder of parts with a manifest that names what is in each', async () => {
  const [day, out] = [new Date().toISOString().slice(0, 10), join(folder, 'charges')]
  const { code, stderr } = await run(['export', 'charges', '--from', day, '--to', day, '--format', 'parquet', '--out', out], registerExportCommands)
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'))
  const bytes = readFileSync(join(out, 'part-00001.parquet'))
  expect([code, stderr, readdirSync(out).sort()]).toEqual([0, expect.stringContaining('rows of charges in 1 files'), ['manifest.json', 'part-00001.parquet']])
  expect(manifest.files).toEqual([{ file: 'part-00001.parquet', rows: manifest.rows, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }])
  rmSync(out, { recursive: true })
})

test('what is no file, such as a pipe, is written into and stays what it is', async () => {
  const [day, pipe] = [new Date().toISOString().slice(0, 10), join(folder, 'pipe')]
  execFileSync('mkfifo', [pipe])
  for (const dataset of ['journals', 'events']) {
    const read = promisify(execFile)('cat', [pipe])
    const { code } = await run(['export', dataset, '--from', day, '--to', day, '--out', pipe], registerExportCommands)
    expect([dataset, code, (await read).stdout.length > 0, statSync(pipe).isFIFO()]).toEqual([dataset, 0, true, true])
  }
  rmSync(pipe)
})

test('a file appears whole, or not at all, and what is not closed is told', async () => {
  const [day, out] = [new Date().toISOString().slice(0, 10), join(folder, 'journals.csv')]
  const { code, stderr } = await run(['export', 'journals', '--from', day, '--to', day, '--out', out], registerExportCommands)
  expect([code, readdirSync(folder)]).toEqual([0, ['journals.csv']])
  expect(readFileSync(out, 'utf8')).toBe('journal_id,line,date,period,account,account_name,debit,credit,currency,cause,memo\r\n')
  expect(stderr).toContain('No day is closed yet')
  const refused = await run(['export', 'journals', '--from', day, '--to', '2020-01-01', '--out', join(folder, 'other.csv')], registerExportCommands)
  expect([refused.code, existsSync(join(folder, 'other.csv')), refused.stderr]).toEqual([1, false, expect.stringContaining('[out_of_range]')])
})
