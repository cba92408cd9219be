// `hot-tenant`: four gateway processes that all serve one customer, out of one wallet, against the same four with a customer each. What it costs that
// they borrow from one budget: the more they ask for ahead, the less. Load comes from a process for each gateway; both sides take turns.

import { join } from 'node:path'
import { drive, portOf, startChild, startTollgate, withProcesses, type Child } from './gateway-processes.ts'
import { median, result, type BenchResult } from './result.ts'

const GATEWAYS = 4
const CONNECTIONS = 8
const SECONDS = 2
const RATIO_LEAST = 0.8
const TOKEN = 'of-the-nodes-of-one-benchmark'
const MAIN = join(import.meta.dirname, '..', 'packages', 'server', 'src', 'main.ts')

export function run(options: { readonly rounds: number; readonly log: (line: string) => void }): Promise<readonly BenchResult[]> {
  return withProcesses(async ({ folder, children, started }) => {
    const upstream = `http://127.0.0.1:${await portOf(started('load/fixed-upstream.ts'))}`
    const loads = Array.from({ length: GATEWAYS }, () => started('load/load-generator.ts'))
    const tollgate = await startTollgate(folder, upstream, children, { TOLLGATE_NODE_TOKEN: TOKEN })
    const ports = [tollgate.port]
    for (let index = 1; index < GATEWAYS; index++) ports.push(await startGateway(`${folder}-${index}`, index, tollgate.url, children))
    const keys = [tollgate.key]
    for (let index = 1; index < GATEWAYS; index++) keys.push(await tollgate.customer(`cus_bench-${index}`))
    const driven = async (keyOf: (index: number) => string, seconds: number) => {
      const sides = await Promise.all(loads.map((load, index) => drive(load, { stream: false, connections: CONNECTIONS, seconds, port: ports[index]!, key: keyOf(index) })))
      const errors = sides.reduce((sum, side) => sum + side.errors, 0)
      if (errors > 0) throw new Error(`${errors} requests failed`)
      await tollgate.rest()
      return sides.reduce((sum, side) => sum + side.perSecond, 0)
    }
    const [one, each]: [number[], number[]] = [[], []]
    for (let round = 0; round <= options.rounds; round++) {
      const seconds = round === 0 ? 1 : SECONDS
      const measured = { one: await driven(() => keys[0]!, seconds), each: await driven((index) => keys[index]!, seconds) }
      options.log(`round ${round === 0 ? '0 (warm-up)' : round}: one customer ${Math.round(measured.one)} requests/s, a customer each ${Math.round(measured.each)}`)
      if (round === 0) continue
      one.push(measured.one)
      each.push(measured.each)
    }
    return [result({ bench: 'hot-tenant', metric: `${GATEWAYS} gateways on one wallet, throughput`, value: median(one), baseline: median(each), unit: 'requests/s', target: { of: 'ratio', at: 'least', limit: RATIO_LEAST } })]
  })
}

async function startGateway(folder: string, index: number, controlUrl: string, children: Child[]): Promise<number> {
  const child = startChild(MAIN, ['gateway', '--gateway-port', '0', '--node-id', `bench-${index}`], { TOLLGATE_DATA_DIR: folder, TOLLGATE_CONTROL_URL: controlUrl, TOLLGATE_NODE_TOKEN: TOKEN, TOLLGATE_LOG_LEVEL: 'error' }, { isTold: true })
  children.push(child)
  return new Promise((resolve, reject) => {
    child.process.on('message', (message: { readonly kind: string; readonly url: string; readonly message: string }) => (message.kind === 'ready' ? resolve(Number(new URL(message.url).port)) : reject(new Error(message.message))))
    child.process.once('exit', (code) => reject(new Error(`a gateway ended with ${code}`)))
  })
}
