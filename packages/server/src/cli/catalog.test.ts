import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { CatalogDocument } from '@tollgate/core'
import { Command } from 'commander'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { diffCatalogs, plansTouched } from '../app/catalog/diff.ts'
import { parseCatalog } from '../app/catalog/parse-yaml.ts'
import { registerCatalogCommands } from './catalog.ts'
import type { CliDeps } from './output.ts'
import { registerStatusCommand } from './status.ts'

const DEMO = readFileSync('examples/catalogs/demo.yaml', 'utf8')
const KEY = 'tk_admin_test'
const CUSTOMERS: Readonly<Record<string, number>> = { hybrid: 2, free: 1 }

/** The three routes over a catalog in memory, with the real reading and comparing behind them. */
const state = { version: 3, source: DEMO, isReady: true, publishesMeanwhile: false, requests: [] as string[] }
let server: Server
let url = ''

beforeAll(async () => {
  server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
})
afterAll(() => void server.close())
beforeEach(() => void Object.assign(state, { version: 3, source: DEMO, isReady: true, publishesMeanwhile: false, requests: [] }))

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { source?: string; base_version?: number }
  const send = (status: number, value: unknown): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  const route = `${request.method} ${request.url}`
  state.requests.push(route)
  if (route === 'GET /healthz') return send(200, {})
  if (route === 'GET /readyz') return send(state.isReady ? 200 : 503, state.isReady ? {} : { detail: 'PostgreSQL does not answer' })
  if (request.headers.authorization !== `Bearer ${KEY}`) return send(401, { code: 'unauthorized', detail: 'This key is not known.' })
  if (route === 'GET /v1/catalog') return send(200, { version: state.version, applied_at: '2026-03-01T00:00:00Z', applied_by: 'key_1', source: state.source, document: documentOf(state.source) })
  const [before, after] = [documentOf(state.source), documentOf(body.source ?? '')]
  if (route === 'POST /v1/catalog/plan') {
    const changes = diffCatalogs(before, after)
    send(200, { base_version: state.version, changes, customers_touched: Object.fromEntries(plansTouched(changes, [before, after]).map((plan) => [plan, CUSTOMERS[plan] ?? 0])) })
    if (state.publishesMeanwhile) state.version += 1
    return
  }
  if (body.base_version !== state.version) return send(409, { code: 'catalog_conflict', field: 'base_version', detail: `version ${state.version} is in force` })
  state.source = body.source ?? ''
  state.version += 1
  send(200, { version: state.version, changed: true })
}

function documentOf(source: string): CatalogDocument {
  const parsed = parseCatalog(source)
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.issues))
  return parsed.document
}

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs a command line in this process, as main does; `answers` is what a person types at a terminal. */
async function run(args: readonly string[], options: { readonly answers?: string; readonly env?: CliDeps['env']; readonly piped?: string } = {}): Promise<Run> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const texts = { stdout: '', stderr: '' }
  stdout.on('data', (chunk: Buffer) => void (texts.stdout += chunk))
  stderr.on('data', (chunk: Buffer) => void (texts.stderr += chunk))
  const isTTY = options.answers !== undefined
  stdin.end(options.answers ?? options.piped ?? '')
  let code: number | null = null
  const deps: CliDeps = {
    stdin: Object.assign(stdin, { isTTY }), stdout, stderr: Object.assign(stderr, { isTTY, getColorDepth: () => 1 }),
    env: options.env ?? { TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: KEY }, setExitCode: (value) => void (code = value),
  }
  const program = new Command().exitOverride().configureOutput({ writeErr: (text) => void (texts.stderr += text), writeOut: (text) => void (texts.stdout += text) })
  registerCatalogCommands(program, deps)
  registerStatusCommand(program, deps)
  await program.parseAsync(['node', 'tollgate', ...args]).catch((error: { exitCode: number }) => void (code = error.exitCode))
  return { code, ...texts }
}

const folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'))
function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test('validate says that a sound file is, without a server', async () => {
  expect(await run(['catalog', 'validate', 'examples/catalogs/demo.yaml'], { env: {} })).toEqual({ code: 0, stdout: '', stderr: 'examples/catalogs/demo.yaml is valid.\n' })
})

test('validate prints each issue with file, line and column, and exits with 1', async () => {
  const path = file('bad.yaml', DEMO.replace('amount: 49', 'amuont: 49').replace('quantity: 200,', 'quantity: 1_000,'))
  expect(await run(['catalog', 'validate', path])).toEqual({
    code: 1,
    stdout: `${path}:35:31: fee has no field "amuont". Did you mean "amount"?\n${path}:61:83: quantity: "1_000" groups its digits. Write 1000.\n`,
    stderr: '',
  })
  const json = await run(['catalog', 'validate', path, '--json'])
  expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, issues: [{ line: 35, column: 31, code: 'unknown_field', suggestion: 'amount' }, { line: 61, code: 'invalid_decimal', suggestion: '1000' }] })
})

test('validate reads standard input and tells warnings without failing', async () => {
  const run_ = await run(['catalog', 'validate', '-'], { piped: DEMO.replace('funding: [allowance, overage]', 'funding: [overage]') })
  expect(run_).toEqual({ code: 0, stdout: 'standard input:43:14: warning: plan hybrid has allowances that nothing draws from: add allowance to its funding.\n', stderr: 'standard input is valid, with 1 warning.\n' })
})

test('a file that is not there is told with what to do', async () => {
  expect(await run(['catalog', 'validate', 'missing.yaml'])).toEqual({ code: 1, stdout: '', stderr: 'error: missing.yaml cannot be read (ENOENT).\nThe catalog in force: tollgate catalog pull --out catalog.yaml\n' })
})

test('plan exits with 0 when the server has the same', async () => {
  expect(await run(['catalog', 'plan', 'examples/catalogs/demo.yaml'])).toEqual({ code: 0, stdout: '', stderr: `No changes: version 3 at ${url} is the same.\n` })
})

test('plan shows changes by plan with the customers that they touch, and exits with 2', async () => {
  const path = file('dearer.yaml', DEMO.replace('amount: 49', 'amount: 59').replace('funding: [allowance]', 'funding: [allowance, wallet]').replace('name: Single sign-on', 'name: SSO'))
  const { code, stdout, stderr } = await run(['catalog', 'plan', path])
  expect(code).toBe(2)
  expect(stdout.replace(url, 'URL').replace(path, 'FILE')).toMatchInlineSnapshot(`
    "FILE against version 3 at URL:

      ~ feature sso.name: Single sign-on → SSO
      ~ plan hybrid  (2 customers)
          ~ fee.amount: 49 → 59
      ~ plan free  (1 customer)
          ~ plan.funding: [allowance] → [allowance, wallet]

    0 added, 3 changed, 0 removed; 3 customers touched.
    "
  `)
  expect(stderr).toContain('warning: beyond the allowance nothing prices input_tokens and output_tokens')
  expect(stderr).toContain(`To put it in force: tollgate catalog apply ${path}`)
})

test('plan tells that a plan with customers cannot simply go', async () => {
  const { stdout } = await run(['catalog', 'plan', file('gone.yaml', DEMO.replace(/ {2}# No prices[\s\S]*?funding: \[allowance\]\n/, ''))])
  expect(stdout).toContain(`  - plan free  (1 customer: move them first, or it is refused)
      - entitlement chat: models [*]
      - allowance tokens: meters [input_tokens, output_tokens], quantity 10000
      - limit daily_requests: meters [requests], quantity 200, window day, enforcement hard
`)
})

test('plan --json is the answer of the server', async () => {
  const { code, stdout, stderr } = await run(['catalog', 'plan', file('json.yaml', DEMO.replace('amount: 49', 'amount: 59')), '--json'])
  expect([code, stderr]).toEqual([2, ''])
  expect(JSON.parse(stdout)).toEqual({
    base_version: 3,
    changes: [{ action: 'changed', kind: 'fee', plan: 'hybrid', id: 'fee', fields: [{ field: 'amount', before: '49', after: '59' }] }],
    customers_touched: { hybrid: 2 }, migrations: [], impact: null,
  })
})

test('an invalid file never reaches the server', async () => {
  const { code, stderr } = await run(['catalog', 'plan', file('invalid.yaml', 'currency: USD\n')])
  expect([code, state.requests]).toEqual([1, []])
  expect(stderr).toContain('invalid.yaml:1:1: gateway is missing.')
})

const CHANGED = DEMO.replace('amount: 49', 'amount: 59')

test('apply asks a person and publishes on yes', async () => {
  const { code, stdout, stderr } = await run(['catalog', 'apply', file('yes.yaml', CHANGED)], { answers: 'y\n' })
  expect([code, stdout]).toEqual([0, 'Catalog version 4 is in force.\n'])
  expect(stderr).toContain('~ fee.amount: 49 → 59')
  expect(state.source).toBe(CHANGED)
})

test.each([['no', 'n\n'], ['an empty line', '\n'], ['the end of the input', '']])('apply changes nothing on %s', async (_, answers) => {
  const { code, stderr } = await run(['catalog', 'apply', file('no.yaml', CHANGED)], { answers })
  expect([code, state.version]).toEqual([1, 3])
  expect(stderr).toContain('Nothing was changed.')
})

test('apply refuses where nobody can be asked, unless approved beforehand', async () => {
  const path = file('auto.yaml', CHANGED)
  const refused = await run(['catalog', 'apply', path])
  expect([refused.code, state.version]).toEqual([1, 3])
  expect(refused.stderr).toContain('run it with --auto-approve')
  const done = await run(['catalog', 'apply', path, '--auto-approve', '--json'])
  expect([done.code, JSON.parse(done.stdout)]).toMatchObject([0, { version: 4, changed: true, changes: [{ kind: 'fee' }] }])
  expect(await run(['catalog', 'apply', path])).toMatchObject({ code: 0, stdout: 'No changes: catalog version 4 stays in force.\n' })
})

test('apply does not overwrite what somebody published after the plan', async () => {
  state.publishesMeanwhile = true
  const path = file('late.yaml', CHANGED)
  const { code, stderr } = await run(['catalog', 'apply', path, '--auto-approve'])
  expect([code, state.source]).toEqual([1, DEMO])
  expect(stderr).toContain(`Somebody else published meanwhile. Look again: tollgate catalog plan ${path}`)
})

test('pull gives the file back byte for byte, and keeps a local file that differs', async () => {
  expect(await run(['catalog', 'pull'])).toEqual({ code: 0, stdout: DEMO, stderr: '' })
  const path = file('mine.yaml', 'currency: EUR\n')
  expect(await run(['catalog', 'pull', '--out', path])).toMatchObject({ code: 1, stdout: '' })
  expect(readFileSync(path, 'utf8')).toBe('currency: EUR\n')
  expect(await run(['catalog', 'pull', '--out', path, '--force'])).toMatchObject({ code: 0, stderr: `Wrote catalog version 3 to ${path}.\n` })
  expect(readFileSync(path, 'utf8')).toBe(DEMO)
})

test('schema prints what is checked in', async () => {
  expect((await run(['catalog', 'schema'])).stdout).toBe(readFileSync('docs/reference/catalog.schema.json', 'utf8'))
})

test('without settings the demo is found in the data folder', async () => {
  mkdirSync(join(folder, 'data'), { recursive: true })
  file('data/demo.json', JSON.stringify({ url, admin_key: KEY }))
  expect(await run(['catalog', 'pull'], { env: { TOLLGATE_DATA_DIR: join(folder, 'data') } })).toMatchObject({ code: 0, stdout: DEMO })
})

test.each([
  ['no server is known', { TOLLGATE_DATA_DIR: '/nowhere' }, 'No server is known: TOLLGATE_URL is not set and /nowhere/demo.json cannot be read (ENOENT).\nStart the demo with `npm start`, or set TOLLGATE_URL and TOLLGATE_ADMIN_KEY.'],
  ['nobody answers', { TOLLGATE_URL: 'http://127.0.0.1:1', TOLLGATE_ADMIN_KEY: 'k' }, 'No Tollgate answers at http://127.0.0.1:1 ('],
  ['the address is none', { TOLLGATE_URL: 'localhost:4100' }, 'TOLLGATE_URL must hold an address such as http://127.0.0.1:4100, not "localhost:4100".'],
  ['there is a key but no address', { TOLLGATE_ADMIN_KEY: 'k' }, 'TOLLGATE_ADMIN_KEY is set, but not the address that it belongs to.'],
])('tells what to do when %s', async (_, env, message) => {
  const { code, stderr } = await run(['catalog', 'pull'], { env })
  expect(code).toBe(1)
  expect(stderr).toContain(message)
})

test('a refused key is told in the words of the server, and the key is not shown', async () => {
  const { code, stdout, stderr } = await run(['catalog', 'pull'], { env: { TOLLGATE_URL: url, TOLLGATE_ADMIN_KEY: 'tk_wrong_one' } })
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toBe('error: This key is not known. [unauthorized]\nThe key must have the scope admin and belong to this server: see TOLLGATE_ADMIN_KEY.\n')
})

test('status tells readiness by exit code', async () => {
  expect(await run(['status'])).toEqual({ code: 0, stdout: `${url}  ready\ncatalog  version 3\n`, stderr: '' })
  state.isReady = false
  expect(await run(['status'])).toMatchObject({ code: 1, stdout: `${url}  alive, not ready: PostgreSQL does not answer\ncatalog  version 3\n` })
  expect(JSON.parse((await run(['status', '--json'], { env: { TOLLGATE_URL: url } })).stdout)).toEqual({ url, alive: true, ready: false, catalog_version: null })
})

test('a misspelt command is answered with the right one', async () => {
  expect((await run(['catalog', 'validat', 'x'])).stderr).toContain('Did you mean validate?')
})
