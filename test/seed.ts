// The seed of every property test (fast-check). `npm test` takes the same one each time: what is red there was made so by the last
// change, not by chance. Chance has a command of its own, `npm run fuzz`, which gives each round a new seed and prints it.

import fc from 'fast-check'

const DEFAULT_SEED = 20_261_125

fc.configureGlobal({ seed: Number(process.env.TOLLGATE_SEED ?? DEFAULT_SEED) })
