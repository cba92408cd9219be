// What a probe or a metrics scrape asks of the database: that it answers, and how many events wait for a person.

import type { Sql } from '../platform/postgres.ts'

export async function pingDatabase(sql: Sql): Promise<void> {
  await sql`select 1`
}

export async function countParked(sql: Sql): Promise<number> {
  const [row] = await sql<{ parked: bigint }[]>`select count(*) as parked from parked_event`
  return Number(row?.parked ?? 0n)
}
