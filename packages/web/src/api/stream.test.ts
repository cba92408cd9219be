import { expect, test } from 'vitest'
import { parseFrame } from './stream.ts'

test('a frame becomes its message with its cursor', () => {
  expect(parseFrame('id: 12-3\nevent: usage.settled\ndata: {"type":"usage.settled","customer":"cus_a","at":"2026-03-01T00:00:00.000Z","events":2}')).toEqual({ id: '12-3', type: 'usage.settled', customer: 'cus_a', at: '2026-03-01T00:00:00.000Z', events: 2 })
})

test('comments and the retry hint are no messages', () => {
  for (const frame of [': keep-alive', 'retry: 1000', '']) expect(parseFrame(frame)).toBeNull()
})
