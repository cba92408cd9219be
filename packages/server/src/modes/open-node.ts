// One node of the data plane on the journal of its name, speaking to the control plane over HTTP: what a gateway process is built on.

import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { HotNode } from '../hot/contract.ts'
import { startNode } from '../hot/start-node.ts'
import { bootId } from '../platform/boot-id.ts'
import { systemClock } from '../platform/clock.ts'
import type { Config } from '../platform/config.ts'
import { createControlClient } from '../platform/control-client.ts'
import { acquireDataDirLock, type DataDirLock } from '../platform/data-dir-lock.ts'
import type { Log } from '../platform/log.ts'
import { serialText } from '../platform/random-id.ts'
import { hashKey } from '../platform/secrets.ts'
import { StartError } from '../platform/start-error.ts'

export type OpenNode = { readonly node: HotNode; readonly control: ReturnType<typeof createControlClient>; /** After its drain. */ readonly close: () => Promise<void> }

/** Longer than an orphan needs to end. */
const LOCK_TIMEOUT_MS = 15_000
const LOCK_RETRY_MS = 50

export async function openNode(options: { readonly config: Config; readonly log: Log; readonly nodeId: string; readonly controlUrl: string; readonly nodeToken: string }): Promise<OpenNode> {
  const { config, log, nodeId, controlUrl, nodeToken } = options
  const control = createControlClient({ url: controlUrl, token: nodeToken, onProblem: (error) => log.warn({ error }, 'the feed of the control plane is interrupted') })
  const folder = join(config.dataDir, 'journal', nodeId)
  const lock = await lockJournal(folder)
  const node = await startNode({
    node: nodeId, journalFolder: folder, authority: control.authority, directory: control.directory, feed: control.feed,
    clock: systemClock, randomText: serialText, hashKey, boot: bootId(),
    warn: (facts, message) => {
      log.warn(facts, message)
      if (isFenced(facts['error'])) {
        log.fatal({ node: nodeId }, 'another process runs under this node id; this one stops')
        process.exit(1)
      }
    },
  })
  return {
    node, control,
    close: async () => {
      await control.close()
      lock.release()
    },
  }
}

/** One process per journal: a second would delete segments that the first still writes. An orphan of a killed server is waited for. */
async function lockJournal(folder: string): Promise<DataDirLock> {
  const deadline = performance.now() + LOCK_TIMEOUT_MS
  for (;;) {
    try {
      return acquireDataDirLock(folder)
    } catch (error) {
      if (!(error instanceof StartError) || error.code !== 'data_dir_in_use' || performance.now() > deadline) throw error
      await delay(LOCK_RETRY_MS)
    }
  }
}

function isFenced(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'node_fenced'
}
