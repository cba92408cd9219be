// Mode `gateway`: one node of the data plane. It decides in memory, journals to its own folder, and speaks to the control
// plane over HTTP; it never runs SQL. Beside a `serve` it is its child; on another machine it is started by itself with
// TOLLGATE_CONTROL_URL and TOLLGATE_NODE_TOKEN.

import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createGateway } from '../gateway/server.ts'
import { prometheusMetrics } from '../gateway/prometheus.ts'
import { createSandbox } from '../gateway/sandbox/server.ts'
import { startNode } from '../hot/start-node.ts'
import { bootId } from '../platform/boot-id.ts'
import { systemClock } from '../platform/clock.ts'
import { requireNodeConfig, type Config } from '../platform/config.ts'
import { acquireDataDirLock, type DataDirLock } from '../platform/data-dir-lock.ts'
import { createControlClient } from '../platform/control-client.ts'
import { createLog } from '../platform/log.ts'
import { serialText } from '../platform/random-id.ts'
import { hashKey } from '../platform/secrets.ts'
import { StartError } from '../platform/start-error.ts'
import type { GatewayMessage } from './gateway-child.ts'
import { listen } from './listen.ts'

/** How long a stop waits until what is journaled is settled. Without a control plane that would be for ever; the journal keeps it for the next start. */
const DRAIN_TIMEOUT_MS = 5_000
/** A gateway whose server was killed ends its streams soon, because the next one waits for its journal. */
const ORPHAN_GRACE_MS = 2_000
/** Longer than an orphan needs to end. */
const LOCK_TIMEOUT_MS = 15_000
const LOCK_RETRY_MS = 50

export async function runGateway(config: Config): Promise<{ readonly stop: (how: { readonly isOrphan: boolean }) => Promise<void> }> {
  const log = createLog({ level: config.logLevel })
  const { controlUrl, nodeToken } = requireNodeConfig(config)
  const nodeId = config.nodeId ?? hostname().toLowerCase().replace(/[^a-z0-9.-]/g, '-')
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
  const sandbox = createSandbox({ log })
  const sandboxPort = await listen(sandbox.server, { host: '127.0.0.1', port: 0, setting: '', flag: '' })
  const metrics = prometheusMetrics(node)
  const gateway = createGateway({ node, spent: control.spent, background: control.background, clock: systemClock, log, metrics, metricsPage: metrics, sandboxUrl: `http://127.0.0.1:${sandboxPort}` })
  const port = await listen(gateway.server, { host: config.host, port: config.gatewayPort, setting: 'TOLLGATE_GATEWAY_PORT', flag: '--gateway-port' })
  const shown = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host
  const message: GatewayMessage = { kind: 'ready', url: `http://${shown}:${port}` }
  process.send?.(message)
  log.debug({ node: nodeId, url: message.url }, 'the gateway is ready')
  return {
    stop: async ({ isOrphan }) => {
      await gateway.close(isOrphan ? ORPHAN_GRACE_MS : undefined)
      await Promise.race([node.drain(), delay(DRAIN_TIMEOUT_MS, undefined, { ref: false })])
      await sandbox.close()
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
