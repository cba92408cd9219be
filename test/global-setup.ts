// One PostgreSQL for a whole test run, in a temporary folder, with a migrated template database that each test file
// clones (packages/server/src/platform/test-database.ts). Everything goes with the run, however it ends: a process beside
// (clean-up.ts) sees to what the run itself could not remove.

import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../packages/server/src/platform/embedded-postgres.ts'
import { createLog } from '../packages/server/src/platform/log.ts'
import { migrate } from '../packages/server/src/platform/migrate.ts'
import { connect } from '../packages/server/src/platform/postgres.ts'
import { databaseUrl, TEMPLATE_DATABASE } from '../packages/server/src/platform/test-database.ts'

const MEMORY_FOLDER = '/dev/shm'
/** A run uses some 300 MB; a container's usual 64 MB would not do. */
const MEMORY_BYTES_MIN = 4 * 1024 ** 3

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(fastFolder(), 'tollgate-test-'))
  // Under root PostgreSQL runs as another user, who must be able to pass.
  chmodSync(folder, 0o711)
  // What the tests themselves put into the temporary folder goes with the run, too.
  process.env['TMPDIR'] = folder
  cleanUpWhenWeEnd(folder)
  try {
    const server = await startEmbeddedPostgres({ dataDir: folder, log: createLog({ level: 'warn' }), purpose: 'test' })
    await createTemplate(server.url)
    project.provide('postgres', { url: server.url, error: null })
    return async () => {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  } catch (error) {
    // Tests without a database still run; the others fail with this.
    project.provide('postgres', { url: null, error: error instanceof Error ? error.message : String(error) })
    return async () => {}
  }
}

/** Memory where the system has a folder for it with room to spare: creating a database there takes 20 ms instead of 200. */
function fastFolder(): string {
  if (!existsSync(MEMORY_FOLDER)) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY_FOLDER)
  return bavail * bsize >= MEMORY_BYTES_MIN ? MEMORY_FOLDER : tmpdir()
}

/** The pipe closes when this process ends, by whatever signal. */
function cleanUpWhenWeEnd(folder: string): void {
  const script = join(import.meta.dirname, 'clean-up.ts')
  const child = spawn(process.execPath, [script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  ;(child.stdin as unknown as { unref: () => void }).unref()
}

async function createTemplate(serverUrl: string): Promise<void> {
  const admin = connect({ url: serverUrl, applicationName: 'test setup', max: 1 })
  await admin`create database ${admin(TEMPLATE_DATABASE)} template template0`
  await admin.end()
  const template = connect({ url: databaseUrl(serverUrl, TEMPLATE_DATABASE), applicationName: 'test setup', max: 1 })
  try {
    await migrate(template)
  } finally {
    await template.end()
  }
}
