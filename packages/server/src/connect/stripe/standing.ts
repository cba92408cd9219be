// How a finished invoice stands at Stripe, and the ends and credit notes that are brought to it. A credit note carries our id; on a paid invoice it
// becomes the customer's balance.

import { units } from '@tollgate/core'
import Stripe from 'stripe'
import type { FoundInvoice, HandedEnd, HandedNote, StandingThere } from '../../app/handover/port.ts'
import type { Account } from '../../app/providers/connector.ts'
import { fromStripeAmount, stripeAmount } from './amount.ts'
import { clientOf, failed } from './client.ts'

const STATES: readonly FoundInvoice['state'][] = ['draft', 'open', 'paid', 'void', 'uncollectible']
const NOTE_KEY = 'tollgate_credit_note'
/** Of the memo of a credit note. */
const MEMO_LENGTH_MAX = 5_000

export function stateOf({ status }: Stripe.Invoice): FoundInvoice['state'] {
  return STATES.find((known) => known === status) ?? 'draft'
}

export async function look(account: Account, externalId: string): Promise<StandingThere | null> {
  try {
    const stripe = clientOf(account)
    const invoice = await stripe.invoices.retrieve(externalId)
    const currency = invoice.currency.toUpperCase()
    let credited = 0n
    const notes: string[] = []
    for await (const note of stripe.creditNotes.list({ invoice: externalId, limit: 100 })) {
      if (note.status === 'void') continue
      credited += fromStripeAmount(note.total, currency)
      const id = note.metadata?.[NOTE_KEY]
      if (id !== undefined) notes.push(id)
    }
    return { externalId, currency, total: units(fromStripeAmount(invoice.total, currency)), state: stateOf(invoice), credited: units(credited), notes }
  } catch (error) {
    if (error instanceof Stripe.errors.StripeInvalidRequestError && error.statusCode === 404) return null
    throw failed(error)
  }
}

export async function end(account: Account, externalId: string, { end: as, invoice }: HandedEnd): Promise<void> {
  try {
    const { invoices } = clientOf(account)
    const key = { idempotencyKey: `tollgate-${invoice}-${as}` }
    if (as === 'paid') await invoices.pay(externalId, { paid_out_of_band: true }, key)
    else if (as === 'void') await invoices.voidInvoice(externalId, {}, key)
    else await invoices.markUncollectible(externalId, {}, key)
  } catch (error) {
    throw failed(error)
  }
}

export async function credit(account: Account, externalId: string, note: HandedNote): Promise<void> {
  const amount = stripeAmount(note.amount, note.currency)
  try {
    await clientOf(account).creditNotes.create(
      { invoice: externalId, amount, memo: `Credit note ${note.number}: ${note.reason}`.slice(0, MEMO_LENGTH_MAX), metadata: { [NOTE_KEY]: note.id }, ...(note.isPaid ? { credit_amount: amount } : {}) },
      { idempotencyKey: `tollgate-${note.id}` },
    )
  } catch (error) {
    throw failed(error)
  }
}
