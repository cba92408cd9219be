// Routes on what a customer agreed beyond its plan: its contract and its coupons.

import * as z from 'zod'
import { cursor, currency, customerParam, decimal, id, instantIn, limit, listOf, nothing, text, time, word } from './fields.ts'
import { route } from './route.ts'

const SOURCE_LENGTH_MAX = 256 * 1024
const PERIODS_MAX = 1_200
const REDEMPTIONS_MAX = 1_000_000_000
const PLANS_MAX = 100

const source = z.string().min(1).max(SOURCE_LENGTH_MAX).meta({ description: 'The contract as YAML or JSON.', examples: ['name: Acme 2027\nfrom: 2027-01-01\ndiscounts:\n  - { id: partner, percent: 15 }\n'] })
const version = z.int().min(0).meta({ description: 'Version of the contract; 0 before the first.', examples: [2] })
const problem = z.strictObject({ path: z.string(), code: z.string(), message: z.string() })

const contract = z
  .strictObject({
    customer: id('cus', 'The customer.'),
    version,
    document: z.record(z.string(), z.unknown()).nullable().meta({ description: 'The contract in force; null where there is none.' }),
    history: z.array(z.strictObject({ version, applied_at: time('When it was applied.'), applied_by: z.string(), name: z.string().nullable().meta({ description: 'Null for a version that ended it.' }) })).meta({ description: 'Newest first.' }),
  })
  .meta({ id: 'Contract', description: 'What one customer agreed beyond its plan.' })

const code = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{1,39}$/, 'must be 2 to 40 letters, digits, _ and -')
  .meta({ description: 'What customers type; capitals or not is the same.', examples: ['LAUNCH20'] })

const couponFields = {
  name: text('Text of the invoice line.', 'Launch offer'),
  percent: decimal('Percent off the invoice; either this or `amount`.', '20').nullable(),
  amount: decimal('Amount off the invoice.', '50').nullable(),
  currency: currency.nullable().meta({ description: 'Of `amount`; that of the catalog unless stated.' }),
  periods: z.int().min(1).max(PERIODS_MAX).nullable().meta({ description: 'Billing periods that it holds for; null for all.', examples: [3] }),
  redemptions_max: z.int().min(1).max(REDEMPTIONS_MAX).nullable().meta({ description: 'Redemptions by all customers together; null for no limit.', examples: [100] }),
  plans: z.array(word('A plan.', 'pro')).min(1).max(PLANS_MAX).nullable().meta({ description: 'Plans that it is for; null for all.' }),
}
const coupon = z
  .strictObject({
    code, ...couponFields,
    expires_at: time('It can be redeemed before this time; null for ever.').nullable(),
    redemptions: z.int().meta({ description: 'How often it was redeemed.' }),
    created_at: time('When it was made.'),
    ended_at: time('Since when nobody can redeem it; null while it can be.').nullable(),
  })
  .meta({ id: 'Coupon', description: 'Something off invoices, within limits.' })
const redemption = z.strictObject({ code, name: couponFields.name, percent: couponFields.percent, amount: couponFields.amount, currency: couponFields.currency, periods: couponFields.periods, redeemed_at: time('When.'), from: time('Begin of the first billing period in which it counts.') }).meta({ id: 'CouponRedemption' })
const couponParam = z.strictObject({ code })

export const contractRoutes = {
  getContract: route({
    method: 'GET', path: '/v1/customers/{customer}/contract', tag: 'money', summary: 'Get the contract', description: 'The contract in force, and all versions.',
    access: [], params: customerParam, query: nothing, body: null, status: 200, answer: contract, problems: ['not_found'],
  }),
  checkContract: route({
    method: 'POST', path: '/v1/customers/{customer}/contract/check', tag: 'money', summary: 'Check a contract', description: 'Changes nothing. Lists everything that keeps it from being applied to this customer.',
    access: [], params: customerParam, query: nothing, body: z.strictObject({ source }), status: 200,
    answer: z.strictObject({ base_version: version, problems: z.array(problem).meta({ description: 'None where it may be applied.' }), document: z.record(z.string(), z.unknown()) }), problems: ['not_found', 'invalid_contract'],
  }),
  putContract: route({
    method: 'PUT', path: '/v1/customers/{customer}/contract', tag: 'money', summary: 'Apply a contract',
    description: 'Every reachable gateway decides by it when it answers; usage that was charged keeps its charge. A contract that is in force already changes nothing.',
    access: [], params: customerParam, query: nothing,
    body: z.strictObject({ source, base_version: version.optional().meta({ description: 'Version that it was looked at on: another one in force is a conflict.' }) }),
    status: 200, answer: z.strictObject({ version, changed: z.boolean().meta({ description: 'False when it was in force already.' }) }), problems: ['not_found', 'invalid_contract', 'contract_conflict'],
  }),
  endContract: route({
    method: 'DELETE', path: '/v1/customers/{customer}/contract', tag: 'money', summary: 'End the contract', description: 'Its terms end at once. What was charged under them stays charged.',
    access: [], params: customerParam, query: nothing, body: null, status: 200, answer: z.strictObject({ version, changed: z.boolean() }), problems: ['not_found'],
  }),
  createCoupon: route({
    method: 'POST', path: '/v1/coupons', tag: 'money', summary: 'Create a coupon', description: '',
    access: [], params: nothing, query: nothing,
    body: z.strictObject({
      code, name: couponFields.name, percent: couponFields.percent.optional(), amount: couponFields.amount.optional(), currency: couponFields.currency.optional(), periods: couponFields.periods.optional(),
      redemptions_max: couponFields.redemptions_max.optional(), plans: couponFields.plans.optional(), expires_at: instantIn('It can be redeemed before this time; for ever unless stated.').nullable().optional(),
    }),
    status: 201, answer: coupon, problems: ['already_exists', 'unknown_plan'],
  }),
  listCoupons: route({
    method: 'GET', path: '/v1/coupons', tag: 'money', summary: 'List coupons', description: 'In the order of their codes.',
    access: [], params: nothing, query: z.strictObject({ limit, cursor }), body: null, status: 200, answer: listOf(coupon), problems: ['invalid_cursor'],
  }),
  endCoupon: route({
    method: 'DELETE', path: '/v1/coupons/{code}', tag: 'money', summary: 'End a coupon', description: 'Nobody can redeem it any more. Customers who have it keep it.',
    access: [], params: couponParam, query: nothing, body: null, status: 200, answer: coupon, problems: ['not_found'],
  }),
  redeemCoupon: route({
    method: 'POST', path: '/v1/customers/{customer}/coupons', tag: 'money', summary: 'Redeem a coupon', description: 'It counts from the running billing period. The same coupon twice is one redemption.',
    access: ['tenant_admin'], params: customerParam, query: nothing, body: z.strictObject({ code }), status: 200, answer: redemption, problems: ['not_found', 'coupon_refused'],
  }),
  listRedemptions: route({
    method: 'GET', path: '/v1/customers/{customer}/coupons', tag: 'money', summary: 'List redeemed coupons', description: 'In the order in which they are applied.',
    access: ['customer'], params: customerParam, query: nothing, body: null, status: 200, answer: z.strictObject({ data: z.array(redemption) }), problems: ['not_found'],
  }),
} as const
