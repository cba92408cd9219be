// Mode `migrate`: brings an external database to this version, for deployments that do not let the server do it.

import type { Config } from '../platform/config.ts'
import { migrate } from '../platform/migrate.ts'
import { connect } from '../platform/postgres.ts'
import { StartError } from '../platform/start-error.ts'

export async function runMigrate(config: Config): Promise<void> {
  if (config.databaseUrl === null) throw new StartError({ code: 'invalid_config', message: 'Set DATABASE_URL to the database to migrate. The embedded PostgreSQL is migrated at each start.' })
  const sql = connect({ url: config.databaseUrl, applicationName: 'tollgate migrate', max: 1 })
  try {
    const applied = await migrate(sql)
    process.stdout.write(applied.length === 0 ? 'The database is up to date.\n' : `Applied ${applied.join(', ')}.\n`)
  } finally {
    await sql.end()
  }
}
