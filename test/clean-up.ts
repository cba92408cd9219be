// Waits until the test run that started it has ended, then stops every PostgreSQL below the run's folder and removes the folder:
// after Ctrl-C or `kill -9` nobody else would. Called with the folder; its standard input is a pipe from the run.

import { existsSync, globSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findPostmaster } from '../packages/server/src/platform/postgres-postmaster.ts'

/** Workers of a killed run need a moment to end, and may start one more server in it. */
const WORKERS_END_MS = 2_000
const ROUNDS_MAX = 50
const ROUND_MS = 200

const folder = process.argv[2]
if (folder === undefined || !folder.includes('tollgate-test-')) throw new Error('Usage: clean-up.ts <folder of a test run>')

process.stdin.resume().on('end', async () => {
  if (existsSync(folder)) await delay(WORKERS_END_MS)
  for (let round = 0; round < ROUNDS_MAX && existsSync(folder); round++) {
    stopServers(folder)
    await delay(ROUND_MS)
    try {
      rmSync(folder, { recursive: true, force: true })
    } catch {
      // Somebody still writes there: once more.
    }
  }
})

function stopServers(below: string): void {
  for (const path of globSync('**/postmaster.pid', { cwd: below })) {
    const server = findPostmaster(dirname(join(below, path)))
    if (server !== null) process.kill(server.pid, 'SIGQUIT')
  }
}
