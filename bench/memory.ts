// `memory`: what the gateway processes hold for each open stream, and whether it grows with requests that are over. Read from the system,
// of a real Tollgate under a real load.

import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { drive, portOf, startTollgate, withProcesses } from './gateway-processes.ts'
import { result, type BenchResult } from './result.ts'

const STREAMS = 10_000
/** Of one customer: its bound of requests in flight is above it. */
const STREAMS_PER_CUSTOMER = 1_250
/** A stream takes two file descriptors, and a process may often have 20,000. */
const GATEWAYS = 2
const KB_PER_STREAM_MOST = 64
const REQUESTS = 1_000_000
const GROWTH_MB_MOST = 64
const SECONDS_EACH = 10
/** Garbage is collected and buffers are given back when nothing has happened for a while. */
const REST_MS = 3_000

export function run(options: { readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  return withProcesses(async ({ folder, children, started }) => {
    const upstream = `http://127.0.0.1:${await portOf(started('load/fixed-upstream.ts'))}`
    const load = started('load/load-generator.ts')
    const tollgate = await startTollgate(folder, upstream, children, { TOLLGATE_GATEWAYS: String(GATEWAYS) })
    const job = { port: tollgate.port, key: tollgate.key, connections: 32, seconds: SECONDS_EACH, stream: true }
    const gateways = gatewaysOf(tollgate.process.pid!)
    await drive(load, job)
    await delay(REST_MS)
    const before = residentKb(gateways)
    const keys = await Promise.all(Array.from({ length: STREAMS / STREAMS_PER_CUSTOMER }, (_, index) => tollgate.customer(`cus_bench${index}`)))
    const held = await drive(load, { ...job, keys, connections: STREAMS, hold: true })
    if (held.errors > 0) throw new Error(`${held.errors} streams failed`)
    await delay(REST_MS)
    const open = residentKb(gateways)
    options.log(`${STREAMS} open streams: ${Math.round(before / 1_024)} MB before, ${Math.round(open / 1_024)} MB with them`)
    let total = 0
    let half: number | null = null
    // Both ends are read at rest: within a load it is seen where a collection stands, not what is kept.
    const atRest = async () => {
      await tollgate.rest()
      await delay(REST_MS)
      return residentKb(gateways)
    }
    for (let turn = 0; total < REQUESTS; turn++) {
      total += (await drive(load, { ...job, stream: turn % 2 === 0 })).total
      options.log(`${total.toLocaleString('en')} requests: ${Math.round(residentKb(gateways) / 1_024)} MB, ${await heapOf(tollgate.port)}`)
      if (half === null && total >= REQUESTS / 2) half = await atRest()
    }
    const end = await atRest()
    options.log(`at rest: ${Math.round((half ?? end) / 1_024)} MB after half of them, ${Math.round(end / 1_024)} MB at the end, ${await heapOf(tollgate.port)}`)
    return [
      result({ bench: 'memory', metric: 'of an open stream', value: (open - before) / STREAMS, unit: 'KB', target: { of: 'value', at: 'most', limit: KB_PER_STREAM_MOST } }),
      result({ bench: 'memory', metric: `grown by the second half of ${total.toLocaleString('en')} requests`, value: (end - (half ?? end)) / 1_024, unit: 'MB', target: { of: 'value', at: 'most', limit: GROWTH_MB_MOST } }),
      result({ bench: 'memory', metric: 'at the end', value: end / 1_024, unit: 'MB' }),
    ]
  })
}

/** The children of `serve` that were started as gateways. */
function gatewaysOf(serve: number): number[] {
  const found: number[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      if (Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]) !== serve) continue
      if (readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('\0gateway\0')) found.push(Number(name))
    } catch {
      continue
    }
  }
  if (found.length !== GATEWAYS) throw new Error('the gateway processes were not found: this benchmark reads /proc of Linux')
  return found
}

function residentKb(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]), 0)
}

/** What of it the processes' own figures say is V8's: the heap in use, and the buffers outside of it. */
async function heapOf(port: number): Promise<string> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const mb = (name: string) => Math.round([...page.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0) / 1_048_576)
  return `${mb('nodejs_heap_size_used_bytes')} MB of it the heap, ${mb('nodejs_external_memory_bytes')} MB buffers`
}
