// A database of its own for each test file: a clone of a migrated template on the PostgreSQL that test/global-setup.ts runs for
// the whole run. For tests only.

import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { connect } from './postgres.ts'
import type { Sql } from './postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The test server, or why there is none: only tests that need a database fail then. */
    readonly postgres: { readonly url: string; readonly error: null } | { readonly url: null; readonly error: string }
  }
}

/** The migrated database that test databases are cloned from. */
export const TEMPLATE_DATABASE = 'tollgate_template'

export type TestDatabase = {
  readonly sql: Sql
  /** For further pools and for child processes. */
  readonly url: string
  /** Ends `sql` and removes the database, whoever is still connected. Call it in `afterAll`. */
  readonly drop: () => Promise<void>
}

/** @param options.empty without the migrations, for tests of the migrations themselves. */
export async function testDatabase(options: { readonly empty?: boolean; readonly max?: number } = {}): Promise<TestDatabase> {
  const server = inject('postgres')
  if (server.url === null) throw new Error(`there is no test database: ${server.error}`)
  const serverUrl = server.url
  const name = `test_${randomBytes(6).toString('hex')}`
  const template = options.empty === true ? 'template0' : TEMPLATE_DATABASE
  await onServer(serverUrl, (admin) => admin`create database ${admin(name)} template ${admin(template)}`)
  const url = databaseUrl(serverUrl, name)
  const sql = connect({ url, applicationName: 'test', max: options.max ?? 5 })
  const drop = async () => {
    await sql.end({ timeout: 1 })
    await onServer(serverUrl, (admin) => admin`drop database if exists ${admin(name)} with (force)`)
  }
  return { sql, url, drop }
}

/** The same server, another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

async function onServer(serverUrl: string, work: (admin: Sql) => Promise<unknown>): Promise<void> {
  const admin = connect({ url: databaseUrl(serverUrl, 'postgres'), applicationName: 'test admin', max: 1 })
  try {
    await work(admin)
  } finally {
    await admin.end({ timeout: 1 })
  }
}
