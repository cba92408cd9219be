// Expected failures of use cases: a closed set of codes, mapped to HTTP in one table at the edge. Bad input is an
// InputError of core; what is here is about the state that the input met.

export type ProblemCode = 'not_found' | 'already_exists' | 'catalog_conflict' | 'catalog_scheduled' | 'rates_conflict' | 'simulation_running' | 'rerating_state' | 'contract_conflict' | 'coupon_refused' | 'idempotency_conflict' | 'idempotency_running' | 'plan_in_use' | 'billing_not_set_up' | 'tax_undetermined' | 'nothing_to_invoice' | 'invoice_state' | 'invoice_credited' | 'budget_of_operator' | 'freeze_of_operator' | 'provider_not_set' | 'credits_in_use' | 'not_enough_credit' | 'unknown_code' | 'code_refused' | 'too_many_codes' | 'credits_not_sold' | 'payment_ended' | 'subscription_over' | 'subscription_state' | 'link_ended' | 'mail_not_set' | 'too_many_asks'

export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly field: string | null

  constructor(code: ProblemCode, message: string, field: string | null = null) {
    super(message)
    this.code = code
    this.field = field
  }
}
