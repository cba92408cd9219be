// A control plane for a benchmark: embedded PostgreSQL in a folder of its own, durable as in production (fsync on), with a catalog in
// force. Everything goes with `close`.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { parseCatalog } from '../packages/server/src/app/catalog/parse-yaml.ts'
import { createControlPlane, type ControlPlane } from '../packages/server/src/app/control-plane.ts'
import { keepPartitions } from '../packages/server/src/app/partitions.ts'
import { publishCatalog } from '../packages/server/src/app/publish-catalog.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { startEmbeddedPostgres } from '../packages/server/src/platform/embedded-postgres.ts'
import { silentLog } from '../packages/server/src/platform/log.ts'
import { migrate } from '../packages/server/src/platform/migrate.ts'
import { connect } from '../packages/server/src/platform/postgres.ts'
import { randomText } from '../packages/server/src/platform/random-id.ts'

export type BenchPlane = { readonly plane: ControlPlane; readonly folder: string; readonly close: () => Promise<void> }

export async function benchPlane(options: { readonly catalog: string; readonly connections: number; /** The system's unless given. */ readonly clock?: Clock }): Promise<BenchPlane> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  const postgres = await startEmbeddedPostgres({ dataDir: folder, log: silentLog() })
  const sql = connect({ url: postgres.url, applicationName: 'bench', max: options.connections })
  const close = async () => {
    await sql.end()
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await migrate(sql)
    const plane = await createControlPlane({ sql, clock: options.clock ?? systemClock, log: silentLog(), links: { topUpUrl: '', upgradeUrl: '', portalUrl: '' }, masterKey: new Uint8Array(32), randomText, environmentUpstreams: [] })
    await keepPartitions(plane)
    await publishText(plane, options.catalog)
    return { plane, folder, close }
  } catch (error) {
    await close()
    throw error
  }
}

export async function publishText(plane: ControlPlane, source: string): Promise<void> {
  const parsed = parseCatalog(source)
  if (parsed.kind === 'invalid') throw new Error(`the catalog of the benchmark is not valid: ${JSON.stringify(parsed.issues)}`)
  await publishCatalog(plane, SYSTEM, { document: parsed.document, source, baseVersion: null })
}
