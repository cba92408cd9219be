// Recurly's notifications in our words. XML ones carry the objects; JSON ones name them only, so that the subscription is read from
// Recurly. Its word `canceled` means that it will not renew: the subscription runs to the end of its term.

import { instant, namedByProvider, termsOf, type AddOnQuantity, type Catalog, type FactBody, type Instant, type Plan, type ProviderState } from '@tollgate/core'
import { XMLParser } from 'fast-xml-parser'
import type { FactDraft, Link, Reading } from '../../app/providers/connector.ts'
import { list, record, text, type Json } from '../json.ts'

// No entity is ever expanded, so that a hostile document stays as small as it is.
const XML = new XMLParser({ ignoreAttributes: false, processEntities: false, parseTagValue: false, attributeNamePrefix: '@' })

export type Notification = { readonly kind: string; readonly content: Json; readonly isXml: boolean }

export function parseNotification(body: string): Notification {
  if (body.trimStart().startsWith('<')) {
    const root = record(XML.parse(body))
    const kind = Object.keys(root).find((name) => !name.startsWith('?')) ?? ''
    return { kind, content: plainOf(root[kind]) as Json, isXml: true }
  }
  const event = record(JSON.parse(body))
  return { kind: `${text(event['object_type']) ?? ''}.${text(event['event_type']) ?? ''}`, content: event, isXml: false }
}

export function readRecurly(body: string, catalog: Catalog): Reading {
  const { kind, content, isXml } = parseNotification(body)
  return isXml ? readXml(kind, content, catalog) : readJson(kind, content)
}

function readXml(kind: string, content: Json, catalog: Catalog): Reading {
  const account = text(record(content['account'])['account_code'])
  const subscription = record(content['subscription'])
  const transaction = record(content['transaction'])
  const id = text(subscription['uuid']) ?? text(transaction['subscription_id'])
  const links = linksOf({ customer: account, subscription: id === null ? null : `recurly:${id}`, invoice: text(record(content['invoice'])['uuid']) ?? text(transaction['invoice_id']) })
  const owner = ownerOf(account, links)
  if (text(subscription['uuid']) !== null) {
    const at = latestTime(subscription)
    if (at === null) return { kind: 'stopped', code: 'no_time', reason: `${kind} holds no time by which it could be ordered` }
    const draft = subscriptionDraft(subscription, { catalog, at, fetched: false, stage: kind === 'new_subscription_notification' ? 'created' : 'changed' })
    return 'draft' in draft ? { kind: 'facts', owner, facts: [draft.draft], links, note: null } : draft
  }
  const at = timeOf(transaction['date'])
  if (id === null || at === null) return links.length === 0 ? { kind: 'ignored', reason: `${kind} says nothing about access` } : { kind: 'facts', owner, facts: [], links, note: `${kind} says nothing about access; its records are linked` }
  const invoice = text(transaction['invoice_id'])
  const fact = (body_: FactBody): Reading => ({ kind: 'facts', owner, facts: [{ subscription: { id: `recurly:${id}` }, at, reason: `Recurly: ${kind.replace('_notification', '').replaceAll('_', ' ')} (${invoice})`, body: body_ }], links, note: null })
  if (kind === 'failed_payment_notification') return fact({ kind: 'payment_failed', invoice })
  if (kind === 'successful_payment_notification') return fact({ kind: 'payment_succeeded', invoice })
  return { kind: 'facts', owner, facts: [], links, note: `${kind} says nothing about access; its records are linked` }
}

/** A thin notification says that something changed; what it is now, Recurly's API says. */
function readJson(kind: string, event: Json): Reading {
  const account = text(event['account_code'])
  const id = text(event['subscription_uuid']) ?? (event['object_type'] === 'subscription' ? (text(event['uuid']) ?? text(event['id'])) : null) ?? text(list(event['subscription_uuids'])[0])
  const links = linksOf({ customer: account, subscription: id === null ? null : `recurly:${id}`, invoice: text(event['invoice_uuid']) })
  const owner = ownerOf(account, links)
  const wants = /^(subscription|payment|charge_invoice|invoice|dunning_event)\./.test(kind)
  if (wants && id !== null) return { kind: 'fetch', owner, subscription: `recurly:${id}`, links }
  if (links.length === 0) return { kind: 'ignored', reason: `${kind} says nothing about access` }
  return { kind: 'facts', owner, facts: [], links, note: `${kind} names no subscription; its records are linked` }
}

export function subscriptionDraft(
  subscription: Json,
  context: { readonly catalog: Catalog; readonly at: Instant; readonly fetched: boolean; readonly stage: 'created' | 'changed' },
): { readonly draft: FactDraft } | Extract<Reading, { readonly kind: 'stopped' }> {
  const { catalog, at, fetched, stage } = context
  const planCode = text(record(subscription['plan'])['plan_code']) ?? text(record(subscription['plan'])['code']) ?? ''
  const named = namedByProvider(catalog, 'recurly', [planCode])
  if (named?.kind !== 'plan') return stopped('unmapped_price', `no plan of the catalog names Recurly's ${planCode}: add it under \`providers: { recurly: [...] }\``)
  const addOns = addOnsOf(subscription, catalog)
  if (!Array.isArray(addOns)) return addOns as Extract<Reading, { readonly kind: 'stopped' }>
  const { plan }: { readonly plan: Plan } = named
  const trialEndsAt = timeOf(subscription['trial_ends_at'])
  const periodEnd = timeOf(subscription['current_period_ends_at'])
  const word = text(subscription['state']) ?? ''
  const status = statusOf(word, { isTrial: trialEndsAt !== null && trialEndsAt > at, isPastDue: subscription['past_due'] === true })
  if (status === null) return stopped('unknown_status', `Recurly has a state ${JSON.stringify(word)} that is not known here`)
  const state: ProviderState = {
    status,
    plan: plan.id,
    seats: Math.max(1, Number(text(subscription['quantity']) ?? '1')),
    addOns: addOns as readonly AddOnQuantity[],
    trialEndsAt,
    periodStart: timeOf(subscription['current_period_started_at']),
    cancelAt: word === 'canceled' ? (timeOf(subscription['expires_at']) ?? periodEnd) : null,
    resumesAt: null,
  }
  const startedAt = timeOf(subscription['activated_at']) ?? timeOf(subscription['created_at']) ?? at
  const body: FactBody = { kind: 'provider_state', after: state, before: null, stage, terms: termsOf(plan), fetched, startedAt }
  const id = text(subscription['uuid']) ?? text(subscription['id']) ?? ''
  return { draft: { subscription: { id: `recurly:${id}` }, at, reason: `Recurly shows the subscription as ${word}`, body } }
}

function statusOf(word: string, { isTrial, isPastDue }: { readonly isTrial: boolean; readonly isPastDue: boolean }): ProviderState['status'] | null {
  switch (word) {
    case 'active':
    case 'canceled':
      return isTrial ? 'trialing' : isPastDue ? 'past_due' : 'active'
    case 'expired':
      return 'expired'
    case 'failed':
      return 'unpaid'
    case 'future':
      return 'incomplete'
    case 'paused':
      return 'paused'
    default:
      return null
  }
}

function addOnsOf(subscription: Json, catalog: Catalog): readonly AddOnQuantity[] | Extract<Reading, { readonly kind: 'stopped' }> {
  const inner = record(subscription['subscription_add_ons'])['subscription_add_on']
  const entries = [...(Array.isArray(inner) ? inner : inner === undefined ? [] : [inner]), ...list(subscription['add_ons'])].map(record)
  const found: AddOnQuantity[] = []
  for (const entry of entries) {
    const code = text(entry['add_on_code']) ?? text(record(entry['add_on'])['code']) ?? ''
    const named = namedByProvider(catalog, 'recurly', [code])
    if (named?.kind !== 'add_on') return stopped('unmapped_price', `no add-on of the catalog names Recurly's ${code}: add it under \`providers: { recurly: [...] }\``)
    found.push({ id: named.addOn.id, quantity: Number(text(entry['quantity']) ?? '1') })
  }
  return found
}

/** XML notifications carry no time of their own: the latest of the object's past times is when it became so. */
function latestTime(subscription: Json): Instant | null {
  const times = ['updated_at', 'activated_at', 'canceled_at', 'current_period_started_at', 'trial_started_at', 'paused_at'].flatMap((name) => timeOf(subscription[name]) ?? [])
  const expired = text(subscription['state']) === 'expired' ? timeOf(subscription['expires_at']) : null
  const all = expired === null ? times : [...times, expired]
  return all.length === 0 ? null : instant(Math.max(...all))
}

export function ownerOf(account: string | null, links: readonly Link[]): { readonly tollgateId: string | null; readonly links: readonly Link[] } {
  return { tollgateId: account?.startsWith('cus_') === true ? account : null, links }
}

export function linksOf(ids: Partial<Record<Link['kind'], string | null>>): Link[] {
  return Object.entries(ids).flatMap(([kind, id]) => (id === null || id === undefined ? [] : [{ kind: kind as Link['kind'], id }]))
}

function timeOf(value: unknown): Instant | null {
  const at = Date.parse(text(value) ?? '')
  return Number.isNaN(at) ? null : instant(at)
}

function stopped(code: string, reason: string): Extract<Reading, { readonly kind: 'stopped' }> {
  return { kind: 'stopped', code, reason }
}

/** XML's typed values as plain ones: `<x type="integer">2</x>` is the text 2, `nil` is absent. */
function plainOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainOf)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value as Json)
  const content = (value as Json)['#text']
  if ((value as Json)['@nil'] === 'true') return null
  if (content !== undefined) return content
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('@')).map(([name, inner]) => [name, plainOf(inner)]))
}
