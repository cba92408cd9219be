// Over a hundred seeds of the simulator in every test run, and the proof that it bites: each planted bug is found.

import { expect, test } from 'vitest'
import { MUTATIONS, type MutationName } from './mutations.ts'
import { seeded } from './random.ts'
import { simulate } from './simulate.ts'

const STEPS = 500
/** Two seconds on an idle machine. One run replaces the timers of the whole process, so none may be left behind by a timeout. */
const TIMEOUT_MS = 300_000

test('no invariant breaks in a hundred and twenty seeded runs of nodes that crash, lose power, are cut off and hear things twice', { timeout: TIMEOUT_MS }, async () => {
  const sums: Record<string, number> = {}
  for (let seed = 1; seed <= 120; seed++) {
    const outcome = await simulate({ seed, steps: STEPS, mutation: 'none', rolls: true })
    expect(outcome.broken, `npm run sim -- --seed ${seed} --steps ${STEPS}`).toBeNull()
    for (const [name, count] of Object.entries(outcome.counts)) sums[name] = (sums[name] ?? 0) + count
  }
  // A simulator that admits, refuses or crashes nothing proves nothing.
  for (const name of ['authorized', 'denied', 'settled', 'lost', 'crashes']) expect(sums[name], name).toBeGreaterThan(50)
})

for (const [mutation, what] of Object.entries(MUTATIONS) as [MutationName, string][]) {
  test(`the planted bug ${mutation} is found within sixty seeds: ${what}`, { timeout: TIMEOUT_MS }, async () => {
    let broken: string | null = null
    for (let seed = 1; seed <= 60 && broken === null; seed++) broken = (await simulate({ seed, steps: STEPS, mutation, rolls: true })).broken
    // By an invariant, and not because something else went wrong.
    expect(broken ?? 'not found').toMatch(/^[^:]+: .*\d|came later$|is gone after/)
    expect(broken).not.toMatch(/TypeError|RangeError|AssertionFailure/)
  })
}

test('a seed replays: the same run twice, another run for another seed', { timeout: TIMEOUT_MS }, async () => {
  const run = (seed: number) => simulate({ seed, steps: 200, mutation: 'none', rolls: true })
  expect(await run(7)).toEqual(await run(7))
  expect((await run(7)).counts).not.toEqual((await run(8)).counts)
})

test('the generator is even enough: each face of a die comes up about as often', () => {
  const random = seeded(1)
  const faces = Array.from({ length: 6 }, () => 0)
  for (let throws = 0; throws < 60_000; throws++) faces[random.integer(0, 5)]! += 1
  for (const count of faces) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})
