// Routes on wallets that fill themselves and on buying credits.

import { NOTICE_DAYS_MAX, NOTICE_THRESHOLDS_MAX } from '@tollgate/core'
import * as z from 'zod'
import { PAYMENT_METHODS } from '../../app/wallets/payment-port.ts'
import { choice, creditFeatures, cursor, currency, customerParam, decimal, id, limit, listOf, nothing, text, time } from './fields.ts'
import { printedInvoice } from './invoices.ts'
import { route } from './route.ts'

const ASSET_LENGTH_MAX = 64
const URL_LENGTH_MAX = 2_000
/** Half a year. */
const COOLDOWN_SECONDS_MAX = 180 * 86_400

const asset = z
  .string()
  .max(ASSET_LENGTH_MAX)
  .regex(/^([A-Z]{3}|[a-z][a-z0-9_-]*)$/, 'must be a currency such as USD, or the id of a credit asset')
  .meta({ description: 'What the wallet holds: a currency, or a credit asset.', examples: ['USD'] })
const walletParam = customerParam.extend({ asset })
const url = (description: string, example: string) => text(description, example, URL_LENGTH_MAX).regex(/^https?:\/\//, 'must be an address that begins with https://')
const method = choice(PAYMENT_METHODS, '`stripe` charges the saved card of the customer; `request` tells your own payment code by `credits.payment_requested`, which confirms.')

const ruleFields = {
  threshold: decimal('Buys when the balance is at or below it.', '5'),
  amount: decimal('Credits bought each time; either this or `target`.', '50').nullable(),
  target: decimal('Balance that is filled up to.', '50').nullable(),
  month_max: decimal('Most that is paid in a calendar month of the customer’s zone, without tax; null for no bound.', '500').nullable(),
  cooldown_seconds: z.int().min(0).max(COOLDOWN_SECONDS_MAX).meta({ description: 'Least time between two purchases.', examples: [300] }),
  method,
}
const rule = z
  .strictObject({
    asset,
    ...ruleFields,
    failures: z.int().meta({ description: 'Payments that failed in a row. After three it stops.' }),
    stopped_at: time('Since when it buys nothing, because payments failed; null while it does. Setting the rule starts it anew.').nullable(),
    stopped_reason: z.string().nullable().meta({ description: 'What the last payment failed of.' }),
  })
  .meta({ id: 'RechargeRule', description: 'When a wallet buys credits by itself.' })

const payment = z
  .strictObject({
    id: id('pay', 'Id of the purchase.'),
    cause: choice(['recharge', 'top_up'], 'What it came of: the rule of the wallet, or a page that the customer opened.'),
    method: z.string().meta({ description: 'By whom the money is taken.', examples: ['stripe'] }),
    state: choice(['pending', 'asked', 'succeeded', 'failed'], 'Credits are granted when it succeeded, and not before.'),
    asset,
    credits: decimal('Credits bought.', '100'),
    bonus: decimal('Credits on top.', '10'),
    net: decimal('Price without tax.', '100'),
    tax: decimal('Tax on it.', '19'),
    amount: decimal('What is paid: both together.', '119'),
    currency,
    taxes: z.array(z.strictObject({ name: z.string(), percent: z.string(), amount: z.string() })).meta({ description: 'The tax by rate.' }),
    refunded: decimal('Of the price without tax, given back.', '0'),
    reference: z.string().nullable().meta({ description: 'The payment at the provider.', examples: ['pi_3Pabc'] }),
    reason: z.string().nullable().meta({ description: 'Why it failed, or what it waits for.' }),
    created_at: time('When it was decided.'),
    ended_at: time('When it succeeded or failed.').nullable(),
  })
  .meta({ id: 'CreditPayment', description: 'A purchase of credits.' })

const noticeFields = {
  low_balance: z.array(decimal('Told when the balance is at or below it.', '10')).max(NOTICE_THRESHOLDS_MAX).meta({ description: 'Balances at which `credits.low` is told, once for each crossing.' }),
  expiry_days: z.array(z.int().min(1).max(NOTICE_DAYS_MAX)).max(NOTICE_THRESHOLDS_MAX).meta({ description: 'Days before credits end at which `credits.expiring` is told.', examples: [[7, 1]] }),
}
const noticeTerms = z.strictObject(noticeFields)
const notices = z
  .strictObject({
    asset,
    operator: noticeTerms.meta({ description: 'What the operator set, for this wallet or for all of the asset.' }),
    is_own: z.boolean().meta({ description: 'Whether the operator set it for this wallet.' }),
    tenant: noticeTerms.meta({ description: 'What the tenant set beside it.' }),
  })
  .meta({ id: 'WalletNotices', description: 'When a customer is told about a wallet. Both sides count.' })
const noticeDefault = z.strictObject({ asset, ...noticeFields }).meta({ id: 'WalletNoticeDefault' })

const paymentParam = customerParam.extend({ payment: id('pay', 'Id of the purchase.') })
const blockParam = customerParam.extend({ block: id('blk', 'Id of the credit block.') })
const why = text('Why, for the audit log and the customer.', 'ordered twice')
const refund = z
  .strictObject({
    id: id('rfd', 'Id of the refund.'),
    block: id('blk', 'Block that it took credit from.'),
    asset,
    amount: decimal('Credit that was taken from the block.', '40'),
    owed: decimal('Credit that had been spent and is owed.', '0'),
    net: decimal('Money without tax; null where it is not known what the block was bought for.', '40').nullable(),
    tax: decimal('Tax on it.', '7.6').nullable(),
    currency: currency.nullable(),
    method: z.string().meta({ description: 'Who gives the money back: a provider, or `operator`.', examples: ['stripe'] }),
    state: choice(['pending', 'done', 'failed'], '`pending`: the provider is asked; `failed`: it refused, and you give the money back yourself.'),
    reference: z.string().nullable().meta({ description: 'The refund at the provider.', examples: ['re_3Pabc'] }),
    reason: z.string(),
    failure: z.string().nullable().meta({ description: 'What the provider said.' }),
    created_at: time('When it was booked.'),
  })
  .meta({ id: 'CreditRefund', description: 'Money given back for credit.' })

export const walletRoutes = {
  voidCredits: route({
    method: 'POST', path: '/v1/customers/{customer}/credits/{block}/void', tag: 'money', summary: 'Void a credit block',
    description: 'What is left of it is gone, as breakage; what it paid stays paid. What gateways hold for requests that run is called back first. A second call changes nothing.',
    access: [], params: blockParam, query: nothing, body: z.strictObject({ reason: why }), status: 200,
    answer: z.strictObject({ block_id: id('blk', 'Id of the block.'), voided_at: time('Since when.').nullable() }), problems: ['not_found', 'credits_in_use'],
  }),
  refundCredits: route({
    method: 'POST', path: '/v1/customers/{customer}/credits/{block}/refund', tag: 'money', summary: 'Refund credit',
    description: 'Takes bought credit back and books its price with tax, in proportion; bonus credit of the same purchase goes in proportion. Send an Idempotency-Key, so that a repeated call refunds once.',
    access: [], params: blockParam, query: nothing,
    body: z.strictObject({
      amount: decimal('Credit to take back; all that is left unless stated.', '40').nullable().default(null),
      spent_too: z.boolean().default(false).meta({ description: 'Refund credit that was spent as well: the customer owes it, and the next credits repay it.' }),
      through_provider: z.boolean().default(false).meta({ description: 'Let the provider that took the money give it back; otherwise you do.' }),
      reason: why,
    }),
    status: 201, answer: refund, problems: ['not_found', 'out_of_range', 'not_refundable', 'credits_in_use'],
  }),
  listRefunds: route({
    method: 'GET', path: '/v1/customers/{customer}/refunds', tag: 'money', summary: 'List refunds of credit', description: 'Newest first, the last two hundred.',
    access: ['customer'], params: customerParam, query: nothing, body: null, status: 200, answer: z.strictObject({ data: z.array(refund) }), problems: ['not_found'],
  }),
  moveCredits: route({
    method: 'POST', path: '/v1/customers/{customer}/credits/move', tag: 'money', summary: 'Move credit to another customer',
    description: 'From a parent company to a subsidiary, say, and back by the same call the other way. Taken in burn order; each part keeps its kind, its end and its cost. Send an Idempotency-Key, so that a repeated call moves once.',
    access: [], params: customerParam, query: nothing,
    body: z.strictObject({ to: id('cus', 'Who gets it.'), amount: decimal('Credit.', '25'), asset: asset.optional().meta({ description: 'Of which wallet; left out, what the plan is priced in.' }), features: creditFeatures.default([]).meta({ description: 'Moves credit for exactly these features, which stays so; left out, credit for all.' }), reason: why }),
    status: 201,
    answer: z.strictObject({
      id: id('mov', 'Id of the move; the ledgers of both name it.'), asset, amount: decimal('What was moved.', '25'),
      blocks: z.array(z.strictObject({ from: id('blk', 'Block that it came out of.'), to: id('blk', 'Block that it went into.'), amount: decimal('Credit.', '25') })),
    }),
    problems: ['not_found', 'customer_not_found', 'not_enough_credit', 'credits_in_use', 'out_of_range'],
  }),
  getWalletNotices: route({
    method: 'GET', path: '/v1/customers/{customer}/wallets/{asset}/notices', tag: 'money', summary: 'Get the notices of a wallet', description: '',
    access: ['customer'], params: walletParam, query: nothing, body: null, status: 200, answer: notices, problems: ['not_found'],
  }),
  putWalletNotices: route({
    method: 'PUT', path: '/v1/customers/{customer}/wallets/{asset}/notices', tag: 'money', summary: 'Set the notices of a wallet',
    description: 'A tenant sets its own, the operator the operator’s; neither undoes the other’s.',
    access: ['tenant_admin'], params: walletParam, query: nothing, body: noticeTerms, status: 200, answer: notices, problems: ['not_found', 'out_of_range', 'invalid_decimal', 'too_many_digits'],
  }),
  listNoticeDefaults: route({
    method: 'GET', path: '/v1/wallet-notices', tag: 'money', summary: 'List notices of all wallets', description: 'By asset, where the operator set nothing for a wallet itself.',
    access: [], params: nothing, query: nothing, body: null, status: 200, answer: z.strictObject({ data: z.array(noticeDefault) }), problems: [],
  }),
  putNoticeDefault: route({
    method: 'PUT', path: '/v1/wallet-notices/{asset}', tag: 'money', summary: 'Set notices of all wallets of an asset', description: 'For wallets for which the operator sets nothing else.',
    access: [], params: z.strictObject({ asset }), query: nothing, body: noticeTerms, status: 200, answer: noticeDefault, problems: ['out_of_range', 'invalid_decimal', 'too_many_digits'],
  }),
  quoteCredits: route({
    method: 'GET', path: '/v1/customers/{customer}/credit-quote', tag: 'money', summary: 'Quote credits', description: 'What so many credits cost the customer now, with bonus and tax. Changes nothing.',
    access: ['customer'], params: customerParam,
    query: z.strictObject({ amount: decimal('Credits to buy.', '100'), asset: asset.optional().meta({ description: 'What to buy; left out, what the plan is priced in.' }) }),
    body: null, status: 200,
    answer: payment.pick({ asset: true, credits: true, bonus: true, net: true, tax: true, amount: true, currency: true, taxes: true }).meta({ id: 'CreditQuote' }),
    problems: ['not_found', 'credits_not_sold', 'out_of_range'],
  }),
  openTopUp: route({
    method: 'POST', path: '/v1/customers/{customer}/top-ups', tag: 'money', summary: 'Open a page to buy credits', description: 'A page of the provider. The credits are granted when its payment succeeds, once, whoever tells of it.',
    access: ['tenant_admin'], params: customerParam, query: nothing,
    body: z.strictObject({
      amount: decimal('Credits to buy.', '100'),
      asset: asset.optional().meta({ description: 'What to buy; left out, what the plan is priced in.' }),
      provider: choice(['stripe'], 'Whose page.').default('stripe'),
      keeps_card: z.boolean().default(true).meta({ description: 'The card may be charged later, by the rule of the wallet.' }),
      success_url: url('Where the customer goes after it.', 'https://example.com/thanks'),
      cancel_url: url('Where the customer goes without it.', 'https://example.com/credits'),
    }),
    status: 201, answer: z.strictObject({ payment, url: z.string().meta({ description: 'Where to send the customer.' }) }), problems: ['not_found', 'credits_not_sold', 'out_of_range', 'provider_not_set', 'provider_failed'],
  }),
  listPayments: route({
    method: 'GET', path: '/v1/customers/{customer}/payments', tag: 'money', summary: 'List purchases of credits', description: 'Newest first.',
    access: ['customer'], params: customerParam, query: z.strictObject({ limit, cursor }), body: null, status: 200, answer: listOf(payment), problems: ['not_found', 'invalid_cursor'],
  }),
  getRefundNote: route({
    method: 'GET', path: '/v1/customers/{customer}/refunds/{refund}/credit-note', tag: 'money', summary: 'Get the credit note of a refund', description: 'What the refund took back of the invoice of its purchase. Add `/pdf` or `/html` for the printed form.',
    access: ['customer'], params: customerParam.extend({ refund: id('rfd', 'Id of the refund.') }), query: nothing, body: null, status: 200, answer: printedInvoice, problems: ['not_found'],
  }),
  getPaymentInvoice: route({
    method: 'GET', path: '/v1/customers/{customer}/payments/{payment}/invoice', tag: 'money', summary: 'Get the invoice of a purchase', description: 'Written when the money came, in a series of its own. Add `/pdf` or `/html` to the address for the printed form.',
    access: ['customer'], params: paymentParam, query: nothing, body: null, status: 200, answer: printedInvoice, problems: ['not_found'],
  }),
  confirmPayment: route({
    method: 'POST', path: '/v1/customers/{customer}/payments/{payment}/confirm', tag: 'money', summary: 'Confirm a payment',
    description: 'The word of your own payment code on a payment that it was asked for. Repeating it changes nothing: the credits are granted once, by the id of the payment.',
    access: [], params: paymentParam, query: nothing,
    body: z.strictObject({
      outcome: choice(['succeeded', 'failed'], 'What became of it.'),
      reference: text('Your id of it.', 'tx_81').nullable().default(null),
      reason: text('Why it failed; told to the customer.', 'card declined').nullable().default(null),
    }),
    status: 200, answer: payment, problems: ['not_found', 'payment_ended', 'already_exists'],
  }),
  listRecharges: route({
    method: 'GET', path: '/v1/customers/{customer}/recharges', tag: 'money', summary: 'List recharge rules', description: 'One for each wallet that fills itself.',
    access: ['customer'], params: customerParam, query: nothing, body: null, status: 200, answer: z.strictObject({ data: z.array(rule) }), problems: ['not_found'],
  }),
  putRecharge: route({
    method: 'PUT', path: '/v1/customers/{customer}/recharges/{asset}', tag: 'money', summary: 'Let a wallet fill itself',
    description: 'Credits are bought when the balance falls to the threshold: one purchase at a time, within the bounds. The rule of a wallet that had stopped begins anew.',
    access: ['tenant_admin'], params: walletParam, query: nothing,
    body: z.strictObject({
      threshold: ruleFields.threshold, amount: ruleFields.amount.default(null), target: ruleFields.target.default(null), month_max: ruleFields.month_max.default(null),
      cooldown_seconds: ruleFields.cooldown_seconds.default(300), method,
    }),
    status: 200, answer: rule, problems: ['not_found', 'credits_not_sold', 'out_of_range', 'required', 'provider_not_set'],
  }),
  deleteRecharge: route({
    method: 'DELETE', path: '/v1/customers/{customer}/recharges/{asset}', tag: 'money', summary: 'Remove a recharge rule', description: 'A purchase that is under way goes on.',
    access: ['tenant_admin'], params: walletParam, query: nothing, body: null, status: 200, answer: z.strictObject({ removed: z.boolean() }), problems: ['not_found'],
  }),
} as const
