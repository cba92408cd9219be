// `npm run gen`: writes the files that are generated and checked in. With `--check` it writes nothing, names those that differ and
// exits with 1. It starts a PostgreSQL of its own in a temporary folder, because one of the files is the schema.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbeddedPostgres } from '../packages/server/src/platform/embedded-postgres.ts'
import { silentLog } from '../packages/server/src/platform/log.ts'
import { migrate } from '../packages/server/src/platform/migrate.ts'
import { connect, type Sql } from '../packages/server/src/platform/postgres.ts'
import { GENERATED } from './generated.ts'

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const root = join(import.meta.dirname, '..')
const different = await onMigratedDatabase(async (sql) => {
  const paths: string[] = []
  for (const { path, render } of GENERATED) if (write(path, await render(sql))) paths.push(path)
  return paths
})
for (const path of different) console.log(`${values.check ? 'differs' : 'written'} ${path}`)
if (different.length === 0) console.log(`all ${GENERATED.length} generated files are up to date`)
else if (values.check) console.log('Run `npm run gen` and commit what it writes.')
process.exit(values.check && different.length > 0 ? 1 : 0)

/** True when the file was another one. */
function write(path: string, text: string): boolean {
  const file = join(root, path)
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return false
  if (values.check) return true
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return true
}

async function onMigratedDatabase<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-gen-'))
  const server = await startEmbeddedPostgres({ dataDir, log: silentLog(), purpose: 'test' })
  const sql = connect({ url: server.url, applicationName: 'npm run gen', max: 1 })
  try {
    await migrate(sql)
    return await work(sql)
  } finally {
    await sql.end({ timeout: 1 })
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}
