// The part of the fake Stripe that takes money: payments by a saved card, of which a key of idempotency makes one, and refunds.

export type FakePayment = Record<string, unknown> & { readonly id: string; readonly object: 'payment_intent'; status: 'succeeded' | 'processing'; readonly amount: number; readonly currency: string; readonly metadata: Record<string, string> }

type Call = { readonly id: string; readonly parameters: Record<string, unknown>; readonly key: string }
type Answer = { readonly status: number; readonly body: unknown }

export function fakeMoney() {
  const payments: FakePayment[] = []
  const byKey = new Map<string, { readonly parameters: string; readonly answer: Answer }>()
  const bank: { answer: FakePayment['status'] | 'declined' | 'unreachable' } = { answer: 'succeeded' }
  let refunds = 0
  let refusals = 0

  function charge(parameters: Record<string, unknown>): Answer {
    const status = bank.answer
    const payment: FakePayment = {
      id: `pi_fake_${payments.length + 1}`, object: 'payment_intent', status: status === 'processing' ? 'processing' : 'succeeded', amount: Number(parameters['amount']), amount_received: status === 'processing' ? 0 : Number(parameters['amount']),
      currency: String(parameters['currency']), customer: parameters['customer'], latest_charge: `ch_fake_${payments.length + 1}`, metadata: parameters['metadata'] as Record<string, string>, last_payment_error: null,
    }
    if (status === 'declined') return { status: 402, body: { error: { type: 'card_error', code: 'card_declined', decline_code: 'insufficient_funds', message: 'Your card has insufficient funds.', payment_intent: { ...payment, id: `pi_declined_${(refusals += 1)}`, status: 'requires_payment_method' } } } }
    payments.push(payment)
    return { status: 200, body: payment }
  }

  function answer(operation: string, { id, parameters, key }: Call): Answer {
    switch (operation) {
      case 'GetCustomersCustomer':
        return { status: 200, body: { id, object: 'customer', invoice_settings: { default_payment_method: null } } }
      case 'GetCustomersCustomerPaymentMethods':
        return { status: 200, body: { object: 'list', has_more: false, url: '', data: [{ id: 'pm_card', object: 'payment_method', type: 'card' }] } }
      case 'GetPaymentIntentsIntent': {
        const payment = payments.find((one) => one.id === id)
        return payment === undefined ? refused(404, 'No such payment_intent') : { status: 200, body: payment }
      }
      case 'GetCheckoutSessionsSession':
        return { status: 200, body: { id, object: 'checkout.session', status: 'complete', payment_status: 'paid', payment_intent: payments[0]?.id ?? null } }
      case 'PostRefunds':
        return { status: 200, body: { id: `re_fake_${(refunds += 1)}`, object: 'refund', status: 'succeeded', ...parameters } }
      default: {
        if (bank.answer === 'unreachable') return { status: 500, body: { error: { type: 'api_error', message: 'Stripe is having a moment' } } }
        const text = JSON.stringify(parameters)
        const known = byKey.get(key)
        if (known !== undefined) return known.parameters === text ? known.answer : refused(400, 'Keys for idempotent requests can only be used with the same parameters they were first used with.')
        const first = { parameters: text, answer: charge(parameters) }
        byKey.set(key, first)
        return first.answer
      }
    }
  }
  return { payments, bank, answer }
}

export function refused(status: number, message: string): { readonly status: number; readonly body: unknown } {
  return { status, body: { error: { type: 'invalid_request_error', message } } }
}
