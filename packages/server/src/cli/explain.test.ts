// The explain commands: what the docs show is what they print, their schemas are checked in, and mistakes are told by field.

import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { EXPLANATIONS, registerExplainCommands, renderExplainSchemas } from './explain.ts'
import type { CliDeps } from './output.ts'

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

async function run(args: readonly string[], piped: string | null = ''): Promise<Run> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const texts = { stdout: '', stderr: '' }
  stdout.on('data', (chunk: Buffer) => void (texts.stdout += chunk))
  stderr.on('data', (chunk: Buffer) => void (texts.stderr += chunk))
  stdin.end(piped ?? '')
  let code: number | null = null
  const deps: CliDeps = { stdin: Object.assign(stdin, { isTTY: piped === null }), stdout, stderr: Object.assign(stderr, { isTTY: false }), env: {}, setExitCode: (value) => void (code = value) }
  const program = new Command().exitOverride().configureOutput({ writeErr: (text) => void (texts.stderr += text), writeOut: (text) => void (texts.stdout += text) })
  registerExplainCommands(program, deps)
  await program.parseAsync(['node', 'tollgate', 'explain', ...args]).catch((error: { exitCode: number }) => void (code = error.exitCode))
  return { code, ...texts }
}

const pipe = (command: string, input: unknown, ...options: readonly string[]) => run([command, ...options], typeof input === 'string' ? input : JSON.stringify(input))
const json = async (command: string, input: unknown) => JSON.parse((await pipe(command, input, '--json')).stdout) as Record<string, unknown>

const PAGE = readFileSync('docs/reference/explain.md', 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'tollgate-explain-'))
const FILES = [...PAGE.matchAll(/`([\w-]+\.json)`:\n\n```json\n([\s\S]*?)```/g)].map(([, name = '', text = '']) => ({ name, text }))
for (const { name, text } of FILES) writeFileSync(join(folder, name), text)
const SHOWN = [...PAGE.matchAll(/```console\n\$ tollgate explain (.*)\n([\s\S]*?)```/g)].map(([, command = '', output = '']) => [command, output] as const)
const argsOf = (command: string) => command.split(' ').map((word) => (FILES.some(({ name }) => name === word) ? join(folder, word) : word))

test('the page shows each command at least once', () => {
  expect(new Set(SHOWN.map(([command]) => command.split(' ')[0]))).toEqual(new Set(EXPLANATIONS.map(({ name }) => name)))
  expect(FILES.length).toBe(SHOWN.length)
})

test.each(SHOWN)('the page shows what `explain %s` prints', async (command, output) => {
  expect(await run(argsOf(command))).toEqual({ code: 0, stdout: output, stderr: '' })
})

test.each(SHOWN)('what `explain %s --json` reads and prints has the published shapes', async (command) => {
  const [name = '', file = ''] = argsOf(command)
  const shape = (direction: string) => z.fromJSONSchema(JSON.parse(readFileSync(`docs/reference/explain/${name}.${direction}.json`, 'utf8')) as Parameters<typeof z.fromJSONSchema>[0])
  const { stdout } = await run([...argsOf(command), '--json'])
  expect(shape('output').safeParse(JSON.parse(stdout)).error?.issues ?? []).toEqual([])
  expect(shape('input').safeParse(JSON.parse(readFileSync(file, 'utf8'))).error?.issues ?? []).toEqual([])
  expect(EXPLANATIONS.find((one) => one.name === name)!.output.safeParse(JSON.parse(stdout)).success).toBe(true)
})

test('the checked-in schemas are those of the shapes, and no others lie beside them', async () => {
  const rendered = renderExplainSchemas()
  expect(readdirSync('docs/reference/explain').sort()).toEqual([...rendered.keys()].sort())
  for (const [name, text] of rendered) expect.soft(readFileSync(`docs/reference/explain/${name}`, 'utf8'), name).toBe(text)
  expect((await run(['burn', '--schema'])).stdout).toBe(rendered.get('burn.input.json'))
})

test('digits are read as text: a number in JSON is never a float on the way', async () => {
  const price = { model: 'per_unit', amount: '0.000000000001' }
  expect(await json('rate', '{"price":{"model":"per_unit","amount":0.100000000001},"usage":123456789012}')).toMatchObject({ total: '12345678901.323456789012' })
  expect(await json('rate', { price, usage: '3' })).toEqual(await json('rate', '{"price":{"model":"per_unit","amount":0.000000000001},"usage":3}'))
})

test('rate: charges chain through the period and sum with the opening to the total', async () => {
  const price = { model: 'graduated', tiers: [{ up_to: 10, amount: 2, flat: 5 }, { amount: 1 }] }
  expect(await json('rate', { price, usage: [4, 8] })).toMatchObject({ opening: '5', total: '27', charges: [{ before: '0', amount: '8', bound: '8.000000000001' }, { before: '4', amount: '14' }] })
  expect(await json('rate', { price, before: 4, usage: 8 })).toMatchObject({ opening: '0', total: '14' })
  expect(await json('rate', { price, usage: [] })).toMatchObject({ opening: '5', total: '5', charges: [] })
})

test('rate: every model answers', async () => {
  const period = { start: '2026-04-01T00:00:00Z', end: '2026-05-01T00:00:00Z' }
  const total = async (input: object) => (await json('rate', input))['total']
  expect(await total({ price: { model: 'package', amount: 12, size: 50 }, usage: 101 })).toBe('36')
  expect(await total({ price: { model: 'volume', tiers: [{ up_to: 100, amount: 3 }, { amount: 2 }] }, usage: 101 })).toBe('202')
  expect(await total({ price: { model: 'credits', per: 1000, entries: [{ id: 'a', when: { model: ['x'] }, credits: 12.5 }], otherwise: 1 }, usage: [{ quantity: 2000, dimensions: { model: 'x' } }, { quantity: 500 }] })).toBe('25.5')
  expect(await total({ price: { model: 'percentage', percent: 2.9, fixed: 0.3, free_events: 1 }, usage: [100, '10'] })).toBe('0.59')
  expect(await total({ price: { model: 'percentage', percent: 10, free_amount: 30 }, before: { events: 1, free_amount: 10 }, usage: [50] })).toBe('3')
  expect(await total({ price: { model: 'dynamic', maximum: 9 }, usage: [3, 12] })).toBe('12')
  expect(await total({ price: { model: 'outcome', amount: 2.5 }, usage: [{ result: 'succeeded' }, { result: 'failed' }] })).toBe('2.5')
  expect(await total({ price: { model: 'flat', amount: 30, timing: 'in_arrears' }, period, served: { until: '2026-04-11T00:00:00Z' } })).toBe('10')
  expect(await total({ price: { model: 'seat', amount: 30, timing: 'in_arrears' }, period, changes: [{ at: period.start, seats: 2 }, { at: '2026-04-16T00:00:00Z', seats: 4 }] })).toBe('90')
})

test('cost: the text of a stream, what has no price, and the rates that are shipped', async () => {
  const stream = 'data: {"model":"m","choices":[{"delta":{"content":"x"}}]}\n\ndata: broken\n\ndata: {"model":"m","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15,"prompt_tokens_details":{"audio_tokens":4}}}\n\ndata: [DONE]\n\n'
  const rates = [{ provider: 'p', model: 'm', from: '2026-01-01', per_million: { input: 1, output: 2 }, context_window: 10, output_max: 5 }]
  expect(await json('cost', { surface: 'chat', stream })).toMatchObject({ buckets: { input: 6, audio_input: 4, output: 5 }, unread_events: 1, cost: null, missing: ['model m'], complete: true })
  expect(await json('cost', { surface: 'chat', stream, rate_card: rates, at: '2026-02-01T00:00:00Z' })).toMatchObject({ cost: null, missing: ['m audio_input'], lines: [{ bucket: 'input', amount: '0.000006' }, { bucket: 'audio_input', price: null }, { bucket: 'output' }] })
  expect(await json('cost', { surface: 'chat', stream, rate_card: rates, at: '2025-02-01T00:00:00Z' })).toMatchObject({ cost: null, missing: ['model m'], rate: null })
  expect(await json('cost', { surface: 'chat', body: { model: 'gpt-5-mini-2025-08-07', usage: { prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 } } })).toMatchObject({ cost: '0.00125', currency: 'USD', rate: { provider: 'openai', model: 'gpt-5-mini', matched_by: 'family' } })
})

test('cost: what the answer does not tell is given, and the model asked for speaks for one without a name', async () => {
  const rates = [{ provider: 'aws', model: 'nova', from: '2026-01-01', per_million: { input: 1, output: 2 }, variants: [{ when: { service_tier: ['batch'] }, factor: 0.5 }, { when: { region: ['eu'] }, factor: 1.1 }], context_window: 10, output_max: 5 }]
  const body = { usage: { inputTokens: 1_000_000, outputTokens: 0, totalTokens: 1_000_000 } }
  const cost = async (given: object) => (await json('cost', { surface: 'converse', body, model: 'nova', at: '2026-02-01T00:00:00Z', rate_card: rates, ...given }))['cost']
  expect([await cost({}), await cost({ service_tier: 'batch' }), await cost({ region: 'eu', service_tier: 'batch' }), await cost({ service_tier: 'priority' })]).toEqual(['1', '0.5', '0.55', null])
})

test('prorate: in arrears, cancellations by day, and the lines as printed', async () => {
  const period = { start: '2026-02-01T00:00:00Z', end: '2026-03-01T00:00:00Z' }
  expect(await json('prorate', { period, at: '2026-02-22T18:00:00Z', from: 40, granularity: 'day', day_of_change: 'old' })).toMatchObject({ elapsed: { part: '22', whole: '28' }, lines: [{ kind: 'unused_time', printed: '-8.57' }], printed_net: '-8.57' })
  expect(await json('prorate', { period, at: '2026-02-15T00:00:00Z', from: 10, to: 20, timing: 'in_arrears' })).toMatchObject({ lines: [{ kind: 'used_time', amount: '5' }, { kind: 'remaining_time', amount: '10' }], net: '15' })
})

test('burn: soft wallets, restricted blocks, and a recurrence by the calendar', async () => {
  const blocks = [{ id: 'chat', amount: 10, effective_at: '2026-01-31T00:00:00Z', features: ['chat'], recurrence: { every: 'month' } }]
  expect(await json('burn', { blocks, draws: [{ at: '2026-02-01T00:00:00Z', amount: 15, feature: 'chat' }, { at: '2026-02-02T00:00:00Z', amount: 1, feature: 'images' }], depletion: 'soft', until: '2026-04-01T00:00:00Z' })).toMatchObject({
    draws: [{ paid_by: [{ block: 'chat', amount: '10' }], debt: '5' }, { paid_by: [], debt: '1' }],
    repayments: [], order: ['features', 'priority', 'expiry', 'promotional', 'effective', 'created'],
    issued: [{ at: '2026-02-28T00:00:00Z' }, { at: '2026-03-31T00:00:00Z' }],
    breakage: [{ at: '2026-03-31T00:00:00Z', amount: '10', reason: 'renewed' }],
    balances: [{ block: 'chat', remaining: '10' }], debt: '6', balance: '4',
  })
})

test('burn: an order of its own decides within a wallet', async () => {
  const at = '2026-01-01T00:00:00Z'
  const blocks = [{ id: 'bought', amount: 10, effective_at: at, priority: 1 }, { id: 'gift', amount: 10, effective_at: at, category: 'promotional' }, { id: 'chat', amount: 10, effective_at: at, priority: 9, features: ['chat'] }]
  const draws = [{ at: '2026-02-01T00:00:00Z', amount: 15, feature: 'chat' }]
  const paidBy = async (order: readonly string[]) => ((await json('burn', { blocks, draws, order })) as { draws: { paid_by: { block: string }[] }[] }).draws[0]!.paid_by.map(({ block }) => block)
  expect([await paidBy([]), await paidBy(['promotional'])]).toEqual([['chat', 'bought'], ['chat', 'gift']])
})

const PERIOD = { start: '2026-04-01T00:00:00Z', end: '2026-05-01T00:00:00Z' }
test.each([
  ['no JSON', 'rate', '{', 'standard input is no JSON'],
  ['an unknown model', 'rate', { price: { model: 'gradated' }, usage: 1 }, 'price.model must be one of per_unit, graduated'],
  ['a misspelt field', 'rate', { price: { model: 'per_unit', amount: 1 }, usge: 1 }, 'usge is no field here. Did you mean "usage"?'],
  ['a missing field', 'rate', { price: { model: 'per_unit', amount: 1 } }, 'usage is missing.'],
  ['a number in exponent form', 'rate', '{"price":{"model":"per_unit","amount":1e3},"usage":1}', 'price.amount: "1e3" is in exponent form. Write 1000.'],
  ['tiers that fall', 'rate', { price: { model: 'graduated', tiers: [{ up_to: 5, amount: 1 }, { up_to: 3, amount: 1 }, { amount: 1 }] }, usage: 1 }, 'price.tiers[1].up_to: tiers must rise'],
  ['a price in tiers of a matrix that falls short', 'rate', { price: { model: 'matrix', entries: [{ id: 'a', when: {}, price: { model: 'volume', tiers: [] } }] }, usage: [] }, 'price.entries[0].price.tiers: a tiered price needs at least one tier'],
  ['entries that could both answer', 'rate', { price: { model: 'matrix', entries: [{ id: 'a', when: { m: ['x'] }, price: { model: 'per_unit', amount: 1 } }, { id: 'b', when: { r: ['y'] }, price: { model: 'per_unit', amount: 1 } }] }, usage: [] }, 'entries a and b have as many conditions'],
  ['a fraction of a whole unit', 'rate', { price: { model: 'per_unit', amount: 1 }, usage: 1.5 }, 'usage has 1 decimal places; at most 0 are kept'],
  ['a negative quantity', 'rate', { price: { model: 'per_unit', amount: 1 }, usage: [-1] }, 'usage[0] must not be negative'],
  ['a negative cost', 'rate', { price: { model: 'cost_plus', margin_percent: 5 }, usage: [{ cost: -1 }] }, 'usage[0].cost must not be negative'],
  ['seats that begin nowhere', 'rate', { price: { model: 'seat', amount: 1 }, period: PERIOD, changes: [{ at: '2026-04-02T00:00:00Z', seats: 1 }] }, 'changes must begin with the seats at the beginning of the period'],
  ['no answer', 'cost', { surface: 'chat' }, 'give the answer as one of body, events and stream'],
  ['two answers', 'cost', { surface: 'chat', body: {}, stream: '' }, 'not as body and stream'],
  ['a rate that cannot hold', 'cost', { surface: 'chat', body: {}, rate_card: [{ provider: 'p', model: 'm', from: '2026-02-30', per_million: { input: 1 }, context_window: 1, output_max: 1 }] }, 'rate_card[0].from: "2026-02-30" is no day'],
  ['a burn order that contradicts itself', 'burn', { blocks: [], order: ['paid', 'promotional'] }, 'order: paid and promotional say the opposite of each other'],
  ['a time without a zone', 'prorate', { period: PERIOD, at: '2026-04-02', from: 1 }, 'at: must be a time with a zone'],
  ['a change outside its period', 'prorate', { period: PERIOD, at: '2026-06-02T00:00:00Z', from: 1 }, 'at is outside the period'],
  ['a change of nothing', 'prorate', { period: PERIOD, at: '2026-04-02T00:00:00Z' }, 'name what was (from), what comes (to), or both'],
  ['a period that ends before it begins', 'prorate', { period: { start: PERIOD.end, end: PERIOD.start }, at: PERIOD.start, from: 1 }, 'period'],
  ['an unknown zone', 'prorate', { period: PERIOD, at: '2026-04-02T00:00:00Z', from: 1, timezone: 'Mars/Olympus' }, '"Mars/Olympus" is no IANA time zone'],
  ['two blocks of one id', 'burn', { blocks: [{ id: 'a', amount: 1, effective_at: PERIOD.start }, { id: 'a', amount: 1, effective_at: PERIOD.start }] }, 'block a stands twice'],
  ['a floor above zero', 'burn', { blocks: [], depletion: 'soft', floor: 5 }, 'floor is the lowest balance'],
  ['a recurrence without end', 'burn', { blocks: [{ id: 'a', amount: 1, effective_at: PERIOD.start, recurrence: { every: 'day' } }], until: '9999-01-01T00:00:00Z' }, 'would renew more than'],
] as const)('tells %s', async (_, command, input, message) => {
  const { code, stdout, stderr } = await pipe(command, input)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain(message)
})

test('a terminal without input, a file that is not there and a broken catalog are told with what to do', async () => {
  expect(await run(['rate'], null)).toMatchObject({ code: 1, stderr: 'error: There is no input: name a file, or pipe JSON into the command.\nIts shape: --schema\n' })
  expect(await run(['rate', 'nowhere.json'])).toMatchObject({ code: 1, stderr: 'error: nowhere.json cannot be read (ENOENT).\n' })
  writeFileSync(join(folder, 'broken.yaml'), 'currency: USD\n')
  const { code, stderr } = await pipe('cost', { surface: 'chat', body: {} }, '--catalog', join(folder, 'broken.yaml'))
  expect([code, stderr.includes('broken.yaml:1:1: gateway is missing.'), stderr.includes('tollgate catalog validate')]).toEqual([1, true, true])
})
