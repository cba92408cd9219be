// What is due of levels, on real PostgreSQL.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { testDatabase, type TestDatabase } from '../platform/test-database.ts'
import { dueLevels, markLevels, passLevel } from './levels.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ max: 2 })
  await database.sql`insert into customer (id, name, time_zone) values ('cus_l', 'L', 'UTC')`
})
afterAll(() => database.drop())

test('a reading that comes while its hours are added up, of an hour that waits already, is not passed over', async () => {
  const { sql } = database
  const at = (hour: number) => instant(Date.UTC(2026, 2, 1, hour))
  const came = (hour: number) => sql.begin((tx) => markLevels(tx, [{ customer: 'cus_l', meter: 'storage', from: at(hour) }]))
  const due = async () => (await dueLevels(sql, at(23), 10))[0]
  await came(10)
  const read = (await due())!
  await came(12)
  await passLevel(sql, read, at(20))
  expect((await due())?.from, 'looked at again').toBe(at(10))
  await passLevel(sql, (await due())!, at(20))
  expect((await due())?.from).toBe(at(20))
})
