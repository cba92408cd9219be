// What follows settlement or the outbox reads up to the oldest transaction that runs, so that nothing is passed over; and tests share one
// PostgreSQL. A test that expects a follower to have seen all of it waits here first.

import { expect, vi } from 'vitest'
import type { Sql } from '../packages/server/src/platform/postgres.ts'

/** Resolves when every transaction that runs now has ended. */
export async function followed(sql: Sql): Promise<void> {
  const [{ at }] = await sql<[{ at: string }]>`select pg_snapshot_xmax(pg_current_snapshot())::text as at`
  await vi.waitFor(async () => expect((await sql<[{ is: boolean }]>`select pg_snapshot_xmin(pg_current_snapshot()) >= ${at}::xid8 as is`)[0].is).toBe(true), { timeout: 15_000 })
}
