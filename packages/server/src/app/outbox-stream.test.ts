// The hand-over from catching up to live, where messages are easily lost or doubled: a listener that takes its time while
// others commit, and one that leaves while it is read for.

import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { silentLog } from '../platform/log.ts'
import { testDatabase, type TestDatabase } from '../platform/test-database.ts'
import { createOutboxStream, type OutboxStream, type StreamMessage } from './outbox-stream.ts'

let database: TestDatabase
let outbox: OutboxStream
let wake = () => {}
beforeAll(async () => {
  database = await testDatabase()
  outbox = createOutboxStream({ sql: database.sql, log: silentLog(), onSettled: (listener) => { wake = listener } })
})
afterAll(async () => {
  await outbox.close()
  await database.drop()
})

const write = async (type: string) => {
  await database.sql`insert into outbox (customer_id, type, payload) values ('cus_a', ${type}, '{}')`
  wake()
}
/** Another test's open transaction anywhere in the server holds every reader back: only what comes, not when, is certain. */
const until = async (isSo: () => boolean) => {
  for (let waited = 0; !isSo() && waited < 15_000; waited += 20) await delay(20)
  expect(isSo()).toBe(true)
}
const types = (messages: readonly StreamMessage[]) => messages.map(({ type }) => type)

test('what is committed while a slow listener still catches up comes once, after what it missed', async () => {
  for (let index = 0; index < 3; index++) await write(`old${index}`)
  const received: StreamMessage[] = []
  const other: StreamMessage[] = []
  const leaveOther = await outbox.listen({ customer: null, after: null, onMessages: (messages) => void other.push(...messages), onEnd: () => {} })
  const leave = await outbox.listen({
    customer: 'cus_a', after: '0-0', onEnd: () => {},
    onMessages: async (messages) => {
      received.push(...messages)
      await delay(120)
    },
  })
  for (let index = 0; index < 30; index++) {
    await write(`new${index}`)
    await delay(10)
  }
  await until(() => received.length >= 33 && other.length >= 30)
  const expected = Array.from({ length: 30 }, (_, index) => `new${index}`)
  expect(types(received)).toEqual(['old0', 'old1', 'old2', ...expected])
  // From now on: what had committed while an older transaction still ran may come along.
  expect(types(other).slice(-30)).toEqual(expected)
  leave()
  leaveOther()
  expect(outbox.listening()).toBe(0)
})

test('a listener that failed is ended and leaves the others alone', async () => {
  let ended = 0
  const fine: StreamMessage[] = []
  const leave = await outbox.listen({ customer: null, after: null, onMessages: (messages) => void fine.push(...messages), onEnd: () => {} })
  await outbox.listen({ customer: null, after: null, onMessages: () => Promise.reject(new Error('gone')), onEnd: () => { ended += 1 } })
  await delay(50)
  await write('one')
  await until(() => types(fine).includes('one') && ended === 1)
  await write('two')
  await until(() => types(fine).includes('two'))
  expect([types(fine).slice(-2), ended, outbox.listening()]).toEqual([['one', 'two'], 1, 1])
  leave()
})

test('a filter by customer holds while catching up and after', async () => {
  const received: StreamMessage[] = []
  await database.sql`insert into outbox (customer_id, type, payload) values ('cus_b', 'theirs', '{}'), ('cus_b', 'theirs', '{}'), ('cus_c', 'mine', '{}'), (null, 'nobodys', '{}')`
  const leave = await outbox.listen({ customer: 'cus_c', after: '0-0', onMessages: (messages) => void received.push(...messages), onEnd: () => {} })
  await delay(100)
  await database.sql`insert into outbox (customer_id, type, payload) values ('cus_b', 'theirs', '{}'), ('cus_c', 'mine', '{}')`
  await until(() => received.length >= 2)
  await delay(100)
  expect(types(received)).toEqual(['mine', 'mine'])
  leave()
})
