// `tollgate import` against a real server: mapping, dry run, refused rows, a kill in the middle, the same file twice, Parquet.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { parquetWriteFile } from 'hyparquet-writer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { registerImportCommand } from './import.ts'
import type { CliDeps } from './output.ts'
import { testApi, type TestApi } from '../../../../test/api.ts'
import { publishMeters } from '../../../../test/meters.ts'
import { MAIN } from '../../../../test/e2e/tollgate.ts'

let api: TestApi
let url: string
const folder = mkdtempSync(join(tmpdir(), 'tollgate-import-'))
beforeAll(async () => {
  api = await testApi()
  await publishMeters(api)
  url = await api.listen()
  for (const id of ['cus_a', 'cus_b', 'cus_kill', 'cus_pq']) await api.call('POST /v1/customers', { body: { id, name: id, plan: 'metered', starts_at: '2025-12-01T00:00:00Z' } })
})
afterAll(() => api.close())

type Run = { readonly code: number; readonly out: string; readonly err: string }

async function run(...args: readonly string[]): Promise<Run> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const texts = { out: '', err: '' }
  stdout.on('data', (chunk) => (texts.out += String(chunk)))
  stderr.on('data', (chunk) => (texts.err += String(chunk)))
  let code = -1
  const deps: CliDeps = { stdin: new PassThrough(), stdout, stderr, env: { TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: api.admin, NO_COLOR: '1' }, setExitCode: (value) => void (code = value) }
  const program = new Command().exitOverride()
  registerImportCommand(program, deps)
  await program.parseAsync(['node', 'tollgate', 'import', ...args])
  await new Promise((resolve) => setImmediate(resolve))
  return { code, ...texts }
}

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const day = new Date(Date.now() - 86_400_000).toISOString()
const total = async (customer: string, meter: string) => (await api.call(`GET /v1/customers/${customer}/usage?granularity=total&meter=${meter}&from=2026-01-01T00:00:00Z`)).body.data[0]?.quantity ?? '0'

test('columns are mapped, what is left over is data, and refused rows stand in a file with what was wrong', async () => {
  const path = file('usage.csv', [
    'request,tenant,happened,gpu_ms,region,note',
    `r1,cus_a,${day},1500,eu,"with, comma"`,
    `r2,cus_b,${Date.parse(day)},250,us,`,
    `r3,cus_nobody,${day},1,eu,`,
    'r4,cus_a,yesterday,1,eu,',
    `r5,cus_a,${day},-3,eu,`,
  ].join('\n'))
  const flags = [path, '--map', 'id=request', '--map', 'customer=tenant', '--map', 'time=happened', '--set', 'type=job', '--ignore', 'note']
  const dry = await run(...flags, '--dry-run')
  expect([dry.code, dry.out.split('\n')[0]]).toEqual([2, expect.stringMatching(/^5 rows of 3 customers.*2 would be refused$/)])
  expect(await total('cus_a', 'gpu_ms')).toBe('0')
  const first = await run(...flags)
  expect([first.code, first.out]).toEqual([2, `5 rows: 2 accepted, 0 known before, 3 refused; see ${path}.errors.ndjson\n`])
  const errors = readFileSync(`${path}.errors.ndjson`, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { row: number; field: string; values: { request: string } })
  expect(errors.map(({ row, values }) => [row, values.request])).toEqual([[3, 'r3'], [4, 'r4'], [5, 'r5']])
  expect([await total('cus_a', 'gpu_ms'), await total('cus_b', 'gpu_ms')]).toEqual(['1500', '250'])
  expect((await run(...flags, '--json')).out).toContain('"duplicate": 2')
  expect(await total('cus_a', 'gpu_ms')).toBe('1500')
})

test('a mapping that cannot be is told with the columns that there are', async () => {
  const path = file('plain.csv', 'a,b\n1,2\n')
  expect((await run(path, '--map', 'customer=tenant')).err).toMatch(/no column tenant/)
  expect((await run(path)).err).toMatch(/Nothing says the customer.*\n.*--map customer=<column>/)
})

test('killed in the middle it goes on where it was, and nothing is counted twice', { timeout: 120_000 }, async () => {
  const rows = Array.from({ length: 20_000 }, (_, index) => `cus_kill,${day},job,${index % 10}`)
  const path = file('large.csv', `customer,time,type,gpu_ms\n${rows.join('\n')}\n`)
  const child = spawn(process.execPath, [MAIN, 'import', path, '--batch', '500'], { env: { PATH: process.env['PATH'], TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: api.admin }, stdio: 'ignore' })
  await expect.poll(() => existsSync(`${path}.import.json`), { timeout: 60_000 }).toBe(true)
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  const second = await run(path, '--batch', '2000', '--json')
  expect(second.err).toMatch(/Going on after row \d+/)
  const { rows: all, accepted, duplicate, refused } = JSON.parse(second.out) as Record<string, number>
  expect([all, accepted! + duplicate!, refused]).toEqual([20_000, 20_000, 0])
  expect(await total('cus_kill', 'gpu_ms')).toBe('90000')
})

test('Parquet keeps the digits of its numbers', async () => {
  const path = join(folder, 'usage.parquet')
  await parquetWriteFile({ filename: path, columnData: [
    { name: 'customer', data: ['cus_pq', 'cus_pq'], type: 'STRING' },
    { name: 'at', data: [new Date(day), new Date(day)], type: 'TIMESTAMP' },
    { name: 'gpu_ms', data: [12_345_678_901n, 1n], type: 'INT64' },
    { name: 'stored', data: [1.25, 2.5], type: 'DOUBLE' },
  ] })
  const imported = await run(path, '--map', 'time=at', '--set', 'type=job')
  expect([imported.code, imported.out]).toEqual([0, '2 rows: 2 accepted, 0 known before, 0 refused\n'])
  expect(await total('cus_pq', 'gpu_ms')).toBe('12345678902')
})
