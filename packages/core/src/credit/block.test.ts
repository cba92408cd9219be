// Credit blocks: the order in which a wallet burns them, and draws that sum to the amount.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { units } from '../money.ts'
import { instant } from '../time.ts'
import { balanceOf, drawFrom, isUsable, type CreditBlock } from './block.ts'
import { BURN_CRITERIA, burnComparator, burnOrderProblem, wholeBurnOrder, type BurnCriterion } from './burn-order.ts'

const NOW = instant(1_000)
const block = (id: string, part: Partial<CreditBlock> = {}): CreditBlock => ({
  id,
  category: 'paid',
  priority: 100,
  granted: units(1_000n),
  remaining: units(100n),
  effectiveAt: instant(0),
  expiresAt: null,
  createdAt: instant(0),
  features: [],
  ...part,
})

test('burn order: priority, then earlier expiry, promotional before paid, earlier effective, earlier created, id', () => {
  const soon = instant(5_000)
  const ordered = [
    block('a', { priority: 1 }),
    block('b', { expiresAt: soon, category: 'promotional' }),
    block('c', { expiresAt: soon, effectiveAt: instant(1) }),
    block('d', { expiresAt: soon, effectiveAt: instant(2) }),
    block('e', { expiresAt: instant(6_000), category: 'promotional' }),
    block('f', { category: 'promotional', createdAt: instant(900) }),
    block('g', { createdAt: instant(1) }),
    block('h', { createdAt: instant(2) }),
    block('i', { createdAt: instant(2) }),
    block('j', { priority: 200, expiresAt: soon, category: 'promotional' }),
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(ordered, { minLength: ordered.length }), (shuffled) => {
      expect(
        [...shuffled]
          .sort(burnComparator())
          .map(({ id }) => id)
          .join(''),
      ).toBe('abcdefghij')
    }),
  )
})

test('a list of criteria decides before the usual order, completes itself, and one that contradicts itself is told', () => {
  const blocks = [block('old', { priority: 1 }), block('new', { createdAt: instant(9) }), block('gift', { category: 'promotional' }), block('chat', { priority: 9, features: ['chat'] }), block('both', { features: ['chat', 'images'] })]
  const by = (order: readonly BurnCriterion[]) => [...blocks].sort(burnComparator(order)).map(({ id }) => id).join(' ')
  expect([by([]), by(['promotional']), by(['paid', 'newest'])]).toEqual(['chat both old gift new', 'chat both gift old new', 'chat both new old gift'])
  expect(wholeBurnOrder(['newest', 'paid'])).toEqual(['newest', 'paid', 'priority', 'expiry', 'effective'])
  expect([['paid', 'promotional'], ['created', 'newest'], ['expiry', 'expiry'], [], ['paid', 'newest']].map((order) => burnOrderProblem(order as BurnCriterion[]) === null)).toEqual([false, false, false, true, true])
})

test('any list orders any blocks in one way, whatever order they come in', () => {
  fc.assert(fc.property(blocks, fc.shuffledSubarray([...BURN_CRITERIA]).filter((order) => burnOrderProblem(order) === null), fc.nat(), (list, order, turn) => {
    const ids = (from: readonly CreditBlock[]) => [...from].sort(burnComparator(order)).map(({ id }) => id)
    expect(ids([...list.slice(turn % (list.length + 1)), ...list.slice(0, turn % (list.length + 1))])).toEqual(ids(list))
  }))
})

test('a block is usable from its beginning until just before its end, while something is left', () => {
  const check = (part: Partial<CreditBlock>, expected: boolean) =>
    expect
      .soft(
        isUsable(block('a', part), NOW),
        JSON.stringify(part, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      )
      .toBe(expected)
  check({}, true)
  check({ effectiveAt: NOW }, true)
  check({ effectiveAt: instant(1_001) }, false)
  check({ expiresAt: instant(1_001) }, true)
  check({ expiresAt: NOW }, false)
  check({ remaining: units(0n) }, false)
})

test('a draw takes from each block in order, names it, and tells what none could pay', () => {
  const blocks = [
    block('paid'),
    block('gift', { category: 'promotional', remaining: units(30n) }),
    block('later', { effectiveAt: instant(2_000) }),
    block('gone', { expiresAt: instant(500) }),
  ]
  const check = (amount: bigint, draws: readonly [string, bigint][], short: bigint) =>
    expect.soft(drawFrom(blocks, units(amount), NOW)).toEqual({ draws: draws.map(([id, part]) => ({ block: id, amount: part })), short })
  check(0n, [], 0n)
  check(30n, [['gift', 30n]], 0n)
  check(
    31n,
    [
      ['gift', 30n],
      ['paid', 1n],
    ],
    0n,
  )
  check(
    130n,
    [
      ['gift', 30n],
      ['paid', 100n],
    ],
    0n,
  )
  check(
    200n,
    [
      ['gift', 30n],
      ['paid', 100n],
    ],
    70n,
  )
  expect(() => drawFrom(blocks, units(-1n), NOW)).toThrow('negative')
})

const blocks = fc
  .array(
    fc.record({
      category: fc.constantFrom('paid' as const, 'promotional' as const),
      priority: fc.integer({ min: 0, max: 3 }),
      remaining: fc.bigInt({ min: 0n, max: 500n }).map(units),
      effectiveAt: fc.integer({ min: 0, max: 2_000 }).map(instant),
      expiresAt: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 3_000 }).map(instant)),
      createdAt: fc.integer({ min: 0, max: 9 }).map(instant),
      features: fc.subarray(['chat', 'images', 'voice']),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((part, index) => block(`blk_${index}`, part)))

test('draws and what is short sum to the amount, no block gives more than it has, and nothing is short while anything is left', () => {
  fc.assert(
    fc.property(blocks, fc.bigInt({ min: 0n, max: 3_000n }), (list, amount) => {
      const { draws, short } = drawFrom(list, units(amount), NOW)
      const drawn = draws.reduce((sum: bigint, draw) => sum + draw.amount, 0n)
      const balance = balanceOf(list, NOW)
      expect(drawn + short).toBe(amount)
      expect(drawn).toBe(amount < balance ? amount : balance)
      for (const draw of draws) {
        const source = list.find(({ id }) => id === draw.block)!
        expect(draw.amount > 0n && draw.amount <= source.remaining && isUsable(source, NOW)).toBe(true)
      }
      expect(new Set(draws.map((draw) => draw.block)).size).toBe(draws.length)
    }),
    { numRuns: 300 },
  )
})

test('the order of the list changes nothing of a draw', () => {
  fc.assert(
    fc.property(
      blocks.chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }))),
      fc.bigInt({ min: 0n, max: 3_000n }),
      ([list, shuffled], amount) => {
        expect(drawFrom(shuffled, units(amount), NOW)).toEqual(drawFrom(list, units(amount), NOW))
      },
    ),
  )
})
