// What makes two events with one id the same event.

import { expect, test } from 'vitest'
import type { CustomerId, EntityId } from '../id.ts'
import { EVENT_BYTES_MAX } from '../limits.ts'
import { instant } from '../time.ts'
import { eventFingerprint, isOversized, type UsageEvent } from './event.ts'

const event: UsageEvent = {
  id: 'evt_1',
  source: 'app',
  type: 'ai.request',
  customer: 'cus_1' as CustomerId,
  time: instant(1_000),
  entity: null,
  feature: 'chat',
  run: null,
  key: 'key_1',
  quantities: { input_tokens: '10', output_tokens: '5' },
  dimensions: { model: 'small' },
  cost: null,
  estimated: false,
  catalogVersion: 3,
  settled: null,
  context: { latency_ms: 12 },
}

test('a retry that measured another latency, cost or time of ours is the same event', () => {
  const same = (part: Partial<UsageEvent>, statedTime = false) =>
    expect.soft(eventFingerprint({ ...event, ...part }, statedTime), JSON.stringify(part)).toBe(eventFingerprint(event, statedTime))
  same({ context: { latency_ms: 99 } })
  same({ time: instant(2_000) })
  same({ catalogVersion: 4, key: null, cost: { amount: '1', currency: 'USD' }, estimated: true })
  same({ quantities: { output_tokens: '5', input_tokens: '10' } }, true)
})

test('other consumption, another user, another time that the sender stated is a conflict', () => {
  const differs = (part: Partial<UsageEvent>, statedTime = false) =>
    expect.soft(eventFingerprint({ ...event, ...part }, statedTime), JSON.stringify(part)).not.toBe(eventFingerprint(event, statedTime))
  differs({ quantities: { input_tokens: '11', output_tokens: '5' } })
  differs({ quantities: { input_tokens: '10' } })
  differs({ dimensions: { model: 'large' } })
  differs({ dimensions: {} })
  differs({ type: 'agent.step' })
  differs({ entity: 'ent_1' as EntityId })
  differs({ feature: null })
  differs({ run: 'run_1' })
  differs({ time: instant(2_000) }, true)
})

test('a document is no event', () => {
  expect(isOversized('x'.repeat(EVENT_BYTES_MAX))).toBe(false)
  expect(isOversized('x'.repeat(EVENT_BYTES_MAX + 1))).toBe(true)
})
