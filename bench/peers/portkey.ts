// The peer of the gateway benchmark: Portkey's open-source gateway as npm has it, installed on first use into a folder of its own. Its
// streams need the versions of two packages that its own lock file had; it is held to the loopback address, which it has no option for.

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startChild, type Child } from '../gateway-processes.ts'

export type Peer = { readonly name: string; readonly port: number; /** Header lines that each request needs. */ readonly headers: readonly string[] }

const VERSION = '1.15.2'
const PACKAGE = { private: true, dependencies: { '@portkey-ai/gateway': VERSION }, overrides: { '@hono/node-server': '1.13.5', hono: '4.9.7' } }
const START_TIMEOUT_MS = 60_000

export async function startPeer(name: string, upstream: string, children: Child[], log: (line: string) => void): Promise<Peer> {
  if (name !== 'portkey') throw new Error(`There is no peer ${name}. There is: portkey.`)
  const folder = join(tmpdir(), `tollgate-bench-portkey-${VERSION}`)
  const start = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js')
  if (!existsSync(start)) {
    log(`installing @portkey-ai/gateway ${VERSION} into ${folder}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), JSON.stringify(PACKAGE))
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder })
  }
  const port = await freePort()
  const child = startChild(start, ['--headless', `--port=${port}`], { NODE_OPTIONS: `--import=${join(import.meta.dirname, 'loopback.ts')}` })
  children.push(child)
  const deadline = performance.now() + START_TIMEOUT_MS
  while (!(await answers(port))) {
    if (performance.now() > deadline || child.process.exitCode !== null) throw new Error('the peer did not start; see above')
    await delay(100)
  }
  return { name, port, headers: ['x-portkey-provider: openai', `x-portkey-custom-host: ${upstream}/v1`] }
}

async function answers(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`)
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}
