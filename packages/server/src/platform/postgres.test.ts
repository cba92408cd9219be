import { instant } from '@tollgate/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { INT8, isSqlState, TRANSACTION_RETRIES_MAX, withRetry } from './postgres.ts'
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
