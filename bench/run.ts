// `npm run bench -- <name> [--json] [--large]`: runs one benchmark, or all; --large those that have
// one in their large form, --peer portkey another gateway beside ours. With --json one object a line on stdout; else a table.
// A missed target is shown as such and does not fail the command: a figure is information, not a test.

import { parseArgs } from 'node:util'
import type { BenchResult } from './result.ts'

type Bench = { readonly run: (options: { readonly rounds: number; readonly large: boolean; readonly peer: string | null; readonly log: (line: string) => void }) => AsyncIterable<BenchResult> | Promise<readonly BenchResult[]> }

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  authorize: () => import('./authorize.ts'),
  authority: () => import('./authority.ts'),
  cardinality: () => import('./cardinality.ts'),
  check: () => import('./check.ts'),
  propagate: () => import('./propagate.ts'),
  settle: () => import('./settle.ts'),
  ingest: () => import('./ingest.ts'),
  close: () => import('./close.ts'),
  books: () => import('./books.ts'),
  rate: () => import('./rate.ts'),
  simulate: () => import('./simulate.ts'),
  gateway: () => import('./gateway.ts'),
  'hot-tenant': () => import('./hot-tenant.ts'),
  fairness: () => import('./fairness.ts'),
  memory: () => import('./memory.ts'),
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '5' }, large: { type: 'boolean', default: false }, peer: { type: 'string' } } })
const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals
const unknown = names.filter((name) => !(name in BENCHES))
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}. There are: ${Object.keys(BENCHES).join(', ')}.\n`)
  process.exit(2)
}

for (const name of names) {
  process.stderr.write(`${name}: both sides in turn, median of ${values.rounds} rounds\n`)
  const bench = await BENCHES[name]!()
  const rows = bench.run({ rounds: Number(values.rounds), large: values.large, peer: values.peer ?? null, log: (line) => process.stderr.write(`  ${line}\n`) })
  for await (const row of rows instanceof Promise ? await rows : rows) process.stdout.write(values.json ? `${JSON.stringify(row)}\n` : `${shown(row)}\n`)
}
process.exit(0)

function shown(row: BenchResult): string {
  const verdict = row.holds === null ? '' : row.holds ? 'holds' : 'MISSED'
  return [
    `${row.bench} ${row.metric}`.padEnd(48), `${round(row.value)} ${row.unit}`.padStart(20),
    (row.baseline === null ? '' : `baseline ${round(row.baseline)}`).padStart(22), (row.ratio === null ? '' : `ratio ${row.ratio.toFixed(3)}`).padStart(14), (row.target ?? '').padStart(16), verdict,
  ].join(' ').trimEnd()
}

function round(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}
