// Thirty seconds of the siege; `npm run siege` is the long form.

import { expect, test } from 'vitest'
import { besiege } from './besiege.ts'
import { problemsOf } from './problems.ts'

const DURATION_MS = 30_000

test('gateways are killed and PostgreSQL is cut off under load: nothing overspent, nothing lost, nothing charged twice, hardly a false denial', { timeout: 240_000 }, async () => {
  const report = await besiege({ durationMs: DURATION_MS, gateways: 4, clients: 64, seed: 1 })
  expect(problemsOf(report)).toEqual([])
  // A siege in which nothing happens proves nothing.
  expect(report.acknowledged).toBeGreaterThan(100)
  expect(report.kills).toBeGreaterThan(1)
  expect(report.restarts).toBeGreaterThan(0)
  expect(report.exhaustions).toBeGreaterThan(5)
  expect(report.judged + report.duringOutages).toBeGreaterThan(20)
})
