import type { CustomerId } from '@tollgate/core'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createSlots } from './slots.ts'

const [HOSTILE, GOOD] = ['cus_hostile', 'cus_good'] as CustomerId[] as [CustomerId, CustomerId]

test('a slot that comes free goes to who has fewest, however many another has in the queue before it', async () => {
  const slots = createSlots({ upstreamSlotsMax: 2, upstreamQueueMax: 100, upstreamQueueMs: 5_000 })
  const order: string[] = []
  const ask = async (customer: CustomerId, name: string) => { if (await slots.enter(customer, 4)) order.push(name) }
  await Promise.all([ask(HOSTILE, 'h1'), ask(HOSTILE, 'h2')])
  const waiting = [...Array.from({ length: 20 }, (_, index) => ask(HOSTILE, `h${index + 3}`)), ask(GOOD, 'good')]
  expect([slots.running(), slots.waiting()]).toEqual([2, 21])
  slots.leave(HOSTILE)
  await delay(0)
  expect(order.at(-1)).toBe('good')
  for (let index = 0; index < 21; index++) {
    slots.leave(index === 0 ? GOOD : HOSTILE)
    await delay(0)
  }
  await Promise.all(waiting)
  expect(order).toHaveLength(23)
})

test('a full queue drops the lightest and latest for whoever weighs more, and nobody for an equal', async () => {
  const slots = createSlots({ upstreamSlotsMax: 1, upstreamQueueMax: 2, upstreamQueueMs: 5_000 })
  expect(slots.enter(HOSTILE, 1)).toBe(true)
  const [first, second] = [slots.enter(HOSTILE, 1), slots.enter(HOSTILE, 1)]
  expect(slots.enter(HOSTILE, 1)).toBe(false)
  const heavy = slots.enter(GOOD, 4)
  expect(await second).toBe(false)
  slots.leave(HOSTILE)
  expect(await heavy).toBe(true)
  slots.leave(GOOD)
  expect(await first).toBe(true)
})

test('nobody waits longer than the bound', async () => {
  const slots = createSlots({ upstreamSlotsMax: 1, upstreamQueueMax: 2, upstreamQueueMs: 20 })
  expect(slots.enter(HOSTILE, 1)).toBe(true)
  expect(await slots.enter(GOOD, 1)).toBe(false)
  expect([slots.running(), slots.waiting()]).toEqual([1, 0])
})
