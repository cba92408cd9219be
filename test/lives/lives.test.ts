// One life of everything, many times: whatever happens in whatever order, every figure agrees with every other. `npm run fuzz -- lives --rounds 50`
// plays on with new seeds for as long as one likes; LIVES says how many in one round.

import fc from 'fast-check'
import { afterAll, beforeAll, test } from 'vitest'
import { acts, perform, type Life } from './acts.ts'
import { agree, booksAgree, closesAsPreviewed, dayPasses, invoicedInFull, openStage, type Stage } from './stage.ts'

const LIVES = Number(process.env['LIVES'] ?? 6)
/** A life takes about two seconds on a machine that does something else, too. */
const TIMEOUT_MS = 60_000 + LIVES * 20_000

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
})
afterAll(() => stage.close())

test('after any life: books agree, blocks are what became of them, preview = close, close twice = once, Σ charges = Σ lines, and the journal is the ledger', { timeout: TIMEOUT_MS }, async () => {
  let lives = 0
  await fc.assert(
    fc.asyncProperty(acts, async (list) => {
      const customers = [await stage.customer(), await stage.customer()]
      const life: Life = { stage, customers, node: await stage.node(), events: [], born: stage.clock.now() }
      for (const act of list) {
        await perform(life, act)
        if (act.kind === 'wait') await agree(stage, customers)
      }
      await life.node.drain()
      await agree(stage, customers)
      for (const customer of customers) await closesAsPreviewed(stage, customer)
      // What a voided invoice asked for is on the next one.
      for (const customer of customers) await closesAsPreviewed(stage, customer)
      for (const customer of customers) await invoicedInFull(stage, customer)
      await agree(stage, customers)
      await dayPasses(stage)
      lives += 1
    }),
    // A life takes seconds, and shrinking one takes hundreds: leave this out to have it done.
    { numRuns: LIVES, endOnFailure: true },
  )
  await booksAgree(stage, lives)
})
