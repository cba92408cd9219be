import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { CustomerId } from '@tollgate/core'
import { createTurns, type Turns } from './turns.ts'

const HOSTILE = 'cus_hostile' as CustomerId
const begin = (turns: Turns, order: string[], customer: string, weight = 1) => {
  const entered = turns.enter(customer as CustomerId, weight)
  if (entered === undefined) order.push(customer)
  else void entered.then(() => order.push(customer))
}

test('whoever comes behind five hundred of another begins with the next turn, and all begin in the end', async () => {
  const turns = createTurns(() => true, 16)
  const order: string[] = []
  for (let index = 0; index < 500; index++) begin(turns, order, HOSTILE)
  for (let index = 0; index < 9; index++) begin(turns, order, `cus_${index}`)
  expect([order.length, turns.waiting()]).toEqual([16, 493])
  await turn()
  await turn()
  expect(order.slice(16, 32).filter((customer) => customer !== HOSTILE)).toHaveLength(9)
  while (turns.waiting() > 0) await turn()
  await turn()
  expect(order).toHaveLength(509)
})

test('in one turn no more begin than it takes, and a plan of more weight has more of them', async () => {
  const turns = createTurns(() => true, 10)
  const order: string[] = []
  for (let index = 0; index < 100; index++) {
    begin(turns, order, 'cus_low')
    begin(turns, order, 'cus_high', 4)
  }
  for (let before = order.length; turns.waiting() > 0; before = order.length) {
    await turn()
    expect(order.length - before).toBeLessThanOrEqual(20)
  }
  expect(order.slice(10, 110).filter((customer) => customer === 'cus_high').length).toBeGreaterThan(70)
})

test('alone nobody waits, however many begin', () => {
  const turns = createTurns(() => false, 10)
  for (let index = 0; index < 1_000; index++) expect(turns.enter(HOSTILE, 1)).toBeUndefined()
})

test('whoever comes alone after a crowd does not wait', async () => {
  const turns = createTurns(() => true, 2)
  const order: string[] = []
  for (let index = 0; index < 10; index++) begin(turns, order, HOSTILE)
  while (turns.waiting() > 0) await turn()
  for (let rest = 0; rest < 3; rest++) await turn()
  expect(turns.enter(HOSTILE, 1)).toBeUndefined()
})
