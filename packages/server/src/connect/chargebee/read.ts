// Chargebee's events in our words. Its resources carry a version in milliseconds, which orders them. It sends no dispute: a
// chargeback is a reason on a transaction or credit note.

import { instant, namedByProvider, termsOf, type AddOnQuantity, type Catalog, type FactBody, type Instant, type Plan, type ProviderState } from '@tollgate/core'
import type { FactDraft, Link, Owner, Reading } from '../../app/providers/connector.ts'
import { list, numberOf, record, text, type Json } from '../json.ts'

export function readChargebee(body: string, catalog: Catalog): Reading {
  const event = record(JSON.parse(body))
  const kind = text(event['event_type']) ?? ''
  const content = record(event['content'])
  const occurredAt = seconds(event['occurred_at'])!
  const subscription = record(content['subscription'])
  const customer = record(content['customer'])
  const owner = ownerOf(customer, content)
  const links = linksOf(content)
  if (kind === 'customer_deleted') return { kind: 'facts', owner, facts: [{ subscription: 'provider', at: occurredAt, reason: 'Chargebee: the customer was deleted', body: { kind: 'cancelled' } }], links: [], note: null }
  const facts: FactDraft[] = []
  if (text(subscription['id']) !== null) {
    const draft = subscriptionDraft(subscription, { catalog, occurredAt, stage: kind === 'subscription_created' ? 'created' : 'changed', fetched: false })
    if (!('draft' in draft)) return draft
    facts.push(draft.draft)
  }
  const more = happening(kind, content, occurredAt)
  if (more !== null) facts.push(more)
  if (facts.length === 0 && links.length === 0 && owner.tollgateId === null) return { kind: 'ignored', reason: `${kind} says nothing about access` }
  return { kind: 'facts', owner, facts, links, note: facts.length === 0 ? `${kind} says nothing about access; its records are linked` : null }
}

export function subscriptionDraft(
  subscription: Json,
  context: { readonly catalog: Catalog; readonly occurredAt: Instant; readonly stage: 'created' | 'changed'; readonly fetched: boolean },
): { readonly draft: FactDraft } | Extract<Reading, { readonly kind: 'stopped' }> {
  const items = itemsOf(subscription, context.catalog)
  if (!('plan' in items)) return items
  const status = statusOf(subscription)
  if (status === null) return stopped('unknown_status', `Chargebee has a status ${JSON.stringify(subscription['status'])} that is not known here`)
  const version = numberOf(subscription['resource_version'])
  const at = context.fetched || version === null ? context.occurredAt : instant(version)
  const state: ProviderState = {
    status,
    plan: items.plan.id,
    seats: items.seats,
    addOns: items.addOns,
    trialEndsAt: seconds(subscription['trial_end']),
    periodStart: seconds(subscription['current_term_start']),
    cancelAt: subscription['status'] === 'non_renewing' ? (seconds(subscription['cancelled_at']) ?? seconds(subscription['current_term_end'])) : null,
    resumesAt: seconds(subscription['resume_date']),
  }
  const startedAt = seconds(subscription['started_at']) ?? seconds(subscription['created_at']) ?? at
  const body: FactBody = { kind: 'provider_state', after: state, before: null, stage: context.stage, terms: termsOf(items.plan), fetched: context.fetched, startedAt }
  return { draft: { subscription: { id: `chargebee:${text(subscription['id'])}` }, at, reason: `Chargebee shows the subscription as ${text(subscription['status'])}`, body } }
}

const STATUS: Readonly<Record<string, ProviderState['status']>> = {
  future: 'incomplete', in_trial: 'trialing', active: 'active', non_renewing: 'active', paused: 'paused', cancelled: 'cancelled', transferred: 'cancelled',
}

/** Chargebee keeps a subscription active while its invoices are dunned: what is due says more than the status. */
function statusOf(subscription: Json): ProviderState['status'] | null {
  const status = STATUS[text(subscription['status']) ?? ''] ?? null
  const due = numberOf(subscription['due_invoices_count']) ?? 0
  return status === 'active' && due > 0 ? 'past_due' : status
}

/** Product catalog 2 has items, 1 has a plan and add-ons. */
function itemsOf(subscription: Json, catalog: Catalog): { readonly plan: Plan; readonly seats: number; readonly addOns: readonly AddOnQuantity[] } | Extract<Reading, { readonly kind: 'stopped' }> {
  const named = [
    ...list(subscription['subscription_items']).map(record).map((item) => ({ name: text(item['item_price_id']) ?? '', quantity: numberOf(item['quantity']) ?? 1 })),
    ...(text(subscription['plan_id']) === null ? [] : [{ name: text(subscription['plan_id'])!, quantity: numberOf(subscription['plan_quantity']) ?? 1 }]),
    ...list(subscription['addons']).map(record).map((addOn) => ({ name: text(addOn['id']) ?? '', quantity: numberOf(addOn['quantity']) ?? 1 })),
  ]
  let plan: { readonly plan: Plan; readonly seats: number } | null = null
  const addOns: AddOnQuantity[] = []
  for (const { name, quantity } of named) {
    const found = namedByProvider(catalog, 'chargebee', [name])
    if (found === null) return stopped('unmapped_price', `no plan or add-on of the catalog names Chargebee's ${name}: add it under \`providers: { chargebee: [...] }\``)
    if (found.kind === 'add_on') addOns.push({ id: found.addOn.id, quantity })
    else if (plan !== null) return stopped('two_plans', `the subscription has items of two plans, ${plan.plan.id} and ${found.plan.id}`)
    else plan = { plan: found.plan, seats: Math.max(1, quantity) }
  }
  return plan === null ? stopped('no_plan', 'none of the items of the subscription is a plan of the catalog') : { ...plan, addOns }
}

/** What happened beside the state of the subscription: payments, the end of dunning, chargebacks. */
function happening(kind: string, content: Json, at: Instant): FactDraft | null {
  const invoice = record(content['invoice'])
  const transaction = record(content['transaction'])
  const creditNote = record(content['credit_note'])
  if (creditNote['reason_code'] === 'chargeback' || transaction['type'] === 'chargeback' || transaction['reason_code'] === 'chargeback') {
    const ref = text(transaction['id']) ?? text(creditNote['id']) ?? kind
    return { subscription: 'all', at, reason: `Chargebee: chargeback ${ref}`, body: { kind: 'dispute_opened', ref } }
  }
  const id = text(invoice['subscription_id']) ?? text(transaction['subscription_id'])
  if (id === null) return null
  const subscription = { id: `chargebee:${id}` }
  const about = text(invoice['id'])
  if (kind === 'payment_failed') return { subscription, at, reason: `Chargebee: payment failed (${about})`, body: { kind: 'payment_failed', invoice: about } }
  if (kind === 'payment_succeeded') return { subscription, at, reason: `Chargebee: payment succeeded (${about})`, body: { kind: 'payment_succeeded', invoice: about } }
  if (invoice['dunning_status'] === 'exhausted') return { subscription, at, reason: `Chargebee: dunning of ${about} is exhausted`, body: { kind: 'collection_stopped' } }
  return null
}

/** A merchant chooses the ids of Chargebee's customers: one that is ours says whose it is. */
export function ownerOf(customer: Json, content: Json): Owner {
  const id = text(customer['id'])
  const written = text(record(customer['meta_data'])['tollgate_customer']) ?? text(customer['cf_tollgate_customer'])
  return { tollgateId: written ?? (id?.startsWith('cus_') === true ? id : null), links: linksOf(content) }
}

export function linksOf(content: Json): Link[] {
  const [subscription, invoice, transaction, customer] = ['subscription', 'invoice', 'transaction', 'customer'].map((name) => record(content[name])) as [Json, Json, Json, Json]
  const ids: readonly (readonly [Link['kind'], string | null])[] = [
    ['customer', text(customer['id']) ?? text(subscription['customer_id']) ?? text(invoice['customer_id']) ?? text(transaction['customer_id'])],
    ['subscription', text(subscription['id']) ?? text(invoice['subscription_id'])],
    ['invoice', text(invoice['id'])],
  ]
  return ids.flatMap(([kind, id]) => (id === null ? [] : [{ kind, id: kind === 'subscription' ? `chargebee:${id}` : id }]))
}

function stopped(code: string, reason: string): Extract<Reading, { readonly kind: 'stopped' }> {
  return { kind: 'stopped', code, reason }
}

function seconds(value: unknown): Instant | null {
  const number = numberOf(value)
  return number === null ? null : instant(number * 1_000)
}
