import { expect, test } from 'vitest'
import type { Denial, PublicPlan } from '../api/operations.ts'
import { remediesOf } from './why.ts'

const denial = (fields: Partial<Denial>): Denial => ({ reason: 'credit_balance_exhausted', scope: 'wallet:USD', message: null, required: '0.0115', limit: '0.05', used: '0.042', unit: 'USD', resets_at: null, unrecorded: 0, ...fields })
const plan = (name: string, fields: Partial<PublicPlan>): PublicPlan => ({ id: name.toLowerCase(), name, period: 'month', recurring: [], features: [], allowances: [], limits: [], prices: [], funding: [], ...fields })
const asked = { feature: 'chat', model: 'gpt-5' }

test('an empty wallet: exactly what was missing, or a request that fits what was left', () => {
  expect(remediesOf(denial({}), asked, [])).toEqual([{ kind: 'top_up', amount: '0.0035', unit: 'USD' }, { kind: 'ask_less', atMost: '0.008', unit: 'USD' }])
})

test('a wallet with nothing left is not told to ask for less', () => {
  expect(remediesOf(denial({ used: '0.05' }), asked, [])).toEqual([{ kind: 'top_up', amount: '0.0115', unit: 'USD' }])
})

test('a limit: raised by how much, asked for less, or waited for until it starts anew', () => {
  expect(remediesOf(denial({ reason: 'limit_exhausted', scope: 'cap:research', limit: '100', used: '98', required: '5', resets_at: '2026-04-01T00:00:00Z' }), asked, [])).toEqual([
    { kind: 'raise_limit', budget: 'cap:research', by: '3', unit: 'USD' }, { kind: 'ask_less', atMost: '2', unit: 'USD' }, { kind: 'wait', until: '2026-04-01T00:00:00Z' },
  ])
})

test('an allowance that is used up names the plans that go on beyond it', () => {
  const plans = [plan('Free', { funding: ['allowance'] }), plan('Hybrid', { funding: ['allowance', 'overage'] })]
  expect(remediesOf(denial({ reason: 'allowance_exhausted', limit: null, used: null, required: null }), asked, plans)).toEqual([{ kind: 'change_plan', plans: ['Hybrid'] }])
})

test('a feature or model outside of the plan names the plans that have it', () => {
  const plans = [plan('Chat only', { features: [{ id: 'chat', name: 'Chat', kind: 'metered', value: null, models: ['small'] }] }), plan('All', { features: [{ id: 'chat', name: 'Chat', kind: 'metered', value: null, models: ['*'] }] })]
  expect(remediesOf(denial({ reason: 'model_not_allowed' }), asked, plans)).toEqual([{ kind: 'change_plan', plans: ['All'] }])
  expect(remediesOf(denial({ reason: 'feature_not_entitled' }), { ...asked, feature: 'sso' }, plans)).toEqual([])
})

test('standing, a missing price and our own trouble say what they are', () => {
  expect(['not_in_good_standing', 'model_unpriced', 'budget_unavailable', 'frozen', 'run_halted', 'rate_limited'].flatMap((reason) => remediesOf(denial({ reason }), asked, []))).toEqual([{ kind: 'standing' }, { kind: 'price_model' }, { kind: 'operate' }, { kind: 'lift_freeze' }, { kind: 'end_run' }, { kind: 'slow_down' }])
})
