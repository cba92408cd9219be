import { instant } from '@tollgate/core'
import { mkdtempSync } from 'node:fs'
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect, INT8, isSqlState, TRANSACTION_RETRIES_MAX, withRetry } from './postgres.ts'
import { testDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.drop())

test('values come back as the domain knows them, exact and without a time zone of the machine', async () => {
  const [row] = await database.sql`
    select 9007199254740993::int8 as int8, 0.000000000000000001::numeric(38, 18) as numeric, 7::int4 as int4,
      '2026-03-01 12:00:00.123456+02'::timestamptz as instant, '2026-03-01'::date as date, '{"a": [1]}'::jsonb as json,
      array[1, 2]::int8[] as int8s, array['1969-12-31T23:59:59Z']::timestamptz[] as instants, null::int8 as nothing`
  expect(row).toEqual({
    int8: 9007199254740993n,
    numeric: '0.000000000000000001',
    int4: 7,
    instant: Date.parse('2026-03-01T10:00:00.123Z'),
    date: '2026-03-01',
    json: { a: [1] },
    int8s: [1n, 2n],
    instants: [-1000],
    nothing: null,
  })
})

test('instants, big integers and documents are written as they are read', async () => {
  const { sql } = database
  await sql`create table kept (at timestamptz, amount int8, exact numeric, day date, body jsonb)`
  const at = instant(1_772_359_200_123)
  await sql`insert into kept values (${at}, ${9007199254740993n}, ${'12.500000000001'}, ${'2026-02-28'}, ${sql.json({ a: 'b' })})`
  await sql`insert into kept ${sql({ at: instant(0), amount: 5n, exact: '1', day: '2026-01-01', body: null })}`
  await sql`insert into kept (at, amount) select * from unnest(${[at, instant(1)]}::timestamptz[], ${sql.array([1n, 2n], INT8)}::int8[])`
  await sql`insert into kept (at, amount) select * from unnest(${[]}::timestamptz[], ${sql.array([] as bigint[], INT8)}::int8[])`
  expect(await sql`select * from kept order by amount desc`).toEqual([
    { at, amount: 9007199254740993n, exact: '12.500000000001', day: '2026-02-28', body: { a: 'b' } },
    { at: 0, amount: 5n, exact: '1', day: '2026-01-01', body: null },
    { at: 1, amount: 2n, exact: null, day: null, body: null },
    { at, amount: 1n, exact: null, day: null, body: null },
  ])
})

test('an instant outside of our time is an error, never a wrong number', async () => {
  await expect(database.sql`select 'infinity'::timestamptz`).rejects.toThrow('not an instant of our time')
})

test('a transaction that loses against a concurrent one is tried again and sees what the other wrote', async () => {
  const { sql } = database
  await sql`create table counter (value int8)`
  await sql`insert into counter values (0)`
  const increment = () =>
    withRetry(sql, async (tx) => {
      await tx`set transaction isolation level serializable`
      const [row] = await tx<{ value: bigint }[]>`select value from counter`
      await tx`update counter set value = ${(row?.value ?? 0n) + 1n}`
    })
  await Promise.all([increment(), increment(), increment()])
  expect(await sql`select value from counter`).toEqual([{ value: 3n }])
})

test('retries are bounded, and other errors are not retried', async () => {
  let attempts = 0
  const fail = (state: string) => async (tx: { readonly unsafe: (text: string) => Promise<unknown> }) => {
    attempts++
    await tx.unsafe(`do $$ begin raise exception using errcode = '${state}'; end $$`)
  }
  await expect(withRetry(database.sql, fail('40P01'))).rejects.toSatisfy((error) => isSqlState(error, '40P01'))
  expect(attempts).toBe(1 + TRANSACTION_RETRIES_MAX)
  attempts = 0
  await expect(withRetry(database.sql, fail('23505'))).rejects.toSatisfy((error) => isSqlState(error, '23505'))
  expect(attempts).toBe(1)
})

/** The test's database behind a socket whose connections can be cut, in order or by a reset. */
async function cuttable(): Promise<{ readonly url: string; readonly tcpUrl: string; readonly cut: () => void; readonly reset: () => void; readonly close: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'cut-'))
  const url = new URL(database.url)
  const socketPath = join(url.searchParams.get('host')!, '.s.PGSQL.5432')
  const open = new Set<Socket>()
  const pass = (client: Socket) => {
    const upstream = createConnection(socketPath)
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => undefined).on('close', () => open.delete(socket))
    }
    client.pipe(upstream).pipe(client)
  }
  const [server, tcp] = [createServer(pass), createServer(pass)]
  await new Promise<void>((resolve) => server.listen(join(folder, '.s.PGSQL.5432'), resolve))
  await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
  url.searchParams.set('host', folder)
  const overTcp = new URL(url)
  overTcp.searchParams.delete('host')
  overTcp.host = `127.0.0.1:${(tcp.address() as AddressInfo).port}`
  return {
    url: url.href, tcpUrl: overTcp.href,
    cut: () => open.forEach((socket) => socket.destroy()), reset: () => open.forEach((socket) => (socket.remoteAddress === undefined ? socket.destroy() : socket.resetAndDestroy())),
    close: () => [server, tcp].forEach((one) => one.close()),
  }
}

test('a connection that breaks within a transaction fails it, nothing of it runs after that, and the pool works again', { timeout: 60_000 }, async () => {
  await database.sql`create table written (round int)`
  const proxy = await cuttable()
  const sql = connect({ url: proxy.url, applicationName: 'cut', max: 3 })
  const causes = [() => turn(), () => delay(1), () => delay(5), () => delay(20)]
  for (let round = 0; round < 24; round++) {
    const work = () => sql.begin(async (tx) => {
      await tx`insert into written values (${round})`
      proxy.cut()
      await causes[round % causes.length]!()
      // Also where nobody looks at the first error. By now the pool may have connected anew for somebody else.
      const others = sql`select 1`.catch(() => undefined)
      await tx`insert into written values (${round})`.catch(() => undefined)
      await others
      await tx`insert into written values (${round})`
    })
    const outcomes = await Promise.all(Array.from({ length: 3 }, () => work().then(() => 'committed', () => 'failed')))
    expect(outcomes, `round ${round}`).toEqual(['failed', 'failed', 'failed'])
    const answers = () => Promise.all(Array.from({ length: 6 }, () => sql`select 1 as one`.then(([row]) => row!['one'], () => null)))
    await expect.poll(answers, { timeout: 3_000 }).toEqual([1, 1, 1, 1, 1, 1])
  }
  expect(await database.sql`select * from written`).toEqual([])
  await sql.end({ timeout: 1 })
  proxy.close()
})

test('after a connection was reset each answer is that of its own query, also for who asks again at once', { timeout: 60_000 }, async () => {
  const proxy = await cuttable()
  const sql = connect({ url: proxy.tcpUrl, applicationName: 'reset', max: 1 })
  const one = (value: number) => sql`select ${value}::int as value`.then(([row]) => row!['value'] as number)
  for (let round = 0; round < 20; round++) {
    const again = (value: number, tries: number): Promise<number | null> => one(value).catch(() => (tries === 0 ? null : again(value, tries - 1)))
    await one(0).catch(() => undefined)
    const asked = Array.from({ length: 8 }, (_, index) => again(round * 100 + index, 3))
    if (round % 2 === 0) await turn()
    proxy.reset()
    const late = Array.from({ length: 8 }, (_, index) => again(round * 100 + 50 + index, 3))
    const answers = await Promise.all([...asked, ...late])
    expect(answers.map((answer, index) => answer ?? round * 100 + (index < 8 ? index : 42 + index))).toEqual(answers.map((_, index) => round * 100 + (index < 8 ? index : 42 + index)))
  }
  await expect.poll(() => Promise.all([1, 2, 3, 4, 5].map((value) => one(value).catch(() => null))), { timeout: 5_000 }).toEqual([1, 2, 3, 4, 5])
  await sql.end({ timeout: 1 })
  proxy.close()
})
