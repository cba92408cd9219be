// A month of a hundred customers' events comes twice, shuffled, with corrections before and after what they correct, while the server is
// killed again and again. Every figure of every page, report and invoice is the same as if it had come once and in order.

import { expect, test } from 'vitest'
import { seeded } from '../sim/random.ts'
import { dataFolder, startTollgate, type Tollgate } from '../e2e/tollgate.ts'
import { meteredCatalog } from '../meters.ts'

const CUSTOMERS = 100
const EVENTS_EACH = 40
const CORRECTIONS_EACH = 6
const KILLS = 3
const BATCH = 150
const SENDERS = 4
const START = Date.now() - 28 * 86_400_000

type Data = Readonly<Record<string, string | number>>
type Message = { readonly id: string; readonly subject: string; readonly type: string; readonly time: string; readonly data: Readonly<Record<string, unknown>> }
type Correction = { readonly id: string; readonly of: number; readonly at: number; readonly set: Data | null }

const { unit: dice, pick } = seeded(20_261_125)
const names = Array.from({ length: CUSTOMERS }, (_, index) => ({ id: `cus_m${index}`, plan: index % 2 === 0 ? 'metered' : 'metered_wallet' }))

function someData(): Data {
  const data: Record<string, string | number> = { gpu_ms: Math.floor(dice() * 6_000), region: pick(['eu', 'us', 'ap']), bucket: pick(['a', 'b']) }
  if (dice() < 0.5) data['user'] = pick(['ann', 'bob', 'cyd', 'dan', 'eve'])
  if (dice() < 0.4) data['stored'] = (dice() * 20).toFixed(3)
  if (dice() < 0.3) data['gpus'] = Math.floor(dice() * 9)
  if (dice() < 0.3) Object.assign(data, { images: Math.floor(dice() * 4), size: pick(['large', 'small']) })
  return data
}

/** What was sent, and what of it stands: of several corrections of an event the one with the latest time. */
function monthOf({ id: subject }: { readonly id: string }): { readonly sent: readonly Message[]; readonly standing: readonly Message[] } {
  const events = Array.from({ length: EVENTS_EACH }, (_, index): Message => ({
    id: `e${index}`, subject, type: 'job', time: new Date(START + Math.floor(dice() * 27 * 86_400_000)).toISOString(), data: someData(),
  }))
  const corrections = Array.from({ length: CORRECTIONS_EACH }, (_, index): Correction => ({ id: `c${index}`, of: Math.floor(dice() * EVENTS_EACH), at: index, set: dice() < 0.4 ? null : someData() }))
  const messages = corrections.map(({ id, of, at, set }): Message => ({
    id, subject, type: set === null ? 'tollgate.void' : 'tollgate.correction', time: new Date(Date.now() - 60_000 + at).toISOString(), data: { corrects: `e${of}`, ...(set === null ? {} : { set }) },
  }))
  const standing = events.flatMap((event, index) => {
    const held = corrections.filter(({ of }) => of === index).at(-1)
    if (held === undefined) return [event]
    return held.set === null ? [] : [{ ...event, id: held.id, data: { ...event.data, ...held.set } }]
  })
  return { sent: [...events, ...messages], standing: standing.sort((a, b) => (a.time < b.time ? -1 : 1)) }
}

async function prepare(tollgate: Tollgate): Promise<void> {
  const { source } = await tollgate.get<{ source: string }>('/v1/catalog')
  await answered(tollgate, 'PUT', '/v1/catalog', { source: meteredCatalog(source) })
  const startsAt = new Date(START - 3_600_000).toISOString()
  for (const { id, plan } of names) {
    await answered(tollgate, 'POST', '/v1/customers', { id, name: id, plan, starts_at: startsAt })
    if (plan === 'metered_wallet') for (const [amount, category] of [['0.4', 'promotional'], ['1.1', 'paid']]) await answered(tollgate, 'POST', `/v1/customers/${id}/credits`, { amount, category })
  }
}

async function answered(tollgate: Tollgate, method: string, path: string, body: unknown): Promise<void> {
  const answer = await fetch(`${tollgate.demo.url}${path}`, { method, headers: { authorization: `Bearer ${tollgate.demo.admin_key}`, 'content-type': 'application/json' }, body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
}

/** Sends a batch until it is answered: whoever does not know whether it arrived sends it again. */
async function deliver(current: () => Promise<Tollgate>, batch: readonly Message[]): Promise<void> {
  for (;;) {
    try {
      const answer = await (await current()).post('/v1/events', batch.map((event) => ({ specversion: '1.0', source: 'month', ...event })))
      if (answer.status === 429) continue
      const { results } = (await answer.json()) as { results: { status: string; reason?: string }[] }
      expect(results.filter(({ status }) => status !== 'accepted' && status !== 'duplicate')).toEqual([])
      return
    } catch (error) {
      if (error instanceof Error && error.name === 'AssertionError') throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function figuresOf(tollgate: Tollgate, id: string) {
  const get = <T>(path: string) => tollgate.get<T>(`/v1/customers/${id}${path}`)
  type Row = Readonly<Record<string, string | number | null>>
  const columns = (rows: readonly Row[], ...members: readonly string[]) => rows.filter((row) => row['events'] !== 0 || !('start' in row)).map((row) => members.map((member) => row[member] ?? '').join(' '))
  const [balance, invoice, total, days, regions, sums] = await Promise.all([
    get<{ balance: string; debt: string; blocks: Row[]; budgets: Row[] }>('/balance'), get<{ lines: Row[] }>('/invoices/preview'), get<{ data: Row[] }>('/usage?granularity=total'),
    get<{ data: Row[] }>('/usage?granularity=day&group_by=bucket'), get<{ data: Row[] }>('/usage?granularity=total&group_by=region,bucket'), get<{ differences: string[] }>('/checks/sums'),
  ])
  expect(sums.differences).toEqual([])
  return {
    balance: [balance.balance, balance.debt, ...columns(balance.blocks, 'remaining')], budgets: columns(balance.budgets, 'id', 'used', 'remaining'),
    invoice: columns(invoice.lines, 'price', 'quantity', 'included', 'exact', 'amount', 'events'), total: columns(total.data, 'meter', 'quantity', 'amount', 'events'),
    days: columns(days.data, 'start', 'meter', 'bucket', 'quantity', 'events'), regions: columns(regions.data, 'meter', 'region', 'bucket', 'quantity', 'events'),
  }
}

test('a month replayed twice, shuffled, with crashes and corrections has every figure as if it had come once and in order', { timeout: 600_000 }, async () => {
  const months = names.map((name) => monthOf(name))
  const twice = [...months, ...months].flatMap(({ sent }) => sent).map((message) => ({ message, rank: dice() })).sort((a, b) => a.rank - b.rank).map(({ message }) => message)
  const batches = Array.from({ length: Math.ceil(twice.length / BATCH) }, (_, index) => twice.slice(index * BATCH, (index + 1) * BATCH))

  const messyFolder = dataFolder()
  let messy = Promise.resolve(await startTollgate(messyFolder))
  await prepare(await messy)
  const killAfter = new Set(Array.from({ length: KILLS }, (_, index) => Math.floor(((index + 1) * batches.length) / (KILLS + 1))))
  let next = 0
  const sender = async (): Promise<void> => {
    while (next < batches.length) {
      const index = next++
      const sent = deliver(() => messy, batches[index]!)
      if (killAfter.has(index)) messy = messy.then(async (running) => {
        await running.kill()
        return startTollgate(messyFolder)
      })
      await sent
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))

  const clean = await startTollgate()
  await prepare(clean)
  const inOrder = months.flatMap(({ standing }) => standing).sort((a, b) => (a.time < b.time ? -1 : 1))
  for (let start = 0; start < inOrder.length; start += BATCH) await deliver(async () => clean, inOrder.slice(start, start + BATCH))

  const survivor = await messy
  try {
    for (const { id } of names) expect.soft(await figuresOf(survivor, id), id).toEqual(await figuresOf(clean, id))
    const span = new URLSearchParams({ from: new Date(START - 86_400_000).toISOString(), to: new Date().toISOString() })
    const proof = await survivor.get<{ events: number; rows: number; differences: unknown[] }>(`/v1/checks/rollups?${span}`)
    expect(proof.differences).toEqual([])
    expect(proof.events).toBeGreaterThan(CUSTOMERS * EVENTS_EACH)
  } finally {
    await Promise.all([survivor.stop(), clean.stop()])
  }
})
