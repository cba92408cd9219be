// Stripe's events in our words. Both shapes of its payloads are read: the period on the subscription, or on its items since 2025-03-31;
// an invoice's subscription on itself or under its parent. Pure: what an event means follows from it and the catalog alone.

import { instant, namedByProvider, termsOf, type AddOnQuantity, type Catalog, type FactBody, type Instant, type Plan, type ProviderState } from '@tollgate/core'
import type { FactDraft, Link, Owner, PaymentReport, Reading } from '../../app/providers/connector.ts'
import { fromStripeAmount } from './amount.ts'
import { expandableId, list, numberOf, record, text, type Json } from '../json.ts'

/** Key of the metadata by which a merchant writes our id of a customer into Stripe's objects. */
export const METADATA_KEY = 'tollgate_customer'
/** Under it stands our id of a purchase of credits. */
export const PAYMENT_KEY = 'tollgate_payment'

export function readStripe(body: string, catalog: Catalog): Reading {
  const event = record(JSON.parse(body))
  const kind = text(event['type']) ?? ''
  const object = record(record(event['data'])['object'])
  const at = seconds(event['created'])!
  if (kind.startsWith('customer.subscription.')) return readSubscriptionEvent(kind, event, { object, at, catalog })
  if (kind.startsWith('invoice.')) return readInvoice(kind, object, at)
  if (kind.startsWith('charge.dispute.')) return readDispute(kind, object, at)
  if (kind.startsWith('checkout.session.')) return readCheckout(kind, object)
  if (kind.startsWith('customer.') && object['object'] === 'customer') return readCustomer(kind, object, at)
  if (kind.startsWith('charge.') || kind.startsWith('payment_intent.') || kind.startsWith('refund.')) return readPayment(kind, object)
  if (kind === 'invoice_payment.paid') return readInvoicePayment(object)
  return { kind: 'ignored', reason: `${kind} says nothing about access` }
}

function readSubscriptionEvent(kind: string, event: Json, { object, at, catalog }: { readonly object: Json; readonly at: Instant; readonly catalog: Catalog }): Reading {
  if (kind === 'customer.subscription.trial_will_end') return { kind: 'ignored', reason: 'the end of the trial is known from the subscription' }
  const stage = kind.endsWith('.created') ? 'created' : kind.endsWith('.deleted') ? 'ended' : 'changed'
  const draft = subscriptionDraft(object, { catalog, at, stage, previous: record(record(event['data'])['previous_attributes']), fetched: false })
  if (!('draft' in draft)) return draft
  return { kind: 'facts', owner: ownerOf(object), facts: [draft.draft], links: subscriptionLinks(object), note: null }
}

export function subscriptionDraft(
  object: Json,
  context: { readonly catalog: Catalog; readonly at: Instant; readonly stage: 'created' | 'changed' | 'ended'; readonly previous: Json; readonly fetched: boolean },
): { readonly draft: FactDraft } | Extract<Reading, { readonly kind: 'stopped' }> {
  const { catalog, at, stage, previous, fetched } = context
  const after = stateOf(object, catalog)
  if (!('state' in after)) return after
  const hasPrevious = Object.keys(previous).length > 0
  const before = hasPrevious ? stateOf({ ...object, ...previous }, catalog) : null
  const state = stage === 'ended' ? { ...after.state, status: 'cancelled' as const, cancelAt: null } : after.state
  const startedAt = seconds(object['start_date']) ?? seconds(object['created']) ?? at
  const body: FactBody = {
    kind: 'provider_state', after: state, before: before !== null && 'state' in before ? before.state : null, stage, terms: termsOf(after.plan), fetched, startedAt,
  }
  return { draft: { subscription: { id: text(object['id']) ?? '' }, at, reason: `Stripe shows the subscription as ${text(object['status']) ?? 'unknown'}`, body } }
}

const STATUS: Readonly<Record<string, ProviderState['status']>> = {
  incomplete: 'incomplete', incomplete_expired: 'expired', trialing: 'trialing', active: 'active', past_due: 'past_due', unpaid: 'unpaid', canceled: 'cancelled', paused: 'paused',
}

type Mapped = { readonly state: ProviderState; readonly plan: Plan }

function stateOf(object: Json, catalog: Catalog): Mapped | Extract<Reading, { readonly kind: 'stopped' }> {
  const status = STATUS[text(object['status']) ?? '']
  if (status === undefined) return stopped('unknown_status', `Stripe has a status ${JSON.stringify(object['status'])} that is not known here`)
  const items = itemsOf(object, catalog)
  if (!('plan' in items)) return items
  const first = record(list(record(object['items'])['data'])[0])
  const pause = object['pause_collection']
  const isPaused = typeof pause === 'object' && pause !== null
  const periodEnd = seconds(object['current_period_end']) ?? seconds(first['current_period_end'])
  return {
    plan: items.plan,
    state: {
      // Collection that is paused is a pause for us: nothing is paid for the time.
      status: isPaused && (status === 'active' || status === 'trialing' || status === 'past_due') ? 'paused' : status,
      plan: items.plan.id,
      seats: items.seats,
      addOns: items.addOns,
      trialEndsAt: seconds(object['trial_end']),
      periodStart: seconds(object['current_period_start']) ?? seconds(first['current_period_start']),
      cancelAt: seconds(object['cancel_at']) ?? (object['cancel_at_period_end'] === true ? periodEnd : null),
      resumesAt: isPaused ? seconds(record(pause)['resumes_at']) : null,
    },
  }
}

function itemsOf(object: Json, catalog: Catalog): { readonly plan: Plan; readonly seats: number; readonly addOns: readonly AddOnQuantity[] } | Extract<Reading, { readonly kind: 'stopped' }> {
  const items = list(record(object['items'])['data']).map(record)
  let plan: { readonly plan: Plan; readonly seats: number } | null = null
  const addOns: AddOnQuantity[] = []
  for (const item of items) {
    const price = Object.keys(record(item['price'])).length > 0 ? record(item['price']) : record(item['plan'])
    const names = [text(price['id']), expandableId(price['product'])].filter((name) => name !== null)
    const named = namedByProvider(catalog, 'stripe', names)
    const quantity = numberOf(item['quantity']) ?? 1
    if (named === null) return stopped('unmapped_price', `no plan or add-on of the catalog names Stripe's ${names.join(' or ')}: add it under \`providers: { stripe: [...] }\``)
    if (named.kind === 'add_on') addOns.push({ id: named.addOn.id, quantity })
    else if (plan !== null) return stopped('two_plans', `the subscription has items of two plans, ${plan.plan.id} and ${named.plan.id}`)
    else plan = { plan: named.plan, seats: Math.max(1, quantity) }
  }
  return plan === null ? stopped('no_plan', 'none of the items of the subscription is a plan of the catalog') : { ...plan, addOns }
}

function readInvoice(kind: string, invoice: Json, at: Instant): Reading {
  const subscription = expandableId(invoice['subscription']) ?? expandableId(record(record(invoice['parent'])['subscription_details'])['subscription'])
  const id = text(invoice['id'])
  const links = linksOf({ invoice: id, charge: expandableId(invoice['charge']), payment_intent: expandableId(invoice['payment_intent']), subscription })
  const owner = ownerOf(invoice, subscription === null ? [] : [{ kind: 'subscription', id: subscription }])
  const body = INVOICE_FACTS[kind.slice('invoice.'.length)]
  if (body === undefined) return { kind: 'facts', owner, facts: [], links, note: `${kind} says nothing about access; its payment is linked` }
  if (subscription === null) return { kind: 'facts', owner, facts: [], links, note: 'an invoice without a subscription changes no standing' }
  return { kind: 'facts', owner, facts: [{ subscription: { id: subscription }, at, reason: `Stripe: ${kind.replace('.', ' ').replaceAll('_', ' ')} (${id})`, body: body(id) }], links, note: null }
}

const INVOICE_FACTS: Readonly<Record<string, (invoice: string | null) => FactBody>> = {
  paid: (invoice) => ({ kind: 'payment_succeeded', invoice }),
  payment_succeeded: (invoice) => ({ kind: 'payment_succeeded', invoice }),
  payment_failed: (invoice) => ({ kind: 'payment_failed', invoice }),
  marked_uncollectible: () => ({ kind: 'collection_stopped' }),
}

function readDispute(kind: string, dispute: Json, at: Instant): Reading {
  const ref = text(dispute['id']) ?? ''
  const links = linksOf({ charge: expandableId(dispute['charge']), payment_intent: expandableId(dispute['payment_intent']) })
  const status = text(dispute['status']) ?? ''
  const body = disputeFact(kind, status, ref)
  if (body === null) return { kind: 'ignored', reason: status.startsWith('warning') ? 'an inquiry, not a dispute' : `${kind} moves money, not access` }
  return { kind: 'facts', owner: { tollgateId: null, links }, facts: [{ subscription: 'all', at, reason: `Stripe: dispute ${ref} is ${status.replaceAll('_', ' ')}`, body }], links: [], note: null }
}

function disputeFact(kind: string, status: string, ref: string): FactBody | null {
  if (kind.includes('funds_')) return null
  if (status === 'won' || status === 'warning_closed' || status === 'prevented') return { kind: 'dispute_won', ref }
  if (status === 'lost') return { kind: 'dispute_lost', ref }
  return status.startsWith('warning') || kind.endsWith('.closed') ? null : { kind: 'dispute_opened', ref }
}

function readCheckout(kind: string, session: Json): Reading {
  if (text(record(session['metadata'])[PAYMENT_KEY]) !== null) return readPurchase(session, checkoutOutcome(kind, session))
  if (kind !== 'checkout.session.completed' && kind !== 'checkout.session.async_payment_succeeded') return { kind: 'ignored', reason: `${kind} says nothing about access` }
  const reference = text(session['client_reference_id'])
  const owner = ownerOf(session)
  const links = linksOf({ customer: expandableId(session['customer']), subscription: expandableId(session['subscription']), invoice: expandableId(session['invoice']), payment_intent: expandableId(session['payment_intent']) })
  return { kind: 'facts', owner: { ...owner, tollgateId: owner.tollgateId ?? (reference?.startsWith('cus_') === true ? reference : null) }, facts: [], links, note: 'the customer is linked; the subscription tells its state itself' }
}

/** What a checkout or a payment says of a purchase of credits; null where it is not decided. */
function readPurchase(object: Json, outcome: PaymentReport['outcome'] | null): Reading {
  const id = text(object['id']) ?? ''
  const intent = object['object'] === 'payment_intent' ? id : expandableId(object['payment_intent'])
  const links = linksOf({ customer: expandableId(object['customer']), payment_intent: intent, charge: expandableId(object['latest_charge']) })
  const payment = text(record(object['metadata'])[PAYMENT_KEY])!
  return { kind: 'facts', owner: ownerOf(object), facts: [], links, note: `purchase ${payment}: ${outcome?.kind ?? 'not decided yet'}`, payments: outcome === null ? [] : [{ payment, providerId: id, outcome }] }
}

function checkoutOutcome(kind: string, session: Json): PaymentReport['outcome'] | null {
  if (session['payment_status'] === 'paid') return succeeded(session['amount_total'], session['currency'])
  if (kind === 'checkout.session.expired') return { kind: 'failed', reason: 'the page expired unpaid' }
  return kind === 'checkout.session.async_payment_failed' ? { kind: 'failed', reason: 'the payment failed' } : null
}

function intentOutcome(kind: string, intent: Json): PaymentReport['outcome'] | null {
  if (intent['status'] === 'succeeded') return succeeded(intent['amount_received'], intent['currency'])
  if (kind === 'payment_intent.canceled') return { kind: 'failed', reason: 'it was cancelled at Stripe' }
  return kind === 'payment_intent.payment_failed' ? { kind: 'failed', reason: text(record(intent['last_payment_error'])['message']) ?? 'the payment failed' } : null
}

function refundedOutcome(charge: Json): PaymentReport['outcome'] {
  const code = (text(charge['currency']) ?? '').toUpperCase()
  return { kind: 'refunded', amount: fromStripeAmount(numberOf(charge['amount_refunded']) ?? 0, code), currency: code }
}

function succeeded(amount: unknown, currency: unknown): PaymentReport['outcome'] {
  const code = (text(currency) ?? '').toUpperCase()
  return { kind: 'succeeded', amount: fromStripeAmount(numberOf(amount) ?? 0, code), currency: code }
}

function readCustomer(kind: string, customer: Json, at: Instant): Reading {
  const id = text(customer['id'])
  const owner: Owner = { tollgateId: text(record(customer['metadata'])[METADATA_KEY]), links: linksOf({ customer: id }) }
  if (kind !== 'customer.deleted') return { kind: 'facts', owner, facts: [], links: linksOf({ customer: id }), note: 'the customer is linked' }
  return { kind: 'facts', owner, facts: [{ subscription: 'provider', at, reason: 'Stripe: the customer was deleted', body: { kind: 'cancelled' } }], links: [], note: null }
}

/** Charges and refunds link a payment to its customer, so that a dispute finds it. They change no standing. */
function readPayment(kind: string, payment: Json): Reading {
  if (payment['object'] === 'payment_intent' && text(record(payment['metadata'])[PAYMENT_KEY]) !== null) return readPurchase(payment, intentOutcome(kind, payment))
  const isCharge = payment['object'] === 'charge'
  const links = linksOf({
    charge: isCharge ? text(payment['id']) : (expandableId(payment['charge']) ?? expandableId(payment['latest_charge'])),
    payment_intent: payment['object'] === 'payment_intent' ? text(payment['id']) : expandableId(payment['payment_intent']),
    invoice: expandableId(payment['invoice']),
  })
  if (kind === 'charge.refunded' && text(record(payment['metadata'])[PAYMENT_KEY]) !== null) return readPurchase(payment, refundedOutcome(payment))
  const owner = ownerOf(payment, links)
  if (owner.tollgateId === null && owner.links.length === 0) return { kind: 'ignored', reason: `${kind} belongs to no customer` }
  const note = kind.includes('refund') ? 'a refund changes no standing; what it means for balances is for the ledger' : 'the payment is linked'
  return { kind: 'facts', owner, facts: [], links, note }
}

function readInvoicePayment(payment: Json): Reading {
  const inner = record(payment['payment'])
  const links = linksOf({ invoice: expandableId(payment['invoice']), payment_intent: expandableId(inner['payment_intent']), charge: expandableId(inner['charge']) })
  return { kind: 'facts', owner: { tollgateId: null, links }, facts: [], links, note: 'the payment is linked' }
}

export function subscriptionLinks(object: Json): Link[] {
  return linksOf({ subscription: text(object['id']), customer: expandableId(object['customer']) })
}

export function ownerOf(object: Json, more: readonly Link[] = []): Owner {
  const details = record(record(record(object['parent'])['subscription_details'])['metadata'])
  const own = linksOf({ customer: expandableId(object['customer']), subscription: object['object'] === 'subscription' ? text(object['id']) : null })
  return { tollgateId: text(record(object['metadata'])[METADATA_KEY]) ?? text(details[METADATA_KEY]), links: [...own, ...more] }
}

function linksOf(ids: Partial<Record<Link['kind'], string | null>>): Link[] {
  return Object.entries(ids).flatMap(([kind, id]) => (id === null || id === undefined ? [] : [{ kind: kind as Link['kind'], id }]))
}

function stopped(code: string, reason: string): Extract<Reading, { readonly kind: 'stopped' }> {
  return { kind: 'stopped', code, reason }
}

function seconds(value: unknown): Instant | null {
  const number = numberOf(value)
  return number === null ? null : instant(number * 1_000)
}
