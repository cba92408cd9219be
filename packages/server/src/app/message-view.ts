// What a message of the outbox looks like outside, on the live stream and in webhooks, and how much of it a tenant may see: of each type the listed
// members, of a type that is not listed nothing. So a new member or type is the operator's until somebody decides otherwise.

import { formatInstant, SUBSCRIPTION_EVENTS, type Instant } from '@tollgate/core'

type StreamType = {
  readonly says: string
  /** Members that a tenant's key sees beside `type`, `customer` and `at`. */
  readonly tenantMembers: readonly string[]
  /** Calls for a look of the operator; `problem`: something is wrong until somebody acts. */
  readonly alert?: AlertLevel
}

export type AlertLevel = 'notice' | 'problem'

const PAYMENT = ['payment', 'cause', 'method', 'credits', 'bonus', 'asset', 'amount', 'net', 'tax', 'currency']
const INVOICE = ['invoice', 'number', 'kind', 'amount_due', 'currency', 'due_at']
/** What every event of a subscription carries. */
const SUBSCRIPTION_MEMBERS = ['sequence', 'subscription', 'effective_at', 'state', 'plan', 'reason', 'seats', 'add_ons', 'schedule', 'takes_effect_at', 'period', 'day', 'message', 'voids'] as const

const SUBSCRIPTION_TYPES: Readonly<Record<string, StreamType>> = Object.fromEntries(
  SUBSCRIPTION_EVENTS.map(({ name, says }) => [name, { says, tenantMembers: SUBSCRIPTION_MEMBERS }]),
)

export const STREAM_TYPES: Readonly<Record<string, StreamType>> = {
  'usage.settled': {
    says: 'Usage was charged: the batch, how many events, their charge, where each price stands in the period now, and the latest of them.',
    tenantMembers: ['batch', 'events', 'charge', 'totals', 'latest'],
  },
  'usage.rerated': {
    says: 'Usage of a period was rated again under a corrected price; the difference stands on the next invoice.',
    tenantMembers: ['period_start', 'charged', 'adjusted', 'after', 'difference', 'currency'],
  },
  'request.denied': {
    says: 'A request was refused. `unrecorded` counts those that were refused before it and not recorded one by one.',
    tenantMembers: ['decision_id', 'time', 'feature', 'model', 'reason', 'scope', 'required', 'limit', 'used', 'unit', 'resets_at', 'message', 'entity', 'unrecorded'],
  },
  'request.observed': {
    says: 'A request would have been refused and was let through: its budget, key or customer is observed.',
    tenantMembers: ['decision_id', 'time', 'feature', 'model', 'reason', 'scope', 'required', 'limit', 'used', 'unit', 'resets_at', 'message', 'entity', 'unrecorded'],
  },
  'budget.threshold': {
    says: 'A budget was used to a percentage of its limit that its rule names: once for each and period.',
    tenantMembers: ['budget', 'name', 'percent', 'limit', 'used', 'unit', 'period'], alert: 'notice',
  },
  'budget.moved': { says: 'An amount was moved from one budget to another.', tenantMembers: ['move', 'from', 'to', 'amount', 'reason'] },
  'run.suspected': { says: 'An agent’s run seems to be in a loop: told once a run.', tenantMembers: ['time', 'feature', 'model', 'scope', 'message', 'entity'], alert: 'notice' },
  'freeze.set': { says: 'Something was stopped by hand.', tenantMembers: ['freeze', 'kind', 'target', 'reason'], alert: 'notice' },
  'freeze.lifted': { says: 'A freeze was lifted.', tenantMembers: ['freeze', 'kind', 'target'] },
  'credits.added': { says: 'Credits were added.', tenantMembers: ['block', 'amount', 'currency', 'category', 'repaid', 'effective_at'] },
  'credits.begun': { says: 'A credit block that was added for later joined its wallet.', tenantMembers: ['block', 'amount', 'currency', 'repaid'] },
  'credits.voided': { says: 'What was left of a credit block was taken back.', tenantMembers: ['block', 'amount', 'currency', 'reason'] },
  'credits.refunded': { says: 'Credit was refunded; `owed` of it was spent already and is repaid by the next credits.', tenantMembers: ['refund', 'block', 'amount', 'asset', 'owed', 'net', 'tax', 'currency', 'credit_note', 'method', 'reason'] },
  'credits.refund_failed': { says: 'A provider refused to give money back for credit that was taken back: give it back yourself. For the operator.', tenantMembers: [], alert: 'problem' },
  'credits.moved': { says: 'Credit was moved to another customer.', tenantMembers: ['move', 'amount', 'asset', 'reason'] },
  'credits.expired': { says: 'The rest of a credit block expired.', tenantMembers: ['block', 'amount', 'currency'] },
  'code.redeemed': { says: 'A code was redeemed for credits, a plan or an add-on.', tenantMembers: ['redemption', 'name', 'kind', 'block', 'amount', 'asset', 'plan', 'add_on', 'quantity'] },
  'credits.low': { says: 'A wallet fell to a threshold: once for each crossing. It is armed again when the balance is above it.', tenantMembers: ['asset', 'threshold', 'balance', 'top_up_url'] },
  'credits.expiring': { says: 'Credits end within a lead time: once for each block and lead time.', tenantMembers: ['block', 'asset', 'remaining', 'days', 'expires_at'] },
  'credits.payment_requested': { says: 'A wallet wants to be filled: your payment code takes the money and confirms it. Again every day until it does.', tenantMembers: [...PAYMENT, 'reminder'] },
  'credits.payment_succeeded': { says: 'Credits were bought; they are in the wallet.', tenantMembers: [...PAYMENT, 'taxes', 'invoice', 'block', 'bonus_block'] },
  'credits.payment_failed': { says: 'A payment for credits failed.', tenantMembers: [...PAYMENT, 'reason'] },
  'credits.payment_unclear': { says: 'A provider never answered whether it took a payment: look there, and confirm it. For the operator.', tenantMembers: [], alert: 'problem' },
  'credits.recharge_stopped': { says: 'A wallet is not filled by itself any more, because its payments failed.', tenantMembers: ['asset', 'failures', 'reason'], alert: 'notice' },
  'credits.recharge_bounded': { says: 'A wallet is not filled any more this month: its monthly bound is reached.', tenantMembers: ['asset', 'month_max', 'currency'] },
  'customer.created': { says: 'A customer was created.', tenantMembers: ['name', 'plan'] },
  ...SUBSCRIPTION_TYPES,
  'tax.undetermined': { says: 'The tax service did not say which tax a customer has. Its invoices wait when what it said before ends. For the operator.', tenantMembers: [] },
  'invoice.run_failed': { says: 'The invoice of a customer could not be written; it is tried again in an hour. For the operator.', tenantMembers: [] },
  'invoice.finalized': { says: 'An invoice got its number.', tenantMembers: INVOICE },
  'invoice.paid': { says: 'An invoice was paid.', tenantMembers: INVOICE },
  'invoice.void': { says: 'An invoice was voided; what it asked for is on the next one.', tenantMembers: INVOICE },
  'invoice.uncollectible': { says: 'An invoice was written off.', tenantMembers: [] },
  'credit_note.written': { says: 'Part of an invoice or all of it was taken back.', tenantMembers: ['credit_note', 'number', 'invoice', 'total', 'currency'] },
  'books.disagree': { says: 'Figures of a customer or of a month that must agree do not, or a chain of transfers is broken. For the operator.', tenantMembers: [], alert: 'problem' },
  'books.day_closed': { says: 'A day of the books is closed: its journal entries can be exported. For the operator.', tenantMembers: [] },
  'exports.day_written': { says: 'The records of a closed day were written to your storage. For the operator.', tenantMembers: [] },
  'margin.below_target': { says: 'The margin of the last 30 days is below the target: in all, of a customer, a feature or a model. Once a month for each. For the operator.', tenantMembers: [], alert: 'notice' },
  'webhook.disabled': { says: 'Nothing is sent to a webhook endpoint any more, and why.', tenantMembers: ['webhook', 'url', 'reason'], alert: 'problem' },
  'correction.refused': { says: 'A correction that came before its event does not fit it, and was not applied. For the operator.', tenantMembers: [], alert: 'problem' },
  'dimension.overflowed': { says: 'A dimension has more values than are kept; further ones are counted together. For the operator.', tenantMembers: [], alert: 'problem' },
  'rollups.differ': { says: 'Stored totals are not those of their events: the first difference. For the operator.', tenantMembers: [], alert: 'problem' },
  'rates.imported': { says: 'Price lists were imported. For the operator.', tenantMembers: [] },
  'rates.confirmation_needed': { says: 'A scheduled import found price changes that need a yes, or sources that disagree. For the operator.', tenantMembers: [], alert: 'notice' },
  'cost.unpriced': { says: 'A model answered whose cost is not known: the rate card has no price for it. Once a day for each model. For the operator.', tenantMembers: [], alert: 'notice' },
  'exchange_rates.imported': { says: 'Exchange rates were imported. For the operator.', tenantMembers: [] },
  'contract.changed': { says: 'A contract was applied, changed or ended.', tenantMembers: ['version', 'name', 'ended'] },
  'coupon.redeemed': { says: 'A coupon was redeemed.', tenantMembers: ['code', 'name'] },
  'provider.message_stopped': { says: 'A message of a billing provider cannot be mapped and waits in the inbox. For the operator.', tenantMembers: [], alert: 'problem' },
  'provider.drift_found': { says: 'A re-sync found subscriptions that differ from those of the provider. For the operator.', tenantMembers: [], alert: 'problem' },
  'invoice.handed_over': { says: 'A final invoice was handed to the system that takes it. For the operator.', tenantMembers: [] },
  'invoice.handover_stopped': { says: 'A final invoice could not be handed over and waits for somebody. For the operator.', tenantMembers: [], alert: 'problem' },
  'invoice.handover_conflict': { says: 'What became of an invoice here and at the system that took it does not go together: somebody must decide. For the operator.', tenantMembers: [], alert: 'problem' },
  'usage.handover_stopped': { says: 'Usage of a span could not be handed over and waits for somebody. For the operator.', tenantMembers: [], alert: 'problem' },
  'catalog.scheduled': { says: 'A catalog was published that takes force later. For the operator.', tenantMembers: [] },
  'catalog.withdrawn': { says: 'A scheduled catalog was withdrawn. For the operator.', tenantMembers: [] },
  'catalog.published': { says: 'A catalog was put in force. For the operator.', tenantMembers: [] },
}

/** What a list of alerts shows. */
export const ALERT_TYPES: readonly string[] = Object.entries(STREAM_TYPES).flatMap(([name, { alert }]) => (alert === undefined ? [] : [name]))

/** A message as the outbox holds it. */
export type Told = { readonly type: string; readonly customer: string | null; readonly at: Instant; readonly payload: Readonly<Record<string, unknown>> }

/** The message as JSON for this reader; null for one that it may not see. */
export function viewOf(message: Told, isOperator: boolean): Record<string, unknown> | null {
  const payload = wireNames(message)
  const tenantMembers = STREAM_TYPES[message.type]?.tenantMembers
  if (!isOperator && tenantMembers === undefined) return null
  const members = isOperator ? payload : Object.fromEntries(tenantMembers!.flatMap((name) => (name in payload ? [[name, payload[name]]] : [])))
  return { ...members, type: message.type, customer: message.customer, at: formatInstant(message.at) }
}

const DECIDED: ReadonlySet<string> = new Set(['request.denied', 'request.observed', 'run.suspected'])

/** A denial travels as the node journaled it: its times are numbers and its id has a shorter name. */
function wireNames({ type, payload }: Told): Record<string, unknown> {
  if (!DECIDED.has(type)) return { ...payload }
  const { decision, time, resetsAt, ...rest } = payload
  const text = (at: unknown) => (typeof at === 'number' ? formatInstant(at as Instant) : (at ?? null))
  return { ...rest, decision_id: decision, time: text(time), resets_at: text(resetsAt) }
}
