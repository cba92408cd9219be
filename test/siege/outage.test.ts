// Five seconds without PostgreSQL; `npm run outage` is the long form, a minute.

import { expect, test } from 'vitest'
import { outage } from './outage.ts'
import { outageProblems } from './problems.ts'

test('PostgreSQL is away under load: invoiced requests go on, prepaid ones inside their leases, and nothing is overspent, lost or charged twice', { timeout: 180_000 }, async () => {
  const report = await outage({ downMs: 5_000, gateways: 2, clientsPerCustomer: 6, seed: 1 })
  expect(outageProblems(report, 5_000)).toEqual([])
})
