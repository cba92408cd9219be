// Double entry: whatever happens, the balances of a customer's accounts sum to zero.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { units, type Units } from '../money.ts'
import { topUpTransfers } from './credit-transfers.ts'
import { accountBalances, usageTransfers, type Transfer } from './transfer.ts'

const positive = fc.bigInt({ min: 1n, max: 10n ** 15n }).map(units)
const signed = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }).map(units)
const blockIds = fc.constantFrom('blk_1', 'blk_2', 'blk_3')
const usages = fc.record({ draws: fc.array(fc.record({ block: blockIds, amount: signed }), { maxLength: 4 }), included: signed, accrued: signed, debt: signed })
const topUps = fc.record({
  block: blockIds,
  category: fc.constantFrom('paid' as const, 'promotional' as const),
  amount: positive,
  share: fc.integer({ min: 0, max: 100 }),
})
const total = (amounts: Iterable<bigint>) => [...amounts].reduce((sum, amount) => sum + amount, 0n)

test('after any series of usage and top-ups debits equal credits, and each transfer is positive between two accounts', () => {
  fc.assert(
    fc.property(fc.array(usages, { maxLength: 8 }), fc.array(topUps, { maxLength: 8 }), (used, bought) => {
      const transfers: Transfer[] = [
        ...used.flatMap((posting) => usageTransfers({ asset: 'USD', ...posting })),
        ...bought.flatMap(({ share, ...topUp }) => topUpTransfers({ asset: 'USD', ...topUp, repaid: units((topUp.amount * BigInt(share)) / 100n) })),
      ]
      expect(total(accountBalances(transfers).values())).toBe(0n)
      for (const { debit, credit, amount } of transfers) expect(amount > 0n && debit !== credit).toBe(true)
    }),
  )
})

test('what usage earned is what was drawn, included, accrued and owed', () => {
  fc.assert(
    fc.property(usages, (posting) => {
      const revenue = accountBalances(usageTransfers({ asset: 'USD', ...posting })).get('usage_revenue') ?? 0n
      expect(revenue).toBe(total(posting.draws.map(({ amount }) => amount)) + posting.included + posting.accrued + posting.debt)
    }),
  )
})

function balances(transfers: readonly Transfer[]): Record<string, bigint> {
  return Object.fromEntries([...accountBalances(transfers)].sort(([a], [b]) => (a < b ? -1 : 1)))
}

test('credits bought, used, overdrawn and bought again leave the accounts that a bookkeeper expects', () => {
  const asset = 'USD'
  const amount = (value: bigint) => units(value)
  const first = topUpTransfers({ block: 'blk_1', asset, category: 'paid', amount: amount(100n), repaid: amount(0n) })
  const use = usageTransfers({ asset, draws: [{ block: 'blk_1', amount: amount(100n) }], included: amount(0n), accrued: amount(0n), debt: amount(30n) })
  const second = topUpTransfers({ block: 'blk_2', asset, category: 'promotional', amount: amount(80n), repaid: amount(30n) })
  expect(balances(first)).toEqual({ payment_clearing: -100n, 'wallet:blk_1': 100n })
  expect(balances([...first, ...use])).toEqual({ payment_clearing: -100n, usage_revenue: 130n, 'wallet:blk_1': 0n, wallet_debt: -30n })
  expect(balances([...first, ...use, ...second])).toEqual({
    payment_clearing: -100n,
    promotion: -80n,
    usage_revenue: 130n,
    'wallet:blk_1': 0n,
    'wallet:blk_2': 50n,
    wallet_debt: 0n,
  })
})

test('a volume discount runs the other way', () => {
  expect(usageTransfers({ asset: 'USD', draws: [], included: units(0n), accrued: units(-95n), debt: units(0n) })).toEqual([
    { debit: 'usage_revenue', credit: 'accrued_usage', asset: 'USD', amount: 95n },
  ])
})

test('usage that cost nothing makes no transfer', () => {
  expect(usageTransfers({ asset: 'USD', draws: [{ block: 'blk_1', amount: units(0n) }], included: units(0n), accrued: units(0n), debt: units(0n) })).toEqual([])
})

test('no more is repaid than was paid', () => {
  const topUp = (repaid: bigint): unknown => topUpTransfers({ block: 'blk_1', asset: 'USD', category: 'paid', amount: 10n as Units, repaid: units(repaid) })
  expect(() => topUp(11n)).toThrow('more repaid than paid')
  expect(() => topUp(-1n)).toThrow('more repaid than paid')
})
