// The life of an invoice as a table. A draft changes with its facts; from `open` on the document never changes, only what became of
// it. A step that the table does not have is refused with its reason, so that nothing is paid twice or voided after it was paid.

export type InvoiceState = 'draft' | 'open' | 'paid' | 'void' | 'uncollectible'

export type InvoiceAction =
  /** The draft becomes a document with a number. */
  | 'finalize'
  /** Money came, or nothing was due. */
  | 'pay'
  /** It should not have been written; a credit note over all of it. */
  | 'void'
  /** Nobody expects the money any more; it may still come. */
  | 'write_off'
  /** A draft that is not wanted. */
  | 'discard'

/** `null` means that it ends without a trace. */
export const INVOICE_STEPS: Readonly<Record<InvoiceState, Readonly<Partial<Record<InvoiceAction, InvoiceState | null>>>>> = {
  draft: { finalize: 'open', discard: null },
  open: { pay: 'paid', void: 'void', write_off: 'uncollectible' },
  uncollectible: { pay: 'paid', void: 'void' },
  paid: {},
  void: {},
}

export type InvoiceStep =
  | { readonly kind: 'moved'; readonly state: InvoiceState | null }
  /** The same action again on the state that it leads to: nothing changes, nothing is wrong. */
  | { readonly kind: 'already' }
  | { readonly kind: 'refused'; readonly reason: string }

const LEADS_TO: Readonly<Record<InvoiceAction, InvoiceState | null>> = { finalize: 'open', pay: 'paid', void: 'void', write_off: 'uncollectible', discard: null }

export function stepInvoice(state: InvoiceState, action: InvoiceAction): InvoiceStep {
  const next = INVOICE_STEPS[state][action]
  if (next !== undefined) return { kind: 'moved', state: next }
  if (LEADS_TO[action] === state || (action === 'finalize' && state !== 'draft')) return { kind: 'already' }
  return { kind: 'refused', reason: `an invoice that is ${state} cannot be ${PAST[action]}${HINTS[state]}` }
}

const PAST: Readonly<Record<InvoiceAction, string>> = { finalize: 'finalized', pay: 'paid', void: 'voided', write_off: 'written off', discard: 'discarded' }
const HINTS: Readonly<Record<InvoiceState, string>> = {
  draft: ': finalize it first',
  open: '',
  paid: ': write a credit note',
  void: '',
  uncollectible: '',
}
