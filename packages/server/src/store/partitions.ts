// Monthly partitions of the usage events, created ahead. What is older or further ahead lands in the default partition.

import type { Instant } from '@tollgate/core'
import type { Sql } from '../platform/postgres.ts'

/** Creates the partitions of the month of `at` and of those around it, where they are missing. */
export async function createPartitions(sql: Sql, at: Instant, months: readonly number[] = [-1, 0, 1, 2]): Promise<void> {
  const date = new Date(at)
  for (const offset of months) {
    const start = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset, 1))
    const end = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + offset + 1, 1))
    const name = `usage_event_${start.toISOString().slice(0, 7).replace('-', '_')}`
    const [known] = await sql<{ exists: boolean }[]>`select to_regclass(${name}) is not null as exists`
    if (known?.exists === true) continue
    await sql.unsafe(`create table if not exists ${name} partition of usage_event for values from ('${start.toISOString()}') to ('${end.toISOString()}')`)
  }
}
