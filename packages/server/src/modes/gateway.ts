// Mode `gateway`: nodes of the data plane. Each decides in memory, journals to its own folder, and speaks to the control plane
// over HTTP; it never runs SQL. Beside a `serve` they are its children; on another machine they are started by themselves with
// TOLLGATE_CONTROL_URL and TOLLGATE_NODE_TOKEN, where this process watches over them if they are several.

import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { createGateway } from '../gateway/server.ts'
import { prometheusMetrics } from '../gateway/prometheus.ts'
import { createSandbox } from '../gateway/sandbox/server.ts'
import { systemClock } from '../platform/clock.ts'
import { requireNodeConfig, type Config } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import type { GatewayMessage, ParentMessage } from './gateway-child.ts'
import { startGatewaySet } from './gateway-set.ts'
import { listen } from './listen.ts'
import { openNode } from './open-node.ts'

/** How long a stop waits until what is journaled is settled. Without a control plane that would be for ever; the journal keeps it for the next start. */
const DRAIN_TIMEOUT_MS = 5_000
/** A gateway whose server was killed ends its streams soon, because the next one waits for its journal. */
const ORPHAN_GRACE_MS = 2_000

/**
 * The young garbage is collected by one thread: there is little to copy, and several that share it wait for each other on a machine whose
 * cores are taken, fifty times as long as one needs alone (docs/decisions/2026-11-25-young-garbage.md).
 */
const COLLECTION = '--no-parallel-scavenge'

/** Which of how many gateway processes on the port this is, from 0. */
export type Place = { readonly index: number; readonly count: number }
type Stop = (how: { readonly isOrphan: boolean }) => Promise<void>

/** `place` is known to a process that a parent started; without it this one is the only process, or the parent of several. */
export async function runGateway(config: Config, place: Place | null): Promise<{ readonly stop: Stop }> {
  const nodeId = config.nodeId ?? hostname().toLowerCase().replace(/[^a-z0-9.-]/g, '-')
  if (place !== null || config.gateways === 1) return runProcess(config, nodeId, place ?? { index: 0, count: 1 })
  const { controlUrl, nodeToken } = requireNodeConfig(config)
  const log = createLog({ level: config.logLevel })
  const set = await startGatewaySet({ config, log, controlUrl, nodeToken, alone: nodeId, base: nodeId })
  const message: GatewayMessage = { kind: 'ready', url: set.url(), ownUrl: null }
  process.send?.(message)
  log.info({ url: set.url(), processes: config.gateways }, 'the gateway is ready')
  return { stop: () => set.stop() }
}

async function runProcess(config: Config, nodeId: string, place: Place): Promise<{ readonly stop: Stop }> {
  setFlagsFromString(COLLECTION)
  const log = createLog({ level: config.logLevel })
  const { node, control, close } = await openNode({ config, log, nodeId, ...requireNodeConfig(config) })
  const sandbox = createSandbox({ log })
  const sandboxPort = await listen(sandbox.server, { host: '127.0.0.1', port: 0, setting: '', flag: '' })
  const isOneOfMany = place.count > 1
  const metrics = prometheusMetrics(node, isOneOfMany)
  const gateway = createGateway({
    node, spent: control.spent, background: control.background, prompts: control.prompts, sharedAnswers: control.sharedAnswers, rests: control.rests(nodeId), clock: systemClock, log, metrics, metricsPage: metrics, sandboxUrl: `http://127.0.0.1:${sandboxPort}`,
    ...(isOneOfMany ? { siblings: { ...place, addressOf: siblingAddresses() } } : {}),
  })
  const ownUrl = isOneOfMany ? `http://127.0.0.1:${await gateway.listenOwn()}` : null
  const port = await listen(gateway.server, { host: config.host, port: config.gatewayPort, setting: 'TOLLGATE_GATEWAY_PORT', flag: '--gateway-port' }, isOneOfMany)
  const shown = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host
  const message: GatewayMessage = { kind: 'ready', url: `http://${shown}:${port}`, ownUrl }
  process.send?.(message)
  log.debug({ node: nodeId, url: message.url }, 'the gateway is ready')
  return {
    stop: async ({ isOrphan }) => {
      await gateway.close(isOrphan ? ORPHAN_GRACE_MS : undefined)
      await Promise.race([node.drain(), delay(DRAIN_TIMEOUT_MS, undefined, { ref: false })])
      await sandbox.close()
      await close()
    },
  }
}

/** The parent tells them again whenever one of them begins or ends. */
function siblingAddresses(): (index: number) => string | null {
  let addresses: readonly (string | null)[] = []
  process.on('message', (message: ParentMessage) => {
    ;({ addresses } = message)
  })
  return (index) => addresses[index] ?? null
}
