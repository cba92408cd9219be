// The gateway processes of one machine: one, or several that share a port, each a node of its own. They are started together, told where
// the others are, and drained together. A process that dies is started again by itself; the others go on.
// Invariant: what a process wrote is settled also when there are fewer of them at the next start.

import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../platform/config.ts'
import type { Log } from '../platform/log.ts'
import { startGatewayChild, type GatewayChild } from './gateway-child.ts'
import { mustBeFree } from './listen.ts'
import { openNode } from './open-node.ts'

export type GatewaySet = { readonly url: () => string; readonly stop: () => Promise<void> }

export type GatewaySetOptions = { readonly config: Config; readonly log: Log; readonly nodeToken: string; readonly controlUrl: string; /** Name of the one node; several are `<base>-1`, `<base>-2`, … */ readonly alone: string; readonly base: string }

/** How long what a process left behind may take to be settled before the start goes on without it; it waits on disk for the next. */
const LEFT_TIMEOUT_MS = 10_000

export async function startGatewaySet(options: GatewaySetOptions): Promise<GatewaySet> {
  const { config } = options
  const count = config.gateways
  const names = Array.from({ length: count }, (_, index) => (count === 1 ? options.alone : `${options.base}-${index + 1}`))
  if (count > 1 && config.gatewayPort !== 0) await mustBeFree({ host: config.host, port: config.gatewayPort, setting: 'TOLLGATE_GATEWAY_PORT', flag: '--gateway-port' })
  await settleLeft(options, names)

  const children: GatewayChild[] = []
  const tellAll = () => {
    if (count === 1) return
    const addresses = names.map((_, index) => children[index]?.ownUrl() ?? null)
    for (const child of children) child?.tell({ kind: 'siblings', addresses })
  }
  const begin = async (index: number, port: number) => {
    children[index] = await startGatewayChild({ ...options, nodeId: names[index]!, port, place: { index, count }, onChange: tellAll })
  }
  const stop = async () => void (await Promise.all(children.map((child) => child?.stop())))
  try {
    // The first picks the port where it is free to choose.
    await begin(0, config.gatewayPort)
    const port = Number(new URL(children[0]!.url()).port)
    const begun = await Promise.allSettled(names.slice(1).map((_, index) => begin(index + 1, port)))
    for (const one of begun) if (one.status === 'rejected') throw one.reason
  } catch (error) {
    await stop()
    throw error
  }
  tellAll()
  return { url: () => children[0]!.url(), stop }
}

/** Journals of processes that there were more of before: settled, their leases given back, and then gone. */
async function settleLeft(options: GatewaySetOptions, names: readonly string[]): Promise<void> {
  const { config, log, nodeToken, controlUrl, alone, base } = options
  const journals = join(config.dataDir, 'journal')
  const isOurs = (name: string) => name === alone || (name.startsWith(`${base}-`) && /^\d+$/.test(name.slice(base.length + 1)))
  for (const name of foldersIn(journals)) {
    if (!isOurs(name) || names.includes(name)) continue
    const settled = openNode({ config, log, nodeId: name, controlUrl, nodeToken }).then(async ({ node, close }) => {
      await node.drain()
      await close()
      rmSync(join(journals, name), { recursive: true, force: true })
    })
    await Promise.race([settled, delay(LEFT_TIMEOUT_MS, undefined, { ref: false })]).catch((error: unknown) => log.error({ node: name, error }, 'what a gateway process left behind cannot be settled now; it waits on disk'))
  }
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  } catch {
    return []
  }
}
