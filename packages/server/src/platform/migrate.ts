// Brings a database to the program's version: plain SQL files NNNN_words.sql, in order, forward only, each in a transaction
// of its own. One process at a time, by an advisory lock. Invariant: a file that was applied never changes (its hash is
// kept), and a program never runs on a database that is newer than itself.

import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sql } from './postgres.ts'
import { StartError } from './start-error.ts'

/** The folder of the server's own migrations. */
export const MIGRATIONS_FOLDER = join(import.meta.dirname, '..', '..', 'sql')

/** Any constant does, as long as nobody else uses it in this database: the bytes of "tollgate". */
const ADVISORY_LOCK = 0x746f6c6c67617465n

type MigrationFile = { readonly version: number; readonly name: string; readonly sql: string; readonly hash: string }

/**
 * Applies what is missing and returns the names of the files applied.
 * @throws {StartError} `migration_changed`, `database_newer`, `migration_failed`
 */
export async function migrate(sql: Sql, folder: string = MIGRATIONS_FOLDER): Promise<readonly string[]> {
  const files = readMigrations(folder)
  const connection = await sql.reserve()
  try {
    await connection`select pg_advisory_lock(${ADVISORY_LOCK})`
    await connection`
      create table if not exists migration (
        version integer primary key,
        name text not null,
        hash text not null,
        applied_at timestamptz not null default now()
      )`
    const applied = await connection<{ version: number; name: string; hash: string }[]>`select version, name, hash from migration order by version`
    verify(files, applied)
    const pending = files.slice(applied.length)
    for (const file of pending) await apply(connection, file)
    return pending.map((file) => file.name)
  } finally {
    await connection`select pg_advisory_unlock(${ADVISORY_LOCK})`.catch(() => {})
    connection.release()
  }
}

/** The migrations of a folder in order; refuses gaps and doubles, which merges of two branches make. */
export function readMigrations(folder: string): readonly MigrationFile[] {
  const names = readdirSync(folder).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name)).toSorted()
  return names.map((name, index) => {
    const version = Number(name.slice(0, 4))
    if (version !== index + 1) throw new StartError({ code: 'migration_gap', message: `Migrations in ${folder} must be numbered without gaps: expected ${String(index + 1).padStart(4, '0')}_….sql, found ${name}.` })
    const text = readFileSync(join(folder, name), 'utf8')
    return { version, name, sql: text, hash: createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex') }
  })
}

function verify(files: readonly MigrationFile[], applied: readonly { readonly version: number; readonly name: string; readonly hash: string }[]): void {
  const last = applied.at(-1)
  if (last !== undefined && last.version > files.length) {
    throw new StartError({
      code: 'database_newer',
      message: `The database is at version ${last.version} (${last.name}), this program knows ${files.length}: it was made by a newer Tollgate. Start that version or a later one, or restore a backup from before the upgrade.`,
    })
  }
  for (const [index, row] of applied.entries()) {
    const file = files[index]
    if (file?.version === row.version && file.hash === row.hash) continue
    throw new StartError({
      code: 'migration_changed',
      message: `Migration ${row.name} was applied with other content than the file has now. Restore the file as it was and put the change into a new migration; a development database can be deleted instead.`,
    })
  }
}

async function apply(connection: Awaited<ReturnType<Sql['reserve']>>, file: MigrationFile): Promise<void> {
  try {
    await connection`begin`
    await connection.unsafe(file.sql)
    await connection`insert into migration (version, name, hash) values (${file.version}, ${file.name}, ${file.hash})`
    await connection`commit`
  } catch (cause) {
    await connection`rollback`.catch(() => {})
    throw new StartError({ code: 'migration_failed', message: `Migration ${file.name} failed and was rolled back: ${cause instanceof Error ? cause.message : String(cause)}`, cause })
  }
}
