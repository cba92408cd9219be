import { run } from './tmp-gw.ts'
console.log(await run({ rounds: 1, log: console.error }))
