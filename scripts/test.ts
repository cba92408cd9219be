// `npm test`: everything. The static checks, every test beside the code and in test/ (contracts, whole servers, the session of the
// README and the examples), and the simulator over some seeds. Dependencies were installed by run.mjs before this file is loaded.
// Its last line is `N passed, N failed`. Invariant: what could not run here is printed with its reason and counted, never left out.

import { ensureBrowser } from './browser.ts'
import { printTotal, run, runSteps, STATIC_STEPS, vitest, type Counts, type Step } from './steps.ts'

/** Half a minute on two slow cores; `npm run sim -- --seeds 1000` goes on from there. */
const SIMULATION = { seeds: 60, steps: 800 }

const startedAt = performance.now()
const fast = await runSteps(STATIC_STEPS, { lanes: 3 })
// Before several processes look for it; where there is none, the tests of the pages say so.
ensureBrowser()
// One after the other: tests that wait for times do not like a full machine.
const slow = await runSteps([vitest('tests', []), simulation()], { lanes: 1 })
const total: Counts = { passed: fast.passed + slow.passed, failed: fast.failed + slow.failed, skipped: fast.skipped + slow.skipped }
process.stdout.write(`\nAll of it in ${Math.round((performance.now() - startedAt) / 1_000)} s.\n`)
printTotal(total)
process.exit(total.failed === 0 ? 0 : 1)

/** One count a seed. A broken one is printed with the command that replays it. */
function simulation(): Step {
  const { seeds, steps } = SIMULATION
  return {
    name: 'simulation',
    run: async () => {
      const { code, output } = await run(process.execPath, ['test/sim/run.ts', '--seeds', String(seeds), '--steps', String(steps)])
      const broken = code === 0 ? 0 : Math.max(1, output.match(/^seed \d+ .*broke at step/gm)?.length ?? 0)
      return { passed: seeds - broken, failed: broken, skipped: 0, output, note: `${seeds} seeds of ${steps} steps` }
    },
  }
}
