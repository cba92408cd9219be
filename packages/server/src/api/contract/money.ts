// Routes on money: credits, balance, ledger, invoice preview and the check that all of it agrees.

import { BURN_CRITERIA, BURN_ORDER_DEFAULT } from '@tollgate/core'
import * as z from 'zod'
import { choice, creditFeatures, currency, cursor, customerParam, decimal, id, instantIn, limit, listOf, nothing, period, text, time, word } from './fields.ts'
import { printedInvoice } from './invoices.ts'
import { route } from './route.ts'

const category = choice(['paid', 'promotional'], '`paid` was bought, `promotional` was given.')
const block = z
  .strictObject({
    id: id('blk', 'Id of the block; draws and transfers name it.'),
    asset: text('What it holds: a currency, or a credit asset.', 'USD'),
    category,
    granted: decimal('What it began with.', '50'),
    remaining: decimal('What is left.', '12.25'),
    effective_at: time('Since when it can be used.'),
    expires_at: time('When the rest expires; null for never.').nullable(),
    created_at: time('When it was added.'),
    taken: decimal('Of what it began with, refunded or moved away.', '0'),
    voided_at: time('When it was voided; null for never.').nullable(),
    reference: z.string().nullable().meta({ description: 'The payment or campaign behind it.', examples: ['pay_01'] }),
    features: creditFeatures,
    cost: z.strictObject({ amount: z.string(), currency: z.string() }).nullable().meta({ description: 'What it was bought for, without tax; null where it was given or that is not known.' }),
  })
  .meta({ id: 'CreditBlock', description: 'An amount of credit with its own expiry.' })

const account = text('An account of the ledger, such as `wallet:blk_…`, `accrued_usage` or `usage_revenue`.', 'usage_revenue')
const transfer = z
  .strictObject({
    id: id('trf', 'Id of the transfer.'),
    debit: account,
    credit: account,
    amount: decimal('Always above zero.', '0.0042'),
    currency,
    cause: text('What made it: `usage`, `top_up`, `expiry`, `invoice`, `payment`, `credit_note`, `recognition` and others.', 'usage'),
    cause_id: text('The settlement batch, credit block, invoice or credit note.', 'bat_12'),
    period_start: time('Billing period that it belongs to; null outside usage.').nullable(),
    posted_at: time('When it was posted. Posted transfers never change.'),
    position: z.int().nullable().meta({ description: 'Counts the transfers of the customer from 1; null for what was posted before there was a chain.', examples: [42] }),
    evidence: z.string().nullable().meta({ description: 'SHA-256 over the events behind it, hexadecimal; null where there are none.' }),
    hash: z.string().nullable().meta({ description: 'SHA-256 over this transfer and the hash before it, hexadecimal.' }),
  })
  .meta({ id: 'Transfer', description: 'One movement from one account to another.' })

const line = z
  .strictObject({
    kind: choice(['fee', 'usage', 'credits', 'discount', 'commitment', 'coupon'], 'What is due for time, what usage cost, or credits that were used beyond the wallet; then what the contract takes off or asks for, and coupons.'),
    price: word('Id of the fee or price in the catalog, which events carry in their charges; of the credit asset for `credits`.', 'input_tokens'),
    entry: z.string().nullable().meta({ description: 'Entry of a price by dimensions; null for any other.', examples: ['gpt-5'] }),
    name: text('Text of the line.', 'Input tokens'),
    quantity: decimal('Used in the period.', '250000'),
    included: decimal('Of it paid by an allowance.', '200000'),
    billable: decimal('Of it charged.', '50000'),
    events: z.int().meta({ description: 'Events behind it.', examples: [120] }),
    opening: decimal('Part of `exact` that is due without usage: the first tier’s flat fee.', '0'),
    exact: decimal('The exact sum: the charges of its events plus `opening`.', '0.75'),
    amount: decimal('As printed: `exact` rounded half away from zero.', '0.75'),
    events_url: z
      .string()
      .nullable()
      .meta({ description: 'The events of this line; null for a fee.', examples: ['/v1/customers/cus_acme/events?price=input_tokens'] }),
  })
  .meta({ id: 'InvoiceLine', description: 'One line of an invoice, which leads to its events.' })

export const moneyRoutes = {
  addCredits: route({
    method: 'POST',
    path: '/v1/customers/{customer}/credits',
    tag: 'money',
    summary: 'Add credits',
    description:
      'Makes a credit block. A debt is repaid first. Every reachable gateway lets the next request pass when it answers. Send an Idempotency-Key, so that a repeated call adds nothing twice.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({
      amount: decimal('Above zero.', '50'),
      currency: text('What is added: a currency, or the id of a credit asset. Left out, what the customer’s plan is priced in.', 'USD', 64).optional(),
      category: category.default('paid'),
      priority: z
        .int()
        .min(0)
        .max(1_000)
        .meta({ description: 'Blocks of a lower number are used first.', examples: [100] })
        .default(100),
      effective_at: instantIn('From when it can be used; now unless stated. It joins the balance then.', '2026-12-01T00:00:00Z').nullable().optional(),
      expires_at: instantIn('When the rest expires; never unless stated.', '2027-01-01T00:00:00Z').nullable().optional(),
      reference: text('The payment or campaign behind it.', 'pi_3PabcXyz').nullable().optional(),
      features: creditFeatures.optional(),
      cost: z.strictObject({ amount: decimal('Without tax.', '50'), currency: text('ISO 4217.', 'USD', 3) }).nullable().optional().meta({ description: 'What it was bought for: its cost basis, which a refund gives back in proportion. For `paid` only; a currency’s own wallet is worth its amount unless stated.' }),
    }),
    status: 201,
    answer: z.strictObject({
      block_id: id('blk', 'Id of the new block.'),
      amount: decimal('What was added.', '50'),
      currency,
      repaid: decimal('Of it used to repay a debt at once.', '0'),
      balance: decimal('Balance now.', '62.25'),
    }),
    problems: ['not_found', 'out_of_range', 'unknown_asset', 'unknown_feature', 'invalid_decimal', 'too_many_digits', 'idempotency_conflict', 'idempotency_running'],
  }),
  getBalance: route({
    method: 'GET',
    path: '/v1/customers/{customer}/balance',
    tag: 'money',
    summary: 'Get the balance',
    description: 'The wallet and its blocks, and the allowances and limits of the running periods.',
    access: ['customer'],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: z
      .strictObject({
        customer: id('cus', 'The customer.'),
        currency,
        balance: decimal('What the wallet can pay for anything: open blocks minus debt. Credit for some features stands under `wallets`.', '62.25'),
        debt: decimal('Usage that no credit could pay, repaid by the next top-up.', '0'),
        leased: decimal('Part of the balance that gateways hold ready; it can be spent there.', '1.5'),
        wallets: z
          .array(
            z.strictObject({
              asset: text('What it holds.', 'USD'),
              name: text('Shown to people.', 'Compute credits'),
              balance: decimal('Open blocks minus debt.', '62.25'),
              debt: decimal('Owed by it.', '0'),
              leased: decimal('Held ready by gateways.', '1.5'),
              pays: z.boolean().meta({ description: 'Whether the usage of the plan is paid from it; others wait for a plan of their asset.' }),
              by_feature: z
                .array(z.strictObject({ features: creditFeatures, balance: decimal('Left in its open blocks.', '20'), leased: decimal('Held ready by gateways.', '0.5') }))
                .meta({ description: 'Credit that pays for some features only: it is no part of `balance`, and is used before it. What pays for least comes first.' }),
            }),
          )
          .meta({ description: 'Every wallet, the plan’s first: credit of any asset.' }),
        burn_order: z.array(z.enum(BURN_CRITERIA)).meta({ description: 'By what the blocks of a wallet burn: the first that tells two apart decides.', examples: [[...BURN_ORDER_DEFAULT]] }),
        blocks: z.array(block),
        budgets: z.array(
          z.strictObject({
            id: text('Id of the budget.', 'allowance:tokens'),
            name: text('Shown to people.', 'Included tokens'),
            unit: text('What it counts: a currency, or what its meters count.', 'token'),
            limit: decimal('All of the period.', '500000'),
            used: decimal('Used.', '12000'),
            remaining: decimal('Left.', '488000'),
            leased: decimal('Of it held ready by gateways.', '1000'),
            period: period.nullable(),
          }),
        ),
        as_of: time('When it was read; of a customer on a test clock, its time.'),
      })
      .meta({ id: 'Balance' }),
    problems: ['not_found'],
  }),
  listTransfers: route({
    method: 'GET',
    path: '/v1/customers/{customer}/ledger',
    tag: 'money',
    summary: 'List ledger transfers',
    description: 'In the order in which they were posted.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({ account: account.optional(), limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(transfer),
    problems: ['not_found', 'invalid_cursor'],
  }),
  listAccounts: route({
    method: 'GET',
    path: '/v1/customers/{customer}/ledger/accounts',
    tag: 'money',
    summary: 'List account balances',
    description: 'Credits minus debits of each account; over an asset they sum to zero.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({ at: instantIn('Of what was posted before this time; of everything unless stated.').optional() }),
    body: null,
    status: 200,
    answer: listOf(
      z
        .strictObject({
          account,
          currency,
          debits: decimal('Sum of its debits.', '12'),
          credits: decimal('Sum of its credits.', '50'),
          balance: decimal('Credits minus debits.', '38'),
        })
        .meta({ id: 'Account' }),
    ),
    problems: ['not_found'],
  }),
  listCheckpoints: route({
    method: 'GET',
    path: '/v1/customers/{customer}/ledger/checkpoints',
    tag: 'money',
    summary: 'List signed checkpoints',
    description: 'Each signs the chain of the customer’s transfers up to a position. `tollgate verify` checks them; the text that is signed is described in the guide on verifying.',
    access: ['customer'],
    params: customerParam,
    query: z.strictObject({ limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(
      z
        .strictObject({
          position: z.int().meta({ description: 'Last transfer that it covers.', examples: [42] }),
          hash: z.string().meta({ description: 'Hash of the chain at that position, hexadecimal.' }),
          at: time('When it was signed.'),
          key: text('Key that signed it.', 'sgk_01'),
          signature: z.string().meta({ description: 'Ed25519, base64url.' }),
        })
        .meta({ id: 'Checkpoint' }),
    ),
    problems: ['not_found', 'invalid_cursor'],
  }),
  listSigningKeys: route({
    method: 'GET',
    path: '/v1/ledger/keys',
    tag: 'money',
    summary: 'List the keys that verify checkpoints',
    description: 'Newest first. Keep a copy: a checkpoint that verifies with a key you fetched earlier cannot have been signed anew.',
    access: ['customer'],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: listOf(
      z
        .strictObject({
          id: text('Id of the key.', 'sgk_01'),
          algorithm: z.literal('Ed25519'),
          public_key: z.string().meta({ description: 'SubjectPublicKeyInfo, DER, base64.' }),
          created_at: time('When it was made.'),
        })
        .meta({ id: 'SigningKey' }),
    ),
    problems: [],
  }),
  previewInvoice: route({
    method: 'GET',
    path: '/v1/customers/{customer}/invoices/preview',
    tag: 'money',
    summary: 'Preview the invoice',
    description: 'What the invoice of the running period would say now. Each usage line leads to the events whose charges it sums.',
    access: ['customer'],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: z
      .strictObject({
        customer: id('cus', 'The customer.'),
        currency,
        plan: word('Plan of the period.', 'hybrid'),
        period,
        lines: z.array(line),
        credits: z
          .array(
            z.strictObject({
              asset: z.string().meta({ description: 'The credit asset that the amounts of its lines are in.', examples: ['credits'] }),
              lines: z.array(line),
              used: decimal('Used in the period.', '1250.5'),
              paid: z.strictObject({ drawn: decimal('Paid by the wallet.', '1000'), included: decimal('Included in the plan.', '0'), accrued: decimal('Left to this invoice.', '250.5'), debt: decimal('Owed by the wallet.', '0') }),
            }),
          )
          .meta({ description: 'Usage that is priced in credits: what was used, and who paid.' }),
        commitment: z
          .strictObject({
            counted: decimal('What counts in the window so far.', '8200'),
            minimum: decimal('At least this is due in the window.', '12000').nullable(),
            maximum: decimal('No more than this is due in the window.', '50000').nullable(),
            window: period,
          })
          .nullable()
          .meta({ description: 'Where the commitment of the contract stands; null without one.' }),
        subtotal: decimal('Sum of the lines as printed.', '49.75'),
        credits_applied: decimal('What pays part of it, as `invoice` prints it: included, promotional and prepaid credit together.', '0'),
        invoice: printedInvoice.meta({ description: 'The invoice that closing the period now would write: with tax, late usage and items, less what was invoiced already.' }),
        amount_due: decimal('What that invoice asks for.', '49.75'),
        paid: z
          .strictObject({
            drawn: decimal('Paid by wallets so far, exact.', '0'),
            included: decimal('Included in the plan as an amount, exact.', '0'),
            accrued: decimal('Left to this invoice, exact.', '0.75'),
            debt: decimal('Owed by the wallet, exact.', '0'),
          })
          .meta({ description: 'Who has paid the usage so far.' }),
        as_of: time('When it was read.'),
      })
      .meta({ id: 'InvoicePreview' }),
    problems: ['not_found'],
  }),
  checkSums: route({
    method: 'GET',
    path: '/v1/customers/{customer}/checks/sums',
    tag: 'money',
    summary: 'Check that the books agree',
    description: 'Sums charges, totals, rollups, ledger, blocks and budgets, each from its own table, and compares them exactly.',
    access: [],
    params: customerParam,
    query: nothing,
    body: null,
    status: 200,
    answer: z.strictObject({
      agrees: z.boolean().meta({ description: 'True when nothing differs.' }),
      differences: z.array(z.string()).meta({ description: 'Each names both sides.' }),
      events: z.int().meta({ description: 'Events of the customer.', examples: [120] }),
      sums: z.record(z.string(), z.string()).meta({ description: 'Each figure as decimal text.' }),
    }),
    problems: ['not_found'],
  }),
} as const
