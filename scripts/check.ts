// `npm run check`: what everybody runs before a commit. Types, lint, unused code, the tidy test and every test that stands beside
// the code, side by side, in under a minute. What needs whole servers (test/) runs in `npm test`.

import { printTotal, runSteps, STATIC_STEPS, vitest } from './steps.ts'

const total = await runSteps([vitest('tests', ['packages/', 'test/tidy', 'test/generated']), ...STATIC_STEPS], { lanes: 3 })
printTotal(total)
process.exit(total.failed === 0 ? 0 : 1)
