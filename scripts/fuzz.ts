// npm run fuzz -- [--rounds 10] [--seed N] [filters…]
// Runs the files with property tests, round after round with a new seed each, and prints one line a round. A red round prints what
// vitest said and the command that replays it. Filters are parts of paths, as vitest takes them; without any it is every such file.

import { globSync, readFileSync } from 'node:fs'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, run } from './steps.ts'

const SEED_MAX = 2 ** 31 - 1

const { values, positionals: filters } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } }, allowPositionals: true })
const rounds = Number(values.rounds ?? (values.seed === undefined ? 10 : 1))
const first = values.seed === undefined ? null : Number(values.seed)
if (!Number.isInteger(rounds) || rounds < 1 || (first !== null && !(Number.isInteger(first) && first >= 0 && first <= SEED_MAX))) {
  console.error(`--rounds is a whole number above zero, --seed one from 0 to ${SEED_MAX}`)
  process.exit(2)
}
const files = globSync(['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'], { cwd: ROOT })
  .filter((path) => readFileSync(join(ROOT, path), 'utf8').includes("from 'fast-check'"))
  .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)))
if (files.length === 0) {
  console.error(`No file with property tests matches ${filters.join(' ')}`)
  process.exit(2)
}

let red = 0
for (let round = 1; round <= rounds; round += 1) {
  const seed = first === null ? randomInt(SEED_MAX) : first + round - 1
  const startedAt = performance.now()
  const { code, output } = await run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--reporter=minimal', ...files], { TOLLGATE_SEED: String(seed) })
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  if (code === 0) console.log(`round ${round} of ${rounds}, seed ${seed}: every property of ${files.length} files held, ${seconds} s`)
  else {
    red += 1
    console.log(`${output.trim()}\nround ${round} of ${rounds}, seed ${seed}: BROKEN, ${seconds} s\n  npm run fuzz -- --seed ${seed}${filters.map((filter) => ` ${filter}`).join('')}`)
  }
}
process.exitCode = red === 0 ? 0 : 1
