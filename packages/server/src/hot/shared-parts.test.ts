import { LIFETIME, type Budget, type CustomerSnapshot } from '@tollgate/core'
import { expect, test } from 'vitest'
import { createSharedParts } from './shared-parts.ts'

const budget = (id: string): Budget => ({ id, name: id, unit: { kind: 'money', asset: 'USD' }, period: { ...LIFETIME }, enforcement: 'hard', entity: null, features: null })
const snapshotOf = (customer: string, limits: readonly Budget[]) => ({
  customer, limits, funding: [{ kind: 'wallet', budget: budget('wallet:USD') }, { kind: 'overage' }], entitlements: { chat: { granted: true } }, usable: null, period: { ...LIFETIME },
}) as unknown as CustomerSnapshot

test('two customers of one plan have its parts once, each reads as it did, and what differs is its own', () => {
  const { share } = createSharedParts()
  const [a, b] = [snapshotOf('cus_a', [budget('limit:month')]), snapshotOf('cus_b', [budget('limit:month')])]
  const [sharedA, sharedB] = [share(a), share(b)]
  expect([sharedA, sharedB]).toEqual([a, b])
  expect(sharedB.limits).toBe(sharedA.limits)
  expect(sharedB.funding).toBe(sharedA.funding)
  expect(sharedB.entitlements).toBe(sharedA.entitlements)
  const other = share(snapshotOf('cus_c', [budget('limit:month'), budget('limit:day')]))
  expect(other.limits).not.toBe(sharedA.limits)
  expect(other.limits[0]).toBe(sharedA.limits[0])
})
