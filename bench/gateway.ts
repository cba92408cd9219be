// `gateway`: requests per second and latency through a real Tollgate, started as a user starts it, against the cheapest proxy
// that node:http and undici allow, before the same upstream. Proxy, upstream, load and Tollgate are processes of their own; all
// sides take turns in each round, and a side starts only when the settlement of the last one has come to rest. `--peer portkey` puts
// another gateway beside them.

import { drive, portOf, startTollgate, withProcesses } from './gateway-processes.ts'
import type { LoadResult } from './load/load-generator.ts'
import { startPeer, type Peer } from './peers/portkey.ts'
import { median, result, type BenchResult } from './result.ts'

const CONNECTIONS = [1, 32, 256] as const
const SECONDS = 2
/** Of a Tollgate's throughput beside the bare proxy, and what it may add to the time of a lone request and of a stream's first byte. */
const RATIO_LEAST = 0.6
const ADDED_P50_MS_MOST = 0.3
const ADDED_P99_MS_MOST = 1
const ADDED_FIRST_BYTE_MS_MOST = 0.3
const BEHIND_MS_MOST = 1_000
/** Of a Tollgate's throughput beside the peer. */
const PEER_RATIO_LEAST = 4

type Case = { readonly stream: boolean; readonly connections: number }
type Measured = { readonly bare: LoadResult[]; readonly ours: LoadResult[]; readonly peer: LoadResult[]; /** How long settlement went on after the load had ended. */ readonly behindMs: number[] }
type Options = { readonly rounds: number; readonly peer: string | null; readonly log: (line: string) => void }

export function run(options: Options): Promise<readonly BenchResult[]> {
  return withProcesses(async ({ folder, children, started }) => {
    const upstream = `http://127.0.0.1:${await portOf(started('load/fixed-upstream.ts'))}`
    const barePort = await portOf(started('load/bare-proxy.ts', upstream))
    const load = started('load/load-generator.ts')
    const tollgate = await startTollgate(folder, upstream, children)
    const peer = options.peer === null ? null : await startPeer(options.peer, upstream, children, options.log)
    const cases: readonly Case[] = [false, true].flatMap((stream) => CONNECTIONS.map((connections) => ({ stream, connections })))
    const figures = new Map<Case, Measured>(cases.map((one) => [one, { bare: [], ours: [], peer: [], behindMs: [] }]))
    for (let round = 0; round <= options.rounds; round++) {
      for (const one of cases) {
        const job = { ...one, seconds: round === 0 ? 1 : SECONDS }
        const bare = await drive(load, { ...job, port: barePort, key: 'none' })
        const ours = await drive(load, { ...job, port: tollgate.port, key: tollgate.key })
        const behindMs = await tollgate.rest()
        const other = peer === null ? null : await drive(load, { ...job, port: peer.port, key: 'none', headers: peer.headers })
        if (ours.errors > 0) throw new Error(`${ours.errors} requests failed at ${nameOf(one)}`)
        options.log(`round ${round === 0 ? '0 (warm-up)' : round} ${nameOf(one)}: ${Math.round(ours.perSecond)} requests/s, bare ${Math.round(bare.perSecond)}${other === null ? '' : `, ${options.peer} ${Math.round(other.perSecond)}`}`)
        if (round === 0) continue
        const measured = figures.get(one)!
        measured.bare.push(bare)
        measured.ours.push(ours)
        measured.behindMs.push(behindMs)
        if (other !== null) measured.peer.push(other)
      }
    }
    return cases.flatMap((one) => rowsOf(one, figures.get(one)!, peer))
  })
}

type Figure = 'perSecond' | 'p50Ms' | 'p99Ms' | 'firstByteP50Ms'

function rowsOf(one: Case, { bare, ours, peer: others, behindMs }: Measured, peer: Peer | null): BenchResult[] {
  const middle = (side: readonly LoadResult[], figure: Figure) => median(side.map((measured) => measured[figure]))
  const name = nameOf(one)
  const isLone = one.connections === 1
  const added = (figure: Figure, metric: string, limit: number) =>
    result({ bench: 'gateway', metric: `${name} added ${metric}`, value: middle(ours, figure) - middle(bare, figure), unit: 'ms', ...(isLone ? { target: { of: 'value', at: 'most', limit } as const } : {}) })
  return [
    result({
      bench: 'gateway', metric: `${name} throughput`, value: middle(ours, 'perSecond'), baseline: middle(bare, 'perSecond'), unit: 'requests/s',
      ...(isLone ? {} : { target: { of: 'ratio', at: 'least', limit: RATIO_LEAST } as const }),
    }),
    added('p50Ms', 'p50', ADDED_P50_MS_MOST),
    added('p99Ms', 'p99', ADDED_P99_MS_MOST),
    ...(one.stream ? [added('firstByteP50Ms', 'first byte p50', ADDED_FIRST_BYTE_MS_MOST)] : []),
    result({ bench: 'gateway', metric: `${name} settlement behind at the end`, value: median(behindMs), unit: 'ms', target: { of: 'value', at: 'most', limit: BEHIND_MS_MOST } }),
    ...(peer === null ? [] : [result({ bench: 'gateway', metric: `${name} throughput, against ${peer.name}`, value: middle(ours, 'perSecond'), baseline: middle(others, 'perSecond'), unit: 'requests/s', target: { of: 'ratio', at: 'least', limit: PEER_RATIO_LEAST } })]),
  ]
}

function nameOf({ stream, connections }: Case): string {
  return `${stream ? 'SSE' : 'JSON'}, ${connections} connection${connections === 1 ? '' : 's'}`
}
