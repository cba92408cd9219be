// A real Tollgate as a user starts it: the binary in a process of its own, embedded PostgreSQL, a folder of its own, free ports.
// For tests that start, kill and restart it.

import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import type { Demo } from '../../packages/server/src/modes/demo.ts'

export const MAIN = join(import.meta.dirname, '..', '..', 'packages', 'server', 'src', 'main.ts')
const READY_TIMEOUT_MS = 60_000

export type Tollgate = {
  readonly demo: Demo
  readonly dataDir: string
  /** Milliseconds from the spawn until the welcome. */
  readonly startedInMs: number
  readonly output: () => string
  /** Everything at once, as `kill -9` of the process group: control plane, gateway, but not PostgreSQL, which outlives it. */
  readonly kill: () => Promise<void>
  /** `kill -9` of the control plane alone: its gateway is left behind. */
  readonly killControlPlane: () => Promise<void>
  readonly stop: () => Promise<number | null>
  readonly exited: Promise<number | null>
  /** A GET with the operator's key; the parsed answer. */
  readonly get: <T>(path: string, key?: string) => Promise<T>
  readonly post: (path: string, body: unknown, options?: { readonly key?: string; readonly headers?: Readonly<Record<string, string>> }) => Promise<Response>
  readonly client: (options?: { readonly maxRetries?: number }) => OpenAI
}

/** A folder that PostgreSQL's user may pass, also under root. */
export function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-e2e-'))
  chmodSync(folder, 0o711)
  return join(folder, 'data')
}

export function spawnTollgate(dataDir: string, options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {}): { readonly child: ChildProcess; readonly output: () => string; readonly exited: Promise<number | null> } {
  let text = ''
  const child = spawn(process.execPath, [MAIN, 'serve', '--demo', ...(options.args ?? ['--port', '0', '--gateway-port', '0'])], {
    env: { PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], TOLLGATE_DATA_DIR: dataDir, TOLLGATE_LOG_LEVEL: 'warn', ...options.env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true,
  })
  child.stdout!.on('data', (chunk: Buffer) => { text += String(chunk) })
  child.stderr!.on('data', (chunk: Buffer) => { text += String(chunk) })
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return { child, output: () => text, exited }
}

export async function startTollgate(dataDir: string = dataFolder(), options: Parameters<typeof spawnTollgate>[1] = {}): Promise<Tollgate> {
  const startedAt = performance.now()
  const { child, output, exited } = spawnTollgate(dataDir, options)
  while (!output().includes('Ctrl-C stops everything')) {
    if (child.exitCode !== null || performance.now() - startedAt > READY_TIMEOUT_MS) throw new Error(`Tollgate did not start: ${output()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const startedInMs = performance.now() - startedAt
  const demo = JSON.parse(readFileSync(join(dataDir, 'demo.json'), 'utf8')) as Demo
  const headers = (key?: string) => ({ authorization: `Bearer ${key ?? demo.admin_key}` })
  return {
    demo, dataDir, startedInMs, output, exited,
    kill: async () => {
      process.kill(-child.pid!, 'SIGKILL')
      await exited
    },
    killControlPlane: async () => {
      child.kill('SIGKILL')
      await exited
    },
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
    get: async <T>(path: string, key?: string) => {
      const answer = await fetch(`${demo.url}${path}`, { headers: headers(key) })
      if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as T
    },
    post: (path, body, { key, headers: extra } = {}) => fetch(`${demo.url}${path}`, { method: 'POST', headers: { ...headers(key), 'content-type': 'application/json', ...extra }, body: JSON.stringify(body) }),
    client: ({ maxRetries = 2 } = {}) => new OpenAI({ apiKey: demo.key, baseURL: `${demo.gateway_url}/v1`, maxRetries }),
  }
}

export type Sums = { readonly agrees: boolean; readonly differences: readonly string[]; readonly events: number; readonly sums: Readonly<Record<string, string>> }
