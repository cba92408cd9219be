// npm run sim -- --seeds 100 [--from 1] [--steps 500] | --seed 7 | --mutate settle_twice|all | --workers 2 | --json
// Runs the simulator and prints one line a broken seed, with the command that replays it. Without --mutate a broken seed fails the
// command; with it, a planted bug that no seed finds does.

import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'
import { MUTATIONS, type Mutation, type MutationName } from './mutations.ts'
import { simulate, type Outcome } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '50' },
    from: { type: 'string', default: '1' },
    steps: { type: 'string', default: '500' },
    mutate: { type: 'string', default: 'none' },
    'no-rolls': { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    progress: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const names = Object.keys(MUTATIONS) as MutationName[]
const wanted = values.mutate === 'all' ? names : [values.mutate as Mutation]
const [steps, seeds, from, workers] = [values.steps, values.seeds, values.from, values.workers].map(Number) as [number, number, number, number]
if (!wanted.every((name) => name === 'none' || names.includes(name)) || ![steps, seeds, from, workers].every((count) => Number.isInteger(count) && count >= 1)) {
  console.error(`--mutate is all or one of ${names.join(', ')}; --seeds, --from, --steps and --workers are whole numbers above zero`)
  process.exit(2)
}
const rolls = !values['no-rolls']
const startedAt = performance.now()
process.exitCode = values.mutate === 'none' ? await soundRun() : await mutatedRun(wanted as MutationName[])
process.exit()

/** Every seed must hold. */
async function soundRun(): Promise<number> {
  if (workers > 1 && values.seed === undefined) return inParallel()
  const list = values.seed === undefined ? Array.from({ length: seeds }, (_, index) => from + index) : [Number(values.seed)]
  const totals: Record<string, number> = {}
  let broken = 0
  for (const [index, seed] of list.entries()) {
    const outcome = await simulate({ seed, steps, mutation: 'none', rolls })
    for (const [name, count] of Object.entries(outcome.counts)) totals[name] = (totals[name] ?? 0) + count
    if (outcome.broken !== null) {
      broken += 1
      if (!values.json) console.log(told(outcome, 'none'))
    }
    if (values.progress && (index + 1) % 100 === 0) console.log(`${index + 1} of ${list.length} seeds, ${broken} broken, ${seconds()} s`)
  }
  if (values.json) console.log(JSON.stringify({ seeds: list.length, steps, broken, totals }))
  else console.log(`${list.length} seeds of ${steps} steps in ${seconds()} s: ${broken} broken. ${Object.entries(totals).map(([name, count]) => `${name} ${count}`).join(', ')}`)
  return broken === 0 ? 0 : 1
}

/** One process a part: a run replaces the timers of its whole process. */
async function inParallel(): Promise<number> {
  const share = Math.ceil(seeds / workers)
  const codes = await Promise.all(
    Array.from({ length: workers }, (_, index) => {
      const own = Math.min(share, seeds - index * share)
      if (own <= 0) return 0
      const child = spawn(process.execPath, [import.meta.filename, '--seeds', String(own), '--from', String(from + index * share), '--steps', String(steps), ...(rolls ? [] : ['--no-rolls']), ...(values.progress ? ['--progress'] : [])], { stdio: ['ignore', 'inherit', 'inherit'] })
      return new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
    }),
  )
  console.log(`all ${seeds} seeds in ${seconds()} s: ${codes.every((code) => code === 0) ? 'every invariant held' : 'broken, see above'}`)
  return Math.max(...codes)
}

/** Every planted bug must be found by one of the seeds. */
async function mutatedRun(mutations: readonly MutationName[]): Promise<number> {
  let missed = 0
  for (const mutation of mutations) {
    let found: Outcome | null = null
    const list = values.seed === undefined ? Array.from({ length: seeds }, (_, index) => from + index) : [Number(values.seed)]
    for (const seed of list) {
      const outcome = await simulate({ seed, steps, mutation, rolls })
      if (outcome.broken === null) continue
      found = outcome
      break
    }
    if (found === null) missed += 1
    console.log(found === null ? `${mutation}: NOT FOUND in ${list.length} seeds (${MUTATIONS[mutation]})` : `${mutation}: found. ${told(found, mutation)}`)
  }
  return missed === 0 ? 0 : 1
}

function told(outcome: Outcome, mutation: Mutation): string {
  const replay = `npm run sim -- --seed ${outcome.seed} --steps ${steps}${mutation === 'none' ? '' : ` --mutate ${mutation}`}${rolls ? '' : ' --no-rolls'}`
  return `seed ${outcome.seed} (${outcome.plan}) broke at step ${outcome.step}: ${outcome.broken}\n  ${replay}`
}

function seconds(): string {
  return ((performance.now() - startedAt) / 1_000).toFixed(1)
}
