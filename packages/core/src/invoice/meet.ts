// An invoice that stands here and at a receiver: what follows from the two states. The later end is brought to the other side; two ends that do not
// go together are for somebody to decide.

import type { InvoiceState } from './state.ts'

export type StateThere = 'draft' | 'open' | 'paid' | 'void' | 'uncollectible'

export type Meeting =
  | { readonly kind: 'even' }
  /** Do the same there. */
  | { readonly kind: 'tell'; readonly end: 'paid' | 'void' | 'uncollectible' }
  /** Do the same here. */
  | { readonly kind: 'follow'; readonly end: 'paid' | 'void' | 'uncollectible' }
  | { readonly kind: 'conflict'; readonly reason: string }

export function meetInvoice(here: InvoiceState, there: StateThere): Meeting {
  if (here === there) return { kind: 'even' }
  if (there === 'draft') return { kind: 'conflict', reason: 'it is a draft there: finalize or delete it there' }
  if (here === 'draft') return { kind: 'conflict', reason: 'it is a draft here' }
  if (here === 'open') return { kind: 'follow', end: there as 'paid' | 'void' | 'uncollectible' }
  if (there === 'open') return { kind: 'tell', end: here }
  // What was written off may still be paid, or turn out to be a mistake.
  if (here === 'uncollectible') return { kind: 'follow', end: there }
  if (there === 'uncollectible') return { kind: 'tell', end: here }
  return { kind: 'conflict', reason: here === 'paid' ? 'it is paid here and void there: pay it there, or credit it here' : 'it is void here and paid there: give the money back there' }
}
