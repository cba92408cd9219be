// Clocks that the API turns, and who lives on them.

import { InputError, type Instant } from '@tollgate/core'
import type { Sql, Transaction } from '../platform/postgres.ts'

export type TestClockRow = { readonly id: string; readonly name: string; readonly offsetMs: number; readonly createdAt: Instant; readonly customers: number }

export async function insertTestClock(tx: Transaction, row: Pick<TestClockRow, 'id' | 'name' | 'offsetMs'>): Promise<void> {
  await tx`insert into test_clock (id, name, offset_ms) values (${row.id}, ${row.name}, ${row.offsetMs})`
}

export async function listTestClocks(sql: Sql): Promise<TestClockRow[]> {
  return sql<TestClockRow[]>`${select(sql)} group by t.id order by t.id`
}

export async function findTestClock(sql: Sql | Transaction, id: string): Promise<TestClockRow | null> {
  const [row] = await sql<TestClockRow[]>`${select(sql)} where t.id = ${id} group by t.id`
  return row ?? null
}

/** @throws {InputError} when there is no such clock. */
export async function clockOffset(tx: Transaction, id: string): Promise<number> {
  const [row] = await tx<{ offsetMs: number }[]>`select offset_ms::float8 as "offsetMs" from test_clock where id = ${id} for share`
  if (row === undefined) throw new InputError({ code: 'unknown_test_clock', field: 'test_clock', message: `there is no test clock ${id}` })
  return row.offsetMs
}

/** Locks the clock, so that two advances follow each other. */
export async function lockTestClock(tx: Transaction, id: string): Promise<number | null> {
  const [row] = await tx<{ offsetMs: number }[]>`select offset_ms::float8 as "offsetMs" from test_clock where id = ${id} for update`
  return row?.offsetMs ?? null
}

export async function turnTestClock(tx: Transaction, id: string, offsetMs: number): Promise<void> {
  await tx`update test_clock set offset_ms = ${offsetMs} where id = ${id}`
}

export async function customersOnClock(sql: Sql | Transaction, id: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`select id from customer where test_clock_id = ${id} order by id`
  return rows.map((row) => row.id)
}

function select(sql: Sql | Transaction) {
  return sql`
    select t.id, t.name, t.offset_ms::float8 as "offsetMs", t.created_at as "createdAt", count(c.id)::int as customers
    from test_clock t left join customer c on c.test_clock_id = t.id`
}
