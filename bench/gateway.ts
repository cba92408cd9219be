// `gateway`: requests per second and latency through a real Tollgate, started as a user starts it, against the cheapest proxy
// that node:http and undici allow, before the same upstream. Proxy, upstream, load and Tollgate are processes of their own;
// both sides take turns in each round, and a side starts only when the settlement of the last one has come to rest.

import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { LoadJob, LoadResult } from './load/load-generator.ts'
import { median, result, type BenchResult } from './result.ts'

const CONNECTIONS = [1, 32, 256] as const
const SECONDS = 2
/** Of a Tollgate's throughput beside the bare proxy, and what it may add to the time of a lone request. */
const RATIO_LEAST = 0.5
const ADDED_P50_MS_MOST = 0.35
const ADDED_P99_MS_MOST = 1.5
const BEHIND_MS_MOST = 1_000
/** How often the balance is looked at, and how long it must stand still to be at rest. */
const LOOK_MS = 50
const STILL_MS = 500

type Case = { readonly stream: boolean; readonly connections: number }
type Measured = { readonly bare: LoadResult[]; readonly ours: LoadResult[]; /** How long settlement went on after the load had ended. */ readonly behindMs: number[] }

export async function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  const children: Child[] = []
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  // Under root PostgreSQL runs as another user, who must be able to pass.
  chmodSync(folder, 0o711)
  try {
    const started = async (file: string, ...args: readonly string[]) => {
      const child = startChild(join(import.meta.dirname, file), args)
      children.push(child)
      return child
    }
    const upstream = `http://127.0.0.1:${await portOf(await started('load/fixed-upstream.ts'))}`
    const barePort = await portOf(await started('load/bare-proxy.ts', upstream))
    const load = await started('load/load-generator.ts')
    const tollgate = await startTollgate(folder, upstream, children)
    const cases: readonly Case[] = [false, true].flatMap((stream) => CONNECTIONS.map((connections) => ({ stream, connections })))
    const figures = new Map<Case, Measured>(cases.map((one) => [one, { bare: [], ours: [], behindMs: [] }]))
    for (let round = 0; round <= options.rounds; round++) {
      for (const one of cases) {
        const job = { ...one, seconds: round === 0 ? 1 : SECONDS }
        const bare = await drive(load, { ...job, port: barePort, key: 'none' })
        const ours = await drive(load, { ...job, port: tollgate.port, key: tollgate.key })
        const behindMs = await tollgate.rest()
        if (ours.errors > 0) throw new Error(`${ours.errors} requests failed at ${nameOf(one)}`)
        options.log(`round ${round === 0 ? '0 (warm-up)' : round} ${nameOf(one)}: ${Math.round(ours.perSecond)} requests/s, bare ${Math.round(bare.perSecond)}`)
        if (round === 0) continue
        figures.get(one)!.bare.push(bare)
        figures.get(one)!.ours.push(ours)
        figures.get(one)!.behindMs.push(behindMs)
      }
    }
    return cases.flatMap((one) => rowsOf(one, figures.get(one)!))
  } finally {
    for (const child of children.reverse()) await stop(child)
    rmSync(folder, { recursive: true, force: true })
  }
}

function rowsOf(one: Case, { bare, ours, behindMs }: Measured): BenchResult[] {
  const middle = (side: readonly LoadResult[], figure: 'perSecond' | 'p50Ms' | 'p99Ms') => median(side.map((measured) => measured[figure]))
  const name = nameOf(one)
  const isLone = one.connections === 1
  return [
    result({
      bench: 'gateway', metric: `${name} throughput`, value: middle(ours, 'perSecond'), baseline: middle(bare, 'perSecond'), unit: 'requests/s',
      ...(isLone ? {} : { target: { of: 'ratio', at: 'least', limit: RATIO_LEAST } as const }),
    }),
    result({
      bench: 'gateway', metric: `${name} added p50`, value: middle(ours, 'p50Ms') - middle(bare, 'p50Ms'), unit: 'ms',
      ...(isLone ? { target: { of: 'value', at: 'most', limit: ADDED_P50_MS_MOST } as const } : {}),
    }),
    result({
      bench: 'gateway', metric: `${name} added p99`, value: middle(ours, 'p99Ms') - middle(bare, 'p99Ms'), unit: 'ms',
      ...(isLone ? { target: { of: 'value', at: 'most', limit: ADDED_P99_MS_MOST } as const } : {}),
    }),
    result({ bench: 'gateway', metric: `${name} settlement behind at the end`, value: median(behindMs), unit: 'ms', target: { of: 'value', at: 'most', limit: BEHIND_MS_MOST } }),
  ]
}

function nameOf({ stream, connections }: Case): string {
  return `${stream ? 'SSE' : 'JSON'}, ${connections} connection${connections === 1 ? '' : 's'}`
}

type Child = { readonly process: ChildProcess; readonly lines: AsyncIterator<string> }
type Tollgate = { readonly port: number; readonly key: string; readonly rest: () => Promise<number> }

/** The program with the demo, its wallet filled, and the benchmark's upstream as its provider. */
async function startTollgate(folder: string, upstream: string, children: Child[]): Promise<Tollgate> {
  const child = startChild(join(import.meta.dirname, '..', 'packages', 'server', 'src', 'main.ts'), ['serve', '--demo'], {
    TOLLGATE_DATA_DIR: folder, TOLLGATE_PORT: '0', TOLLGATE_GATEWAY_PORT: '0', TOLLGATE_LOG_LEVEL: 'error', OPENAI_API_KEY: 'bench', OPENAI_BASE_URL: `${upstream}/v1`,
  })
  children.push(child)
  for (let line = await child.lines.next(); !line.value?.includes('Tollgate is ready'); line = await child.lines.next()) {
    if (line.done === true) throw new Error('Tollgate did not start; see above')
  }
  const demo = JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')) as { readonly url: string; readonly gateway_url: string; readonly key: string; readonly admin_key: string; readonly customer: string }
  const admin = { authorization: `Bearer ${demo.admin_key}`, 'content-type': 'application/json' }
  const customer = `${demo.url}/v1/customers/${demo.customer}`
  const filled = await fetch(`${customer}/credits`, { method: 'POST', headers: admin, body: JSON.stringify({ amount: '1000000' }) })
  if (!filled.ok) throw new Error(`the demo wallet was not filled: ${await filled.text()}`)
  const posted = async () => ((await (await fetch(`${customer}/balance`, { headers: admin })).json()) as { readonly balance: string }).balance
  return {
    port: Number(new URL(demo.gateway_url).port),
    key: demo.key,
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

function startChild(file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Child {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...environment } })
  return { process: child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

async function portOf(child: Child): Promise<number> {
  return (JSON.parse(await nextLine(child)) as { readonly port: number }).port
}

async function drive(load: Child, job: LoadJob): Promise<LoadResult> {
  load.process.stdin!.write(`${JSON.stringify(job)}\n`)
  return JSON.parse(await nextLine(load)) as LoadResult
}

async function nextLine(child: Child): Promise<string> {
  const line = await child.lines.next()
  if (line.done === true) throw new Error('a process of the benchmark ended early; see above')
  return line.value
}

async function stop({ process: child }: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}
