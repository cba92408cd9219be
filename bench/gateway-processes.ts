// The processes of the gateway benchmarks: the load, the upstream, and a Tollgate started as a user starts it. Each is a child that speaks
// lines of JSON, and ends with its parent.

import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { LoadJob, LoadResult } from './load/load-generator.ts'

/** How often the balance is looked at, and how long it must stand still to be at rest. */
const LOOK_MS = 50
const STILL_MS = 500

export type Child = { readonly process: ChildProcess; readonly lines: AsyncIterator<string> }
export type Tollgate = { readonly port: number; readonly url: string; readonly key: string; /** Makes another customer, with a full wallet unless stated; answers its key. */ readonly customer: (id: string, credit?: string) => Promise<string>; /** Waits until settlement has come to rest; answers how long it went on. */ readonly rest: () => Promise<number>; readonly process: ChildProcess }

/** The program with the demo, its wallet filled, and the benchmark's upstream as its provider. */
export async function startTollgate(folder: string, upstream: string, children: Child[], environment: Readonly<Record<string, string>> = {}): Promise<Tollgate> {
  const child = startChild(join(import.meta.dirname, '..', 'packages', 'server', 'src', 'main.ts'), ['serve', '--demo'], {
    TOLLGATE_DATA_DIR: folder, TOLLGATE_PORT: '0', TOLLGATE_GATEWAY_PORT: '0', TOLLGATE_LOG_LEVEL: 'error', OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: `${upstream}/v1`, ...environment,
  })
  children.push(child)
  for (let line = await child.lines.next(); !line.value?.includes('Tollgate is ready'); line = await child.lines.next()) {
    if (line.done === true) throw new Error('Tollgate did not start; see above')
  }
  const demo = JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')) as { readonly url: string; readonly gateway_url: string; readonly key: string; readonly admin_key: string; readonly customer: string }
  const admin = { authorization: `Bearer ${demo.admin_key}`, 'content-type': 'application/json' }
  const customer = `${demo.url}/v1/customers/${demo.customer}`
  const post = async (path: string, body: object) => {
    const answer = await fetch(`${demo.url}${path}`, { method: 'POST', headers: admin, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(`POST ${path}: ${await answer.text()}`)
    return (await answer.json()) as { readonly key: string }
  }
  const fill = (id: string, amount = '1000000') => post(`/v1/customers/${id}/credits`, { amount })
  await fill(demo.customer)
  const posted = async () => ((await (await fetch(`${customer}/balance`, { headers: admin })).json()) as { readonly balance: string }).balance
  return {
    port: Number(new URL(demo.gateway_url).port),
    url: demo.url,
    customer: async (id, credit) => {
      await post('/v1/customers', { id, name: id, plan: 'prepaid' })
      await fill(id, credit)
      return (await post('/v1/keys', { name: id, scopes: ['gateway'], customer: id })).key
    },
    key: demo.key,
    process: child.process,
    rest: async () => {
      const startedAt = performance.now()
      let changedAt = startedAt
      for (let before = await posted(); performance.now() - changedAt < STILL_MS; ) {
        await delay(LOOK_MS)
        const after = await posted()
        if (after !== before) changedAt = performance.now()
        before = after
      }
      return changedAt - startedAt
    },
  }
}

/** `isTold`: over a channel, as the program's own children are. */
export function startChild(file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}, { isTold = false } = {}): Child {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit', ...(isTold ? (['ipc'] as const) : [])], env: { ...process.env, ...environment } })
  return { process: child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() }
}

export async function portOf(child: Child): Promise<number> {
  return (JSON.parse(await nextLine(child)) as { readonly port: number }).port
}

export async function drive(load: Child, job: LoadJob): Promise<LoadResult> {
  load.process.stdin!.write(`${JSON.stringify(job)}\n`)
  return JSON.parse(await nextLine(load)) as LoadResult
}

async function nextLine(child: Child): Promise<string> {
  const line = await child.lines.next()
  if (line.done === true) throw new Error('a process of the benchmark ended early; see above')
  return line.value
}

export async function stop({ process: child }: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

/** A folder for a Tollgate's data, and the processes that a benchmark starts; all are gone when it ends. */
export async function withProcesses<T>(run: (at: { readonly folder: string; readonly children: Child[]; readonly started: (file: string, ...args: readonly string[]) => Child }) => Promise<T>): Promise<T> {
  const children: Child[] = []
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  // Under root PostgreSQL runs as another user, who must be able to pass.
  chmodSync(folder, 0o711)
  const started = (file: string, ...args: readonly string[]) => {
    const child = startChild(join(import.meta.dirname, file), args)
    children.push(child)
    return child
  }
  try {
    return await run({ folder, children, started })
  } finally {
    for (const child of children.reverse()) await stop(child)
    rmSync(folder, { recursive: true, force: true })
  }
}
