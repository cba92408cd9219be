// Who of a customer's people is told of its budgets and credits, and at which shares. An address gets one question, and nothing more until it
// said yes; it ends that by a link in every mail. How often anybody is asked is bounded, for a customer and for an address.

import { ALERT_ASKS_PER_ADDRESS_MAX, ALERT_ASKS_PER_DAY_MAX, ALERT_RECIPIENTS_MAX, DAY_MS, InputError, instant, MAILS_PER_RECIPIENT_DAY_MAX } from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { lockCustomers } from '../../store/customers.ts'
import { countAsks, deleteRecipient, findRecipient, insertMails, listRecipients, readMailServer, setRecipientState, writeRecipient, type RecipientRow, type RecipientTerms } from '../../store/mail.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer, localeOf } from '../customers.ts'
import { Problem } from '../problems.ts'
import { addressHash, assertAddress } from './address.ts'
import { idOfToken, isProven, type LinkAct } from './links.ts'

export async function recipients(plane: ControlPlane, customer: string): Promise<{ readonly rows: readonly RecipientRow[]; readonly sendsMail: boolean }> {
  await getCustomer(plane, customer)
  return { rows: await listRecipients(plane.sql, customer), sendsMail: (await readMailServer(plane.sql)) !== null }
}

/** Adds an address and asks it; one that is known gets the new terms, and is asked again unless it had said yes. */
export async function addRecipient(plane: ControlPlane, actor: Actor, customer: string, input: RecipientTerms & { readonly id: string; readonly email: string }): Promise<RecipientRow> {
  const email = assertAddress(input.email, 'email')
  const terms = check(input)
  await getCustomer(plane, customer)
  const id = await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [customer])
    const all = await listRecipients(tx, customer)
    const known = all.find((row) => row.email.toLowerCase() === email.toLowerCase())
    if (known === undefined && all.length >= ALERT_RECIPIENTS_MAX) throw new InputError({ code: 'out_of_range', field: 'email', message: `at most ${ALERT_RECIPIENTS_MAX} people of a customer are told by mail; remove one` })
    const row = { ...terms, customer, id: known?.id ?? input.id, email: known?.email ?? email, state: known?.state === 'confirmed' ? ('confirmed' as const) : ('waiting' as const), askedAt: known?.state === 'confirmed' ? known.askedAt : plane.clock.now() }
    await writeRecipient(tx, row)
    if (row.state === 'waiting') await ask(tx, plane, row)
    await insertAudit(tx, { actor: actor.id, action: 'alert_recipient.added', customer, target: row.id, before: null, after: { email: row.email, ...terms } })
    return row.id
  })
  return getRecipient(plane, customer, id)
}

export async function changeRecipient(plane: ControlPlane, actor: Actor, customer: string, id: string, input: RecipientTerms): Promise<RecipientRow> {
  const terms = check(input)
  await withRetry(plane.sql, async (tx) => {
    const before = await ofCustomer(tx, customer, id)
    await writeRecipient(tx, { ...before, ...terms })
    await insertAudit(tx, { actor: actor.id, action: 'alert_recipient.changed', customer, target: id, before: { shares: before.shares, budgets: before.budgets, credits: before.credits, locale: before.locale }, after: terms })
  })
  return getRecipient(plane, customer, id)
}

/** Sends the question once more; the link of the one before ends. */
export async function askAgain(plane: ControlPlane, actor: Actor, customer: string, id: string): Promise<RecipientRow> {
  await withRetry(plane.sql, async (tx) => {
    const row = await ofCustomer(tx, customer, id)
    if (row.state === 'confirmed') throw new InputError({ code: 'out_of_range', field: 'recipient', message: `${row.email} has confirmed already` })
    const asked = { ...row, state: 'waiting' as const, askedAt: plane.clock.now() }
    await writeRecipient(tx, asked)
    await ask(tx, plane, asked)
    await insertAudit(tx, { actor: actor.id, action: 'alert_recipient.asked', customer, target: id, before: null, after: null })
  })
  return getRecipient(plane, customer, id)
}

export async function removeRecipient(plane: ControlPlane, actor: Actor, customer: string, id: string): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    const before = await ofCustomer(tx, customer, id)
    await deleteRecipient(tx, { customer, id })
    await insertAudit(tx, { actor: actor.id, action: 'alert_recipient.removed', customer, target: id, before: { email: before.email }, after: null })
  })
}

/** What a link in a mail does. Doing it twice is doing it once; a link that proves nothing, or no more, is told as such and nothing else. */
export async function followLink(plane: ControlPlane, act: LinkAct, token: string): Promise<{ readonly email: string; readonly customerName: string }> {
  const id = idOfToken(token)
  return withRetry(plane.sql, async (tx) => {
    const row = id === null ? null : await findRecipient(tx, id)
    if (row === null || !isProven(plane, act, row, token)) throw new Problem('link_ended', 'this link has ended, or a newer mail has replaced it', 'token')
    const to = act === 'confirm' ? 'confirmed' : 'left'
    // Who left comes back by a new question, not by an old link.
    if (act === 'confirm' && row.state !== 'waiting' && row.state !== 'confirmed') throw new Problem('link_ended', 'this address was taken off the list; it can be asked again', 'token')
    if (row.state !== to) {
      await setRecipientState(tx, { id: row.id, state: to, at: plane.clock.now(), reason: null })
      await insertAudit(tx, { actor: row.id, action: `alert_recipient.${to}`, customer: row.customer, target: row.id, before: { state: row.state }, after: { state: to } })
    }
    return { email: row.email, customerName: (await getCustomer(plane, row.customer)).name }
  })
}

async function getRecipient(plane: ControlPlane, customer: string, id: string): Promise<RecipientRow> {
  return withRetry(plane.sql, (tx) => ofCustomer(tx, customer, id))
}

async function ofCustomer(tx: Transaction, customer: string, id: string): Promise<RecipientRow> {
  const row = await findRecipient(tx, id)
  if (row === null || row.customer !== customer) throw new Problem('not_found', `customer ${customer} has no recipient ${id}`, 'recipient')
  return row
}

async function ask(tx: Transaction, plane: ControlPlane, row: Pick<RecipientRow, 'customer' | 'id' | 'email' | 'askedAt'>): Promise<void> {
  if ((await readMailServer(tx)) === null) throw new Problem('mail_not_set', 'whoever runs this service has not set a mail server yet: PUT /v1/mail-server')
  const dayAgo = instant(row.askedAt - DAY_MS)
  const hash = addressHash(row.email)
  const asked = await countAsks(tx, { customer: row.customer, addressHash: hash, since: dayAgo })
  if (asked.toAddress >= ALERT_ASKS_PER_ADDRESS_MAX || asked.byCustomer >= ALERT_ASKS_PER_DAY_MAX)
    throw new Problem('too_many_asks', asked.toAddress >= ALERT_ASKS_PER_ADDRESS_MAX ? `${row.email} was asked ${ALERT_ASKS_PER_ADDRESS_MAX} times in a day: look into its spam folder, or wait until tomorrow` : `${ALERT_ASKS_PER_DAY_MAX} questions a day are sent for a customer; wait until tomorrow`, 'email')
  await insertMails(tx, [{ customer: row.customer, recipient: row.id, cause: `ask ${row.askedAt}`, kind: 'confirm', payload: {}, addressHash: hash }], { at: row.askedAt, dayAgo, perDay: MAILS_PER_RECIPIENT_DAY_MAX })
}

function check({ shares, budgets, credits, locale }: RecipientTerms): RecipientTerms {
  return { shares: [...new Set(shares)].sort((a, b) => a - b), budgets: budgets === null ? null : [...new Set(budgets)], credits, locale: localeOf(locale) }
}
