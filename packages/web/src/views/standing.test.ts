import { expect, test } from 'vitest'
import type { Subscription } from '../api/operations.ts'
import { standingText } from './standing.ts'

const SUBSCRIPTION: Subscription = {
  customer: 'cus_a', id: 'sub_a', source: 'tollgate', state: 'active', standing: 'good', reason: 'it began', plan: 'pro', plan_version: null, seats: 1, add_ons: [], started_at: '2026-01-01T00:00:00Z', since: '2026-01-01T00:00:00Z',
  period: { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' }, trial_ends_at: null, grace_ends_at: null, cancels_at: null, resumes_at: null, blocks: [], scheduled: [], ahead: [], notice: null, as_of: '2026-01-02T00:00:00Z',
}

test.each([
  ['all is well', {}, /^Acme is active on plan pro since .*2026: it began\. Requests are served\.$/],
  ['grace says what follows by itself', { state: 'grace', standing: 'grace', reason: 'a payment failed', ahead: [{ from: '2026-01-08T00:00:00Z', state: 'suspended', plan: 'pro', seats: 1, add_ons: [], reason: 'grace ended' }] }, /is in grace on plan pro .*a payment failed\. Requests are still served, and a payment is late\. On .*2026 it is suspended: grace ended\.$/],
  ['a change of plan that comes is named', { ahead: [{ from: '2026-02-01T00:00:00Z', state: 'active', plan: 'team', seats: 1, add_ons: [], reason: 'ordered' }] }, /it is active on plan team: ordered\.$/],
  ['a cancellation that waits', { cancels_at: '2026-02-01T00:00:00Z' }, /It ends on .*2026\.$/],
] as const)('%s', (_, change, says) => {
  expect(standingText('Acme', { ...SUBSCRIPTION, ...(change as Partial<Subscription>) }, 'utc')).toMatch(says)
})
