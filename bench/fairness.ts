// `fairness`: what nine good tenants notice of a hostile tenth. Each of the nine asks one request after another through a real Tollgate: alone; beside
// one that keeps 512 requests in flight; and beside one that is refused as fast as it can ask. Their own p50 and p99 are the figures.

import { drive, portOf, startTollgate, withProcesses } from './gateway-processes.ts'
import type { LoadResult } from './load/load-generator.ts'
import { median, result, type BenchResult } from './result.ts'

const GOOD = 9
const HOSTILE_CONNECTIONS = 512
const SECONDS = 2
/** Nobody of the nine may fail; how much slower they are depends on the cores that the hostile one takes from everybody. */
const FAILED_MOST = 0

type Round = { readonly name: string; readonly good: LoadResult[]; readonly hostile: LoadResult[] }

export function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  return withProcesses(async ({ folder, children, started }) => {
    const upstream = `http://127.0.0.1:${await portOf(started('load/fixed-upstream.ts'))}`
    const [ours, theirs] = [started('load/load-generator.ts'), started('load/load-generator.ts')]
    const tollgate = await startTollgate(folder, upstream, children)
    const keys = await Promise.all(Array.from({ length: GOOD }, (_, index) => tollgate.customer(`cus_good${index}`)))
    const [rich, poor] = [await tollgate.customer('cus_rich'), await tollgate.customer('cus_poor', '0.000001')]
    const job = { port: tollgate.port, stream: false, seconds: SECONDS }
    const cases: readonly (Round & { readonly key: string | null })[] = [
      { name: 'alone', key: null, good: [], hostile: [] }, { name: 'beside a flood', key: rich, good: [], hostile: [] }, { name: 'beside a flood of refusals', key: poor, good: [], hostile: [] },
    ]
    for (let round = 0; round <= options.rounds; round++) {
      for (const { name, key, good, hostile } of cases) {
        const [nine, tenth] = await Promise.all([
          drive(ours, { ...job, key: keys[0]!, keys, connections: GOOD }),
          key === null ? null : drive(theirs, { ...job, key, connections: HOSTILE_CONNECTIONS, seconds: SECONDS + 1 }),
        ])
        await tollgate.rest()
        options.log(`round ${round} ${name}: the nine ${Math.round(nine.perSecond)} requests/s, p99 ${nine.p99Ms.toFixed(1)} ms, ${nine.errors} failed${tenth === null ? '' : `; the tenth ${Math.round(tenth.perSecond)} requests/s, ${tenth.errors} of ${tenth.total} refused`}`)
        if (round === 0) continue
        good.push(nine)
        if (tenth !== null) hostile.push(tenth)
      }
    }
    const [alone] = cases
    return cases.flatMap(({ name, good, hostile }) => [
      result({ bench: 'fairness', metric: `p50 of nine, ${name}`, value: median(good.map(({ p50Ms }) => p50Ms)), baseline: median(alone!.good.map(({ p50Ms }) => p50Ms)), unit: 'ms' }),
      result({ bench: 'fairness', metric: `p99 of nine, ${name}`, value: median(good.map(({ p99Ms }) => p99Ms)), baseline: median(alone!.good.map(({ p99Ms }) => p99Ms)), unit: 'ms' }),
      result({ bench: 'fairness', metric: `failed of nine, ${name}`, value: Math.max(...good.map(({ errors }) => errors)), unit: 'requests', target: { of: 'value', at: 'most', limit: FAILED_MOST } }),
      ...(hostile.length === 0 ? [] : [result({ bench: 'fairness', metric: `the tenth, ${name}`, value: median(hostile.map(({ perSecond }) => perSecond)), unit: 'requests/s' })]),
    ])
  })
}
