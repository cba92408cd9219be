import { expect, test } from 'vitest'
import { instant, type CustomerId, type FeedMessage } from '@tollgate/core'
import { createNodeHub, type NodeHub } from './node-hub.ts'

const CUSTOMER = 'cus_one' as CustomerId
const WALLET = { customer: CUSTOMER, budgets: ['wallet:USD'] }

/** A hub at a time that the test moves, and members that answer when the test says so. */
function hubWith(...nodes: string[]) {
  const clock = { ms: 0 }
  const hub = createNodeHub({ now: () => instant(clock.ms) })
  const told = new Map<string, FeedMessage[]>(nodes.map((node) => [node, []]))
  const leave = new Map(nodes.map((node) => [node, hub.join(node, (message) => void told.get(node)!.push(message))]))
  const recallsOf = (node: string) => told.get(node)!.filter((message) => message.kind === 'recall')
  return { hub, clock, leave, recallsOf }
}

const answer = (hub: NodeHub, node: string, messages: readonly { readonly recall: number }[]) => hub.acknowledge(node, { recalls: messages.map(({ recall }) => recall) })

test('a recall goes to the nodes that hold something, and ends when all of them have answered', async () => {
  const { hub, recallsOf } = hubWith('a', 'b', 'c')
  const recalled = hub.recall({ ...WALLET, nodes: ['a', 'b', 'gone'] }, 5_000)
  expect([recallsOf('a'), recallsOf('b'), recallsOf('c')].map(({ length }) => length)).toEqual([1, 1, 0])
  answer(hub, 'a', recallsOf('a'))
  answer(hub, 'b', recallsOf('b'))
  expect(await recalled).toEqual([])
})

test('who does not answer in time is named, and is not waited for', async () => {
  const { hub, recallsOf } = hubWith('quick', 'stuck')
  const recalled = hub.recall(WALLET, 20)
  answer(hub, 'quick', recallsOf('quick'))
  expect(await recalled).toEqual(['stuck'])
})

test('what is being recalled is not recalled a second time: both callers wait for one answer, of each budget', async () => {
  const { hub, recallsOf } = hubWith('a')
  const first = hub.recall(WALLET, 5_000)
  const second = hub.recall({ customer: CUSTOMER, budgets: ['wallet:USD', 'cap:team'] }, 5_000)
  expect(recallsOf('a').map(({ budgets }) => budgets)).toEqual([['wallet:USD'], ['cap:team']])
  answer(hub, 'a', recallsOf('a'))
  expect(await Promise.all([first, second])).toEqual([[], []])
  // Answered is answered: what has become idle since is asked for anew.
  void hub.recall(WALLET, 5)
  expect(recallsOf('a')).toHaveLength(3)
})

test('a recall that was not answered for a second is sent again, and its node is waited for again only when it has answered', async () => {
  const { hub, clock, recallsOf } = hubWith('still')
  expect(await hub.recall(WALLET, 5)).toEqual(['still'])
  expect(await hub.recall(WALLET, 5)).toEqual(['still'])
  expect(recallsOf('still')).toHaveLength(1)
  clock.ms = 2_000
  const from = performance.now()
  expect(await hub.recall(WALLET, 60_000)).toEqual(['still'])
  expect(performance.now() - from).toBeLessThan(5_000)
  expect(recallsOf('still')).toHaveLength(2)
  answer(hub, 'still', recallsOf('still').slice(1))
  const recalled = hub.recall(WALLET, 60_000)
  answer(hub, 'still', recallsOf('still').slice(2))
  expect(await recalled).toEqual([])
})

test('a node that leaves is waited for no longer', async () => {
  const { hub, leave } = hubWith('a')
  const recalled = hub.recall(WALLET, 5_000)
  leave.get('a')!()
  expect(await recalled).toEqual([])
})

test('a change waits for every node, and an answer to a recall speaks for no change', async () => {
  const { hub, recallsOf } = hubWith('a')
  const changed = hub.broadcast({ kind: 'customer', customer: CUSTOMER }, 20)
  void hub.recall(WALLET, 5)
  answer(hub, 'a', recallsOf('a'))
  expect(await changed).toEqual(['a'])
  const again = hub.broadcast({ kind: 'customer', customer: CUSTOMER }, 5_000)
  hub.acknowledge('a', { epoch: hub.epoch() })
  expect(await again).toEqual([])
})
