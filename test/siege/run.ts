// npm run siege -- [--minutes 10] [--gateways 4] [--clients 64] [--seed 1] [--calm] [--json]
// The kill test for as long as one likes, with progress; calm, nothing is killed and all denials are judged. Fails with what went wrong, by request and budget.

import { parseArgs } from 'node:util'
import { besiege } from './besiege.ts'
import { problemsOf } from './problems.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, gateways: { type: 'string', default: '4' }, clients: { type: 'string', default: '64' }, seed: { type: 'string', default: '1' }, calm: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
})
const [minutes, gateways, clients, seed] = [values.minutes, values.gateways, values.clients, values.seed].map(Number) as [number, number, number, number]
if (![minutes, gateways, clients, seed].every((number) => number > 0)) {
  console.error('--minutes, --gateways, --clients and --seed are numbers above zero')
  process.exit(2)
}
const report = await besiege({ durationMs: minutes * 60_000, gateways, clients, seed, calm: values.calm, ...(values.json ? {} : { onProgress: (line: string) => console.log(line) }) })
const problems = problemsOf(report)
const { falseDenials, overspent, lost, doubled, invented, wrong, differences, ...counts } = report
console.log(values.json ? JSON.stringify({ ...counts, false_denials: falseDenials.length, problems }) : `${JSON.stringify({ ...counts, falseDenials: falseDenials.length })}\n${problems.length === 0 ? 'nothing overspent, nothing lost, nothing charged twice' : problems.join('\n')}`)
process.exit(problems.length === 0 ? 0 : 1)
