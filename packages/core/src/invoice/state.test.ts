import { expect, test } from 'vitest'
import { INVOICE_STEPS, stepInvoice, type InvoiceAction, type InvoiceState } from './state.ts'

const STATES = Object.keys(INVOICE_STEPS) as InvoiceState[]
const ACTIONS: readonly InvoiceAction[] = ['finalize', 'pay', 'void', 'write_off', 'discard']

test('what each action does in each state', () => {
  const told = (state: InvoiceState, action: InvoiceAction) => {
    const step = stepInvoice(state, action)
    return step.kind === 'moved' ? (step.state ?? 'gone') : step.kind === 'already' ? '=' : '✗'
  }
  expect(STATES.map((state) => `${state}: ${ACTIONS.map((action) => `${action} ${told(state, action)}`).join(', ')}`)).toEqual([
    'draft: finalize open, pay ✗, void ✗, write_off ✗, discard gone',
    'open: finalize =, pay paid, void void, write_off uncollectible, discard ✗',
    'uncollectible: finalize =, pay paid, void void, write_off =, discard ✗',
    'paid: finalize =, pay =, void ✗, write_off ✗, discard ✗',
    'void: finalize =, pay ✗, void =, write_off ✗, discard ✗',
  ])
})

test('a refusal says what to do', () => {
  expect(stepInvoice('paid', 'void')).toEqual({ kind: 'refused', reason: 'an invoice that is paid cannot be voided: write a credit note' })
  expect(stepInvoice('draft', 'pay')).toEqual({ kind: 'refused', reason: 'an invoice that is draft cannot be paid: finalize it first' })
})

test('no action leads back to a draft, and what is paid or void stays so', () => {
  for (const state of STATES) expect(Object.values(INVOICE_STEPS[state])).not.toContain('draft')
  expect([INVOICE_STEPS.paid, INVOICE_STEPS.void]).toEqual([{}, {}])
})
