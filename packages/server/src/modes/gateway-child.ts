// One gateway process: started with what it needs in its environment, watched, started again when it dies, told to drain when its
// parent stops. Its journal outlives it, so a restart loses nothing.

import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Config } from '../platform/config.ts'
import type { Log } from '../platform/log.ts'
import { StartError } from '../platform/start-error.ts'
import { goAhead } from './priority.ts'

export type GatewayChild = {
  readonly url: () => string
  /** Where its siblings reach it; null while it is down, and where it has none. */
  readonly ownUrl: () => string | null
  readonly tell: (message: ParentMessage) => void
  readonly stop: () => Promise<void>
}

/** What the child says over the channel. `ownUrl`: its address that it shares with no sibling. */
export type GatewayMessage = { readonly kind: 'ready'; readonly url: string; readonly ownUrl: string | null } | { readonly kind: 'failed'; readonly code: string; readonly message: string }

/** What it is told: where each gateway process of the port is reached by the others. */
export type ParentMessage = { readonly kind: 'siblings'; readonly addresses: readonly (string | null)[] }

export type GatewayChildOptions = {
  readonly config: Config
  readonly log: Log
  readonly nodeToken: string
  readonly controlUrl: string
  readonly nodeId: string
  readonly port: number
  /** Which of how many processes on the port, from 0. */
  readonly place: { readonly index: number; readonly count: number }
  /** It began to listen, or ended. */
  readonly onChange: () => void
}

const RESTART_MS = 200
/** Longer than the gateway's own grace for open streams and its drain: it ends by itself, and settles what it had to cut. */
const STOP_TIMEOUT_MS = 30_000
const START_TIMEOUT_MS = 60_000
/** Room for what thousands of requests in flight allocate, in MB: in V8's default of 16 much of it is copied again and again. */
const YOUNG_SPACE = '--max-semi-space-size=64'

export async function startGatewayChild(options: GatewayChildOptions): Promise<GatewayChild> {
  const { config, log, nodeId, place } = options
  let { port } = options
  let url = ''
  let ownUrl: string | null = null
  let child: ChildProcess | null = null
  let stopping = false

  async function start(): Promise<void> {
    child = fork(join(import.meta.dirname, '..', 'main.ts'), ['gateway', '--gateway-port', String(port), '--place', `${place.index}/${place.count}`], {
      execArgv: [...process.execArgv, YOUNG_SPACE],
      env: { ...process.env, TOLLGATE_CONTROL_URL: options.controlUrl, TOLLGATE_NODE_TOKEN: options.nodeToken, TOLLGATE_NODE_ID: nodeId, TOLLGATE_DATA_DIR: config.dataDir, TOLLGATE_HOST: config.host, TOLLGATE_LOG_LEVEL: config.logLevel },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    goAhead(child.pid)
    const ready = await readyMessage(child)
    ;({ url, ownUrl } = ready)
    port = Number(new URL(url).port)
    child.once('exit', (code, signal) => {
      ownUrl = null
      if (stopping) return
      options.onChange()
      void restart(code, signal)
    })
    options.onChange()
  }

  async function restart(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    log.error({ node: nodeId, code, signal }, 'the gateway process ended; it is started again and replays its journal')
    while (!stopping) {
      await delay(RESTART_MS)
      if (stopping) return
      try {
        return await start()
      } catch (error) {
        log.error({ node: nodeId, error }, 'the gateway process could not be started')
        child?.kill('SIGKILL')
      }
    }
  }

  try {
    await start()
  } catch (error) {
    child!.kill('SIGKILL')
    throw error
  }
  return {
    url: () => url,
    ownUrl: () => ownUrl,
    // A child that is ending hears nothing any more.
    tell: (message) => void (child?.connected === true && child.send(message, () => undefined)),
    stop: async () => {
      stopping = true
      if (child === null || child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise<void>((resolve) => child!.once('exit', () => resolve()))
      child.kill('SIGTERM')
      await Promise.race([ended, delay(STOP_TIMEOUT_MS, undefined, { ref: false })])
      if (child.exitCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}

function readyMessage(child: ChildProcess): Promise<Extract<GatewayMessage, { kind: 'ready' }>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new StartError({ code: 'gateway_silent', message: `The gateway process did not become ready in ${START_TIMEOUT_MS / 1_000} seconds.` })), START_TIMEOUT_MS)
    child.on('message', (message: GatewayMessage) => {
      clearTimeout(timer)
      if (message.kind === 'ready') resolve(message)
      else reject(new StartError({ code: message.code, message: message.message }))
    })
    child.once('exit', (code, signal) => {
      clearTimeout(timer)
      reject(new StartError({ code: 'gateway_ended', message: `The gateway process ended at its start (${signal ?? `exit code ${code}`}).` }))
    })
  })
}
