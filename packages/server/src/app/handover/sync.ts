// Invoices that were handed over, kept even on both sides: what was paid, voided, written off or credited here is so there, and the other way
// round. Both states are looked at, so neither order nor repetition of messages matters; messages and changes here only say that it is time to
// look, and every invoice that is still open is looked at a few times a day without them. What does not go together is told and waits for somebody.

import { HANDOVERS_AT_ONCE, HANDOVER_BACKOFF_MS_MAX, InputError, meetInvoice, parseUnits, units, ZERO, formatUnits, type Units } from '@tollgate/core'
import { withRetry } from '../../platform/postgres.ts'
import { endLook, lookAgain, toLookAt, type LookedAt } from '../../store/handovers.ts'
import { findInvoice, listNotes, type InvoiceRow } from '../../store/invoices.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { SYSTEM, type Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { payInvoice, voidInvoice, writeCreditNote, writeOffInvoice } from '../invoices/actions.ts'
import { numberText } from '../invoices/compose.ts'
import { Problem } from '../problems.ts'
import { openAccount } from '../providers/accounts.ts'
import { ProviderError, type Account } from '../providers/connector.ts'
import { plainAmount } from './handovers.ts'
import type { HandoverTarget, InvoiceReceiver, StandingThere } from './port.ts'

/** An invoice that is open on both sides is looked at so often without being told. */
const OPEN_LOOK_MS = 6 * 3_600_000
const FIRST_PAUSE_MS = 5_000
/** Steps of one look: an end, and each note of an invoice. */
const STEPS_MAX = 50

/** The job: looks at what is due. Returns how many invoices. */
export async function keepEven(plane: ControlPlane): Promise<number> {
  const due = await toLookAt(plane.sql, HANDOVERS_AT_ONCE)
  for (const one of due) await lookAt(plane, one)
  return due.length
}

async function lookAt(plane: ControlPlane, one: LookedAt): Promise<void> {
  const receiver = plane.receivers.get(one.target as HandoverTarget)
  if (receiver === undefined) return endLook(plane.sql, one, { stateThere: null, conflict: null, againMs: null })
  try {
    const account = receiver.provider === null ? null : await openAccount(plane, receiver.provider)
    const { there, conflict } = await settle(plane, { receiver, account, one })
    const isOpen = there !== null && there.state === 'open'
    await withRetry(plane.sql, async (tx) => {
      await endLook(tx, one, { stateThere: there?.state ?? null, conflict, againMs: conflict === null && isOpen ? OPEN_LOOK_MS : null })
      // Told once: a conflict that is still the same is no news.
      if (conflict !== null && conflict !== one.conflict) await insertOutbox(tx, [{ customer: one.customer, type: 'invoice.handover_conflict', payload: { invoice: one.invoice, target: one.target, external_id: one.externalId, reason: conflict } }])
    })
  } catch (error) {
    const pauseMs = (error instanceof ProviderError ? error.pauseMs : null) ?? Math.min(HANDOVER_BACKOFF_MS_MAX, FIRST_PAUSE_MS * 2 ** Math.min(one.looks, 20))
    plane.log.warn({ error, ...one }, 'an invoice that was handed over could not be looked at')
    await lookAgain(plane.sql, one, pauseMs)
  }
}

type Pair = { readonly receiver: InvoiceReceiver; readonly account: Account | null; readonly one: LookedAt }
type Settled = { readonly there: StandingThere | null; readonly conflict: string | null }

/** Goes step by step, looking again after each, until both sides are even or do not go together. */
async function settle(plane: ControlPlane, { receiver, account, one }: Pair): Promise<Settled> {
  const key = { customer: one.customer, id: one.invoice }
  const actor: Actor = { ...SYSTEM, id: `provider/${one.target}` }
  for (let step = 0; step < STEPS_MAX; step++) {
    const [here, there] = [await findInvoice(plane.sql, key), await receiver.look(account, one.externalId)]
    if (here === null) return { there, conflict: null }
    if (there === null) return { there, conflict: here.state === 'void' ? null : `${receiver.target} has no invoice ${one.externalId} any more: hand it over again there by hand, or void it here` }
    const due = amountOf(here, here.amountDue)
    if (there.total !== due) return { there, conflict: `it comes to ${formatUnits(there.total, there.currency)} there and to ${formatUnits(due, here.currency)} here` }
    try {
      const credited = await settleCredit(plane, actor, { receiver, account, here, there, externalId: one.externalId })
      if (credited.kind === 'moved') continue
      if (credited.kind === 'conflict') return { there, conflict: credited.reason }
      const met = here.state === 'void' && there.state === 'uncollectible' && !receiver.voids ? ({ kind: 'even' } as const) : meetInvoice(here.state, there.state)
      if (met.kind === 'even') return { there, conflict: null }
      if (met.kind === 'conflict') return { there, conflict: met.reason }
      if (met.kind === 'tell') await receiver.end(account, one.externalId, { end: met.end, invoice: here.id, number: numberText(here.series ?? '', here.number ?? 0n), reference: here.reference ?? '', amount: owedOf(here), currency: here.currency, at: plane.clock.now() })
      else if (met.end === 'paid') await payInvoice(plane, actor, key, `${receiver.target} ${one.externalId}`)
      else if (met.end === 'void') await voidInvoice(plane, actor, key, `voided at ${receiver.target}`)
      else await writeOffInvoice(plane, actor, key, `written off at ${receiver.target}`)
    } catch (error) {
      if (error instanceof Problem || error instanceof InputError || (error instanceof ProviderError && !error.retryable)) return { there, conflict: error.message }
      throw error
    }
  }
  return { there: null, conflict: 'the two sides do not come to rest' }
}

/** `moved`: a note was brought to one side. */
async function settleCredit(plane: ControlPlane, actor: Actor, of: Omit<Pair, 'one'> & { readonly here: InvoiceRow; readonly there: StandingThere; readonly externalId: string }): Promise<{ readonly kind: 'even' | 'moved' } | { readonly kind: 'conflict'; readonly reason: string }> {
  const { receiver, account, here, there, externalId } = of
  const credited = units(amountOf(here, here.creditedNet) + amountOf(here, here.creditedTax))
  if (credited === there.credited) return { kind: 'even' }
  const text = (value: Units) => formatUnits(value, here.currency)
  if (credited > there.credited) {
    const notes = (await listNotes(plane.sql, here.customer, here.id)).toReversed()
    const missing = notes.find(({ id }) => !there.notes.includes(id))
    if (missing === undefined) return { kind: 'conflict', reason: `${text(credited)} is credited here and ${text(there.credited)} there, by the same notes` }
    await receiver.credit(account, externalId, { id: missing.id, number: numberText(missing.series, missing.number), invoice: here.id, reason: missing.reason, amount: units(amountOf(here, missing.net) + amountOf(here, missing.tax)), currency: here.currency, isPaid: there.state === 'paid', at: missing.createdAt })
    return { kind: 'moved' }
  }
  const due = amountOf(here, here.amountDue)
  const isWhole = credited === ZERO && there.credited === due && due === units(amountOf(here, here.net) + amountOf(here, here.tax))
  if (!isWhole) return { kind: 'conflict', reason: `${text(there.credited)} is credited there and ${text(credited)} here: write the note here (POST /v1/customers/${here.customer}/invoices/${here.id}/credit-notes), then retry` }
  await writeCreditNote(plane, actor, { customer: here.customer, id: here.id }, { id: `crn_${here.id.replace(/^inv_/, '')}_${receiver.target}`.slice(0, 64), reason: `credited at ${receiver.target}`, lines: null })
  return { kind: 'moved' }
}

function owedOf(row: InvoiceRow): Units {
  return units(amountOf(row, row.amountDue) - amountOf(row, row.creditedNet) - amountOf(row, row.creditedTax))
}

function amountOf(row: InvoiceRow, text: string): Units {
  return parseUnits(plainAmount(text), row.currency)
}
