import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate } from './migrate.ts'
import { connect } from './postgres.ts'
import { testDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'

let database: TestDatabase
let folder: string
beforeEach(async () => {
  database = await testDatabase({ empty: true })
  folder = mkdtempSync(join(tmpdir(), 'tollgate-migrate-'))
  file('0001_first.sql', 'create table first (id int); insert into first values (1);')
})
afterEach(async () => {
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

const file = (name: string, sql: string) => writeFileSync(join(folder, name), sql)

test('files are applied once, in order, and only what is missing', async () => {
  expect(await migrate(database.sql, folder)).toEqual(['0001_first.sql'])
  file('0002_second.sql', 'alter table first add column name text')
  expect(await migrate(database.sql, folder)).toEqual(['0002_second.sql'])
  expect(await migrate(database.sql, folder)).toEqual([])
  expect(await database.sql`select id, name from first`).toEqual([{ id: 1, name: null }])
})

test('processes that migrate at the same time apply each file once', async () => {
  const pools = [1, 2, 3].map(() => connect({ url: database.url, applicationName: 'test', max: 2 }))
  const applied = await Promise.all(pools.map((sql) => migrate(sql, folder)))
  await Promise.all(pools.map((sql) => sql.end()))
  expect(applied.flat()).toEqual(['0001_first.sql'])
})

test('a file that fails leaves nothing behind, and the next attempt starts from there', async () => {
  file('0002_second.sql', 'create table second (id int); select 1 / 0;')
  await expect(migrate(database.sql, folder)).rejects.toMatchObject({ code: 'migration_failed', message: expect.stringContaining('0002_second.sql failed and was rolled back: division by zero') as string })
  file('0002_second.sql', 'create table second (id int)')
  expect(await migrate(database.sql, folder)).toEqual(['0002_second.sql'])
})

test('a file that was changed after it was applied is refused by name', async () => {
  await migrate(database.sql, folder)
  file('0001_first.sql', 'create table first (id bigint)')
  await expect(migrate(database.sql, folder)).rejects.toMatchObject({ code: 'migration_changed', message: expect.stringContaining('0001_first.sql') as string })
})

test('a database newer than the program is refused with both versions', async () => {
  file('0002_second.sql', 'create table second (id int)')
  await migrate(database.sql, folder)
  rmSync(join(folder, '0002_second.sql'))
  await expect(migrate(database.sql, folder)).rejects.toMatchObject({
    code: 'database_newer',
    message: 'The database is at version 2 (0002_second.sql), this program knows 1: it was made by a newer Tollgate. Start that version or a later one, or restore a backup from before the upgrade.',
  })
})

test('a gap in the numbers is refused before anything is applied', async () => {
  file('0003_third.sql', 'select 1')
  await expect(migrate(database.sql, folder)).rejects.toMatchObject({ code: 'migration_gap' })
  expect(await database.sql`select to_regclass('first') as first`).toEqual([{ first: null }])
})
