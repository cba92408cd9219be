// A tax service: told who buys from whom, it says which rates apply, or why none does. It says rates and not amounts: what is printed can be computed
// from what is printed, and one function rounds it. It is asked in a job, never while an invoice is written. The contract is held in test/conformance.

import type { Party, TaxTreatment } from '@tollgate/core'

export type TaxQuestion = {
  readonly customer: { readonly id: string } & Pick<Party, 'name' | 'address' | 'country' | 'taxId'>
  /** Null where nobody is set who issues invoices. */
  readonly seller: Pick<Party, 'name' | 'address' | 'country' | 'taxId'> | null
  /** ISO 4217. */
  readonly currency: string
}

export type TaxAsk = {
  /** The same for every repetition of one ask: a service answers it as it did before. */
  readonly id: string
  /** The day that it is asked for, as 2026-11-25 in UTC. */
  readonly day: string
  readonly question: TaxQuestion
}

export type TaxAnswer = {
  /** Whether prices hold the tax is the operator's to say. */
  readonly treatment: Exclude<TaxTreatment, { readonly kind: 'rates' }> | Omit<Extract<TaxTreatment, { readonly kind: 'rates' }>, 'inclusive'>
  /** How the service calls what it said. */
  readonly reference: string | null
  /** Milliseconds since 1970; null where it does not say. */
  readonly validUntil: number | null
}

export type TaxService = {
  /** @throws {TaxServiceError} where there is no answer that could be relied on. */
  readonly determine: (ask: TaxAsk) => Promise<TaxAnswer>
}

export class TaxServiceError extends Error {
  override readonly name = 'TaxServiceError'
  readonly code = 'tax_service_failed'
}
