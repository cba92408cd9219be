// Every pair of states of an invoice here and at a receiver has one outcome, and an outcome leads to a pair that is even.

import { expect, test } from 'vitest'
import { meetInvoice, type StateThere } from './meet.ts'
import { stepInvoice, type InvoiceState } from './state.ts'

const HERE: readonly InvoiceState[] = ['open', 'paid', 'void', 'uncollectible']
const THERE: readonly StateThere[] = ['draft', 'open', 'paid', 'void', 'uncollectible']

test.each<[InvoiceState, StateThere, string]>([
  ['open', 'open', 'even'], ['open', 'paid', 'follow paid'], ['open', 'void', 'follow void'], ['open', 'uncollectible', 'follow uncollectible'], ['open', 'draft', 'conflict'],
  ['paid', 'open', 'tell paid'], ['paid', 'uncollectible', 'tell paid'], ['paid', 'void', 'conflict'], ['void', 'open', 'tell void'], ['void', 'uncollectible', 'tell void'], ['void', 'paid', 'conflict'],
  ['uncollectible', 'open', 'tell uncollectible'], ['uncollectible', 'paid', 'follow paid'], ['uncollectible', 'void', 'follow void'],
])('%s here and %s there: %s', (here, there, says) => {
  const met = meetInvoice(here, there)
  expect(says).toBe('end' in met ? `${met.kind} ${met.end}` : met.kind)
})

test('whatever is followed is a step that an invoice can take, and after it the two sides are even', () => {
  const ACTIONS = { paid: 'pay', void: 'void', uncollectible: 'write_off' } as const
  for (const here of HERE) {
    for (const there of THERE) {
      const met = meetInvoice(here, there)
      if (met.kind === 'follow') expect(stepInvoice(here, ACTIONS[met.end])).toEqual({ kind: 'moved', state: there })
      if (met.kind === 'tell') expect(meetInvoice(here, met.end)).toEqual({ kind: 'even' })
    }
  }
})
