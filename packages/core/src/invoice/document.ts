// An invoice or credit note as a document: everything that is printed on it, as text. Stored once when it is finalized and never
// computed again, so that what a customer got yesterday reads the same in ten years. It holds what EN 16931 and Art. 226 of the EU's
// VAT directive ask for.

/** Who issues it or gets it. Lines of an address are printed as they stand. */
export type Party = {
  readonly name: string
  readonly address: readonly string[]
  /** ISO 3166-1 alpha-2. */
  readonly country: string | null
  /** VAT or tax number, as printed. */
  readonly taxId: string | null
  readonly email: string | null
}

export type DocumentLine = {
  readonly line: number
  readonly kind: string
  readonly price: string
  readonly name: string
  /** First and last day that it is for, `YYYY-MM-DD`, in the customer's zone. */
  readonly from: string
  readonly to: string
  readonly quantity: string
  readonly unit: string | null
  readonly included: string
  /** The exact sum; `amount` is its one rounding. */
  readonly exact: string
  readonly amount: string
}

export type DocumentTax = { readonly name: string; readonly percent: string; readonly base: string; readonly amount: string }

export type InvoiceDocument = {
  readonly kind: 'invoice' | 'credit_note'
  /** Null while it is a draft. */
  readonly number: string | null
  /** Of a credit note: the invoice that it corrects. */
  readonly corrects: string | null
  /** `YYYY-MM-DD`. */
  readonly issued: string | null
  readonly due: string | null
  readonly from: string
  readonly to: string
  readonly currency: string
  readonly seller: Party
  readonly buyer: Party
  readonly lines: readonly DocumentLine[]
  readonly subtotal: string
  readonly discounts: readonly { readonly name: string; readonly amount: string }[]
  /** Usage that the plan includes as an amount. */
  readonly included: string
  readonly promotional: string
  readonly prepaid: string
  readonly taxable: string
  readonly taxes: readonly DocumentTax[]
  readonly taxInclusive: boolean
  readonly total: string
  readonly amountDue: string
  /** Printed minus exact. */
  readonly rounding: string
  /** Sentences that the law or the operator wants on it: reverse charge, the reason of an exemption, terms. */
  readonly notes: readonly string[]
}
