// The inbox's job: reads what was stored, finds whose it is, and writes the facts that it tells. Each message ends in a state with a
// reason: done, ignored, stopped (somebody must say what it means), or failed (tried again). Order of processing does not matter,
// because facts are folded by their own time; all messages of one customer that wait are recorded together, so that a burst is told once.

import { formatUnits, InputError, PROVIDER_ATTEMPTS_MAX, PROVIDER_MESSAGES_BATCH, units, type Fact } from '@tollgate/core'
import { EVERY, everyOf } from '@tollgate/core/subscription'
import type { Transaction } from '../../platform/postgres.ts'
import { customerExists } from '../../store/customers.ts'
import { addLinks, findLinks, pendingMessages, postponeMessage, requestFetch, requeueWaiting, settleMessages, type Link, type Outcome, type PendingMessage, type ProviderName } from '../../store/providers.ts'
import { findPayment } from '../../store/recharge.ts'
import { lookAtCustomer } from '../../store/handovers.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { SYSTEM } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { changeCustomer } from '../change-customer.ts'
import { nowOf } from '../customer-time.ts'
import { recordFacts } from '../subscription/record.ts'
import { connectorOf } from './accounts.ts'
import { bookRefunded } from '../wallets/refunds.ts'
import { settlePaymentIn } from '../wallets/settle-payment.ts'
import type { FactDraft, Owner, PaymentReport, Reading } from './connector.ts'

/** The code of what waits for a link: it is tried again when one of its records is linked. */
const UNOWNED = 'unmapped_customer'
/** Messages after which what became of invoices that were handed over is looked at. */
const TELLS_OF_INVOICES = /invoice|payment|credit_note|transaction|refund/
const RETRY_DELAY_MS = 2_000
const RETRY_DELAY_MS_MAX = 3_600_000

/** Processes what waits, until nothing does or the turn is full; returns how many messages were looked at. */
export async function processInbox(plane: ControlPlane): Promise<number> {
  const messages = await pendingMessages(plane.sql, PROVIDER_MESSAGES_BATCH)
  const owned = new Map<string, Owned[]>()
  for (const message of messages) {
    try {
      const next = await understand(plane, message)
      if ('outcome' in next) await finish(plane, message, next.outcome)
      else owned.set(next.customer, [...(owned.get(next.customer) ?? []), next])
    } catch (error) {
      await failed(plane, message, error)
    }
  }
  for (const [customer, group] of owned) await recordGroup(plane, customer, group)
  return messages.length
}

type Owned = { readonly message: PendingMessage; readonly customer: string; readonly reading: Extract<Reading, { readonly kind: 'facts' | 'fetch' }> }

async function understand(plane: ControlPlane, message: PendingMessage): Promise<Owned | { readonly outcome: Outcome }> {
  const reading = connectorOf(plane, message.provider).read(message.body, plane.catalogs.current())
  if (reading.kind === 'ignored') return { outcome: { state: 'ignored', code: null, reason: reading.reason, customer: null } }
  if (reading.kind === 'stopped') return { outcome: { state: 'stopped', code: reading.code, reason: reading.reason, customer: null } }
  const customer = await ownerOf(plane, message.provider, { tollgateId: reading.owner.tollgateId, links: [...reading.owner.links, ...reading.links] })
  if (customer !== null) return { message, customer, reading }
  // What says nothing of access and belongs to nobody of ours need not stop anybody.
  if (reading.kind === 'facts' && reading.facts.length === 0) return { outcome: { state: 'ignored', code: UNOWNED, reason: 'it belongs to no customer of ours and says nothing about access', customer: null, waitsFor: reading.owner.links } }
  const named = reading.owner.links.map(({ kind, id }) => `${kind} ${id}`).join(', ') || 'nobody'
  return { outcome: { state: 'stopped', code: UNOWNED, reason: `no customer of ours is linked with ${message.provider}'s ${named}: link it, or write tollgate_customer into its metadata`, customer: null, waitsFor: reading.owner.links } }
}

/** The customer that a message belongs to; null for none. An id of ours that it carries comes before any link. */
export async function ownerOf(plane: ControlPlane, provider: ProviderName, owner: Owner): Promise<string | null> {
  if (owner.tollgateId !== null && (await customerExists(plane.sql, owner.tollgateId))) return owner.tollgateId
  const found = await findLinks(plane.sql, provider, owner.links)
  if (found.length > 1) throw new InputError({ code: 'ambiguous_owner', field: 'links', message: `its records are linked with several customers of ours: ${found.join(', ')}` })
  return found[0] ?? null
}

async function recordGroup(plane: ControlPlane, customer: string, group: readonly Owned[]): Promise<void> {
  try {
    let linked: Link[] = []
    await changeCustomer(plane, customer, async (tx, before) => {
      linked = []
      for (const { message, reading } of group) {
        linked.push(...(await addLinks(tx, { provider: message.provider, customer, links: reading.links })))
        if (reading.kind === 'fetch') await requestFetch(tx, { provider: message.provider, id: reading.subscription, customer, reason: `${message.kind} says only that something changed` })
      }
      const facts = group.flatMap(({ message, reading }) => (reading.kind === 'facts' ? factsOf(message.provider, message.id, reading.facts) : []))
      const { folded } = await recordFacts(tx, { customer: before, actor: { ...SYSTEM, id: `provider/${group[0]!.message.provider}` }, facts, now: nowOf(plane, before) })
      for (const { subscription } of folded.undecided) {
        const provider = providerOf(subscription)
        if (provider !== null) await requestFetch(tx, { provider, id: subscription, customer, reason: 'messages of one second could not be ordered' })
      }
      for (const { message } of group) if (TELLS_OF_INVOICES.test(message.kind)) await lookAtCustomer(tx, { target: message.provider, customer })
      for (const { reading } of group) if (reading.kind === 'facts') await settleReports(tx, plane, customer, reading.payments ?? [])
      await settleMessages(tx, group.map(({ message, reading }) => ({ provider: message.provider, id: message.id, state: 'done', code: null, reason: reading.kind === 'facts' ? reading.note : 'the subscription is read from the provider', customer })))
    })
    // What waited for its owner may know it now.
    for (const provider of new Set(group.map(({ message }) => message.provider))) await requeueWaiting(plane.sql, provider, linked)
  } catch (error) {
    for (const { message } of group) await failed(plane, message, error)
  }
}

/** What a message says of purchases of credits. One whose amount is not what was asked for is for somebody to look at. */
async function settleReports(tx: Transaction, plane: ControlPlane, customer: string, reports: readonly PaymentReport[]): Promise<void> {
  for (const { payment: id, providerId, outcome } of reports) {
    const payment = await findPayment(tx, id)
    if (payment === null || payment.customer !== customer) throw new InputError({ code: 'unknown_payment', field: 'payment', message: `customer ${customer} has no payment ${id}` })
    if (outcome.kind === 'succeeded' && (outcome.currency !== payment.currency || outcome.amount < payment.net + payment.tax)) {
      throw new InputError({ code: 'payment_mismatch', field: 'amount', message: `payment ${id} asked for ${formatUnits(units(payment.net + payment.tax), payment.currency)} ${payment.currency}, and ${formatUnits(units(outcome.amount), outcome.currency)} ${outcome.currency} came` })
    }
    if (outcome.kind === 'refunded') {
      await bookRefunded(tx, plane, payment, outcome.amount)
      continue
    }
    // A card that is refused on a page is tried again there: the page itself tells how it ended.
    if (outcome.kind === 'failed' && payment.cause === 'top_up' && payment.providerId !== providerId) continue
    await settlePaymentIn(tx, plane, SYSTEM, { customer, id }, outcome.kind === 'succeeded' ? { kind: 'succeeded', providerId } : { kind: 'failed', providerId, reason: outcome.reason })
  }
}

/** Ids of facts follow from the message, so that a message that is processed again changes nothing. */
export function factsOf(provider: ProviderName, message: string, drafts: readonly FactDraft[]): Fact[] {
  return drafts.map((draft, index) => ({
    id: `${provider}:${message}${index === 0 ? '' : `:${index}`}`,
    subscription: draft.subscription === 'all' ? EVERY : draft.subscription === 'provider' ? everyOf(provider) : draft.subscription.id,
    source: provider,
    at: draft.at,
    reason: draft.reason,
    body: draft.body,
  }))
}

/** Ids of agreements tell who bills them. */
export function providerOf(subscription: string): ProviderName | null {
  const prefix = /^(chargebee|recurly):/.exec(subscription)?.[1]
  return prefix === undefined ? (subscription.startsWith('sub_') ? 'stripe' : null) : (prefix as ProviderName)
}

async function finish(plane: ControlPlane, message: PendingMessage, outcome: Outcome): Promise<void> {
  await settleMessages(plane.sql, [{ provider: message.provider, id: message.id, ...outcome }])
  if (outcome.state === 'stopped') await alert(plane, message, outcome)
}

/** An error of the moment is tried again, later each time; one that stays becomes somebody's to look at. */
async function failed(plane: ControlPlane, message: PendingMessage, error: unknown): Promise<void> {
  const reason = error instanceof Error ? error.message.slice(0, 500) : 'unknown error'
  const isLast = message.attempts + 1 >= PROVIDER_ATTEMPTS_MAX || error instanceof InputError
  if (isLast) return finish(plane, message, { state: 'stopped', code: error instanceof InputError ? error.code : 'error', reason, customer: null })
  plane.log.warn({ err: error, provider: message.provider, message: message.id }, 'a message of a provider could not be processed; it is tried again')
  await postponeMessage(plane.sql, { provider: message.provider, id: message.id, reason, delayMs: Math.min(RETRY_DELAY_MS * 2 ** message.attempts, RETRY_DELAY_MS_MAX) })
}

async function alert(plane: ControlPlane, { provider, id, kind }: PendingMessage, { code, reason }: Outcome): Promise<void> {
  plane.log.error({ provider, message: id, kind, code, reason }, 'a message of a provider cannot be mapped and waits in the inbox')
  await plane.sql.begin((tx) => insertOutbox(tx, [{ customer: null, type: 'provider.message_stopped', payload: { provider, message: id, kind, code, reason } }]))
}
