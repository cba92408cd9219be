// npm run sim -- --seeds 100 --steps 800 | --seed 7 | --mutate settle_twice | --json
// Runs the simulator and prints one line a broken seed, with the command that replays it. Exit code 1 when one is broken.

import { parseArgs } from 'node:util'
import { MUTATIONS } from './books.ts'
import { simulate, type Outcome } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '50' },
    steps: { type: 'string', default: '800' },
    mutate: { type: 'string', default: 'none' },
    'no-rolls': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const mutation = MUTATIONS.find((name) => name === values.mutate)
const steps = Number(values.steps)
if (mutation === undefined || !Number.isInteger(steps) || steps < 1) {
  console.error(`--mutate is one of ${MUTATIONS.join(', ')}; --steps is a whole number`)
  process.exit(2)
}

const seeds = values.seed === undefined ? Array.from({ length: Number(values.seeds) }, (_, index) => index + 1) : [Number(values.seed)]
const outcomes: Outcome[] = []
const startedAt = performance.now()
for (const seed of seeds) {
  const outcome = await simulate({ seed, steps, mutation, rolls: !values['no-rolls'] })
  outcomes.push(outcome)
  if (outcome.broken !== null && !values.json) {
    console.log(
      `seed ${seed} (${outcome.plan}) broke at step ${outcome.step}: ${outcome.broken}\n  npm run sim -- --seed ${seed} --steps ${steps}${mutation === 'none' ? '' : ` --mutate ${mutation}`}${values['no-rolls'] ? ' --no-rolls' : ''}`,
    )
  }
}
const broken = outcomes.filter((outcome) => outcome.broken !== null)
const totals = outcomes.reduce<Record<string, number>>(
  (sum, { counts }) => Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, (sum[name] ?? 0) + count])),
  {},
)
if (values.json) console.log(JSON.stringify({ seeds: seeds.length, steps, mutation, broken: broken.length, totals, outcomes }))
else
  console.log(
    `${seeds.length} seeds of ${steps} steps in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s: ${broken.length} broken. ${Object.entries(totals)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
  )
process.exit(broken.length === 0 ? 0 : 1)
