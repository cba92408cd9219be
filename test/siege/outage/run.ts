// npm run outage -- [--seconds 60] [--gateways 2] [--clients 24] [--seed 1] [--json]
// PostgreSQL away under load for as long as one likes, with progress. Fails with what went wrong, by request and budget.

import { parseArgs } from 'node:util'
import { outage } from '../outage.ts'
import { outageProblems } from '../problems.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, gateways: { type: 'string', default: '2' }, clients: { type: 'string', default: '24' }, seed: { type: 'string', default: '1' }, json: { type: 'boolean', default: false } },
})
const [seconds, gateways, clients, seed] = [values.seconds, values.gateways, values.clients, values.seed].map(Number) as [number, number, number, number]
if (![seconds, gateways, clients, seed].every((number) => number > 0)) {
  console.error('--seconds, --gateways, --clients and --seed are numbers above zero')
  process.exit(2)
}
const downMs = seconds * 1_000
const report = await outage({ downMs, gateways, clientsPerCustomer: Math.ceil(clients / 3), seed, ...(values.json ? {} : { onProgress: (line: string) => console.log(line) }) })
const problems = outageProblems(report, downMs)
const { requests, during, journalBytesMax, backAfterMs } = report
const told = { requests, during, journal_bytes_max: journalBytesMax, back_after_ms: backAfterMs }
console.log(values.json ? JSON.stringify({ ...told, problems }) : `${JSON.stringify(told, null, 2)}\n${problems.length === 0 ? 'nothing overspent, nothing lost, nothing charged twice' : problems.join('\n')}`)
process.exit(problems.length === 0 ? 0 : 1)
