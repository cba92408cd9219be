// Credits, balance, ledger and invoice preview.

import { formatQuantity, formatUnits, parseUnits, units, type InvoiceLine } from '@tollgate/core'
import { topUp } from '../../app/credits.ts'
import { checkpointsPage, publicKeys } from '../../app/ledger/checkpoints.ts'
import { accounts, transfersPage } from '../../app/records.ts'
import { balanceReport, checkSums, invoicePreview } from '../../app/reports.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { moneyRoutes } from '../contract/money.ts'
import { readSequence, writeCursor } from '../cursor.ts'
import { documentBody } from './invoices.ts'
import type { Handlers } from '../handler.ts'

export const moneyHandlers: Handlers<keyof typeof moneyRoutes> = {
  addCredits: async ({ plane, caller, params, body, idText }) => {
    const added = await topUp(plane, caller.actor, params.customer, {
      amount: body.amount,
      ...(body.currency === undefined ? {} : { asset: body.currency }),
      category: body.category,
      priority: body.priority,
      expiresAt: body.expires_at ?? null,
      effectiveAt: body.effective_at ?? null,
      cost: body.cost ?? null,
      reference: body.reference ?? null,
      features: body.features ?? [],
      block: `blk_${idText()}`,
    })
    const { balance } = await balanceReport(plane, params.customer)
    return {
      block_id: added.block,
      amount: formatUnits(added.amount, added.asset),
      currency: added.asset,
      repaid: formatUnits(added.repaid, added.asset),
      balance,
    }
  },
  getBalance: async ({ plane, params }) => {
    const report = await balanceReport(plane, params.customer)
    return {
      customer: params.customer,
      currency: report.currency,
      balance: report.balance,
      debt: report.debt,
      leased: report.leased,
      burn_order: [...report.burn_order],
      wallets: report.wallets.map((wallet) => ({ ...wallet, by_feature: wallet.by_feature.map((part) => ({ ...part, features: [...part.features] })) })),
      blocks: report.blocks.map((block) => ({
        ...block,
        features: [...block.features],
        effective_at: timeOf(block.effective_at),
        voided_at: timeOrNull(block.voided_at),
        category: block.category as 'paid' | 'promotional',
        expires_at: timeOrNull(block.expires_at),
        created_at: timeOf(block.created_at),
      })),
      budgets: report.budgets.map((budget) => ({
        ...budget,
        period: budget.period === null ? null : { start: timeOf(budget.period.start), end: timeOf(budget.period.end) },
      })),
      as_of: timeOf(report.as_of),
    }
  },
  listTransfers: async ({ plane, params, query }) => {
    const page = await transfersPage(plane, params.customer, {
      after: readSequence('transfers', query.cursor),
      limit: query.limit,
      account: query.account ?? null,
    })
    const data = page.rows.map((row) => ({
      id: row.id,
      debit: row.debit,
      credit: row.credit,
      amount: formatUnits(parseUnits(row.amount, row.asset), row.asset),
      currency: row.asset,
      cause: row.cause,
      cause_id: row.causeId,
      period_start: timeOrNull(row.periodStart),
      posted_at: timeOf(row.postedAt),
      position: row.position === null ? null : Number(row.position),
      evidence: row.evidence,
      hash: row.hash,
    }))
    return { data, next_cursor: writeCursor('transfers', page.next) }
  },
  listAccounts: async ({ plane, params, query }) => {
    const text = (amount: bigint, asset: string) => formatUnits(units(amount), asset)
    const data = (await accounts(plane, params.customer, query.at ?? null)).map(({ account, asset, debits, credits, balance }) => ({
      account,
      currency: asset,
      debits: text(debits, asset),
      credits: text(credits, asset),
      balance: text(balance, asset),
    }))
    return { data, next_cursor: null }
  },
  listCheckpoints: async ({ plane, params, query }) => {
    const page = await checkpointsPage(plane, params.customer, { after: readSequence('checkpoints', query.cursor), limit: query.limit })
    const data = page.rows.map(({ position, hash, at, key, signature }) => ({ position: Number(position), hash, at: timeOf(at), key, signature }))
    return { data, next_cursor: writeCursor('checkpoints', page.next) }
  },
  listSigningKeys: async ({ plane }) => {
    const data = (await publicKeys(plane)).map(({ id, algorithm, publicKey, createdAt }) => ({ id, algorithm, public_key: publicKey, created_at: timeOf(createdAt) }))
    return { data, next_cursor: null }
  },
  previewInvoice: async ({ plane, params }) => {
    const { preview, context, paid, invoice, commitment } = await invoicePreview(plane, params.customer)
    const { currency } = preview
    const { period } = context.snapshot
    const amount = (exact: bigint) => formatUnits(units(exact), currency)
    const lineBody = (line: InvoiceLine, asset: string) => ({
      kind: line.kind,
      price: line.price,
      entry: line.entry === '' ? null : line.entry,
      name: line.name,
      quantity: formatQuantity(line.quantity, line.scale),
      included: formatQuantity(line.included, line.scale),
      billable: formatQuantity(line.billable, line.scale),
      events: line.events,
      opening: formatUnits(line.opening, asset),
      exact: formatUnits(line.exact, asset),
      amount: formatUnits(line.amount, asset),
      events_url: line.kind === 'usage' ? eventsUrl(params.customer, line.price, period) : null,
    })
    const own = paid.find(({ asset }) => asset === currency)
    return {
      customer: params.customer,
      currency,
      plan: context.plan.id,
      period: { start: timeOf(period.start), end: timeOf(period.end) },
      lines: preview.lines.map((line) => lineBody(line, currency)),
      credits: preview.credits.map(({ asset, lines, used, paid: by }) => ({
        asset,
        lines: lines.map((line) => lineBody(line, asset)),
        used: formatUnits(used, asset),
        paid: { drawn: formatUnits(by.drawn, asset), included: formatUnits(by.included, asset), accrued: formatUnits(by.accrued, asset), debt: formatUnits(by.debt, asset) },
      })),
      commitment: commitment === null ? null : {
        counted: amount(commitment.counted),
        minimum: commitment.minimum === null ? null : amount(commitment.minimum),
        maximum: commitment.maximum === null ? null : amount(commitment.maximum),
        window: { start: timeOf(commitment.window.start), end: timeOf(commitment.window.end) },
      },
      subtotal: amount(preview.subtotal),
      credits_applied: amount([invoice.included, invoice.promotional, invoice.prepaid].reduce((sum, text) => sum + parseUnits(text, currency), 0n)),
      invoice: documentBody(invoice),
      amount_due: invoice.amountDue,
      paid: { drawn: amount(own?.drawn ?? 0n), included: amount(own?.included ?? 0n), accrued: amount(own?.accrued ?? 0n), debt: amount(own?.debt ?? 0n) },
      as_of: timeOf(plane.clock.now()),
    }
  },
  checkSums: async ({ plane, params }) => {
    const {
      agrees,
      differences,
      sums: { events, ...sums },
    } = await checkSums(plane, params.customer)
    return {
      agrees,
      differences: [...differences],
      events: Number(events),
      sums: Object.fromEntries(Object.entries(sums).map(([name, text]) => [snakeCase(name), text])),
    }
  },
}

/** Events of a line: those of the period that its price charged. */
function eventsUrl(customer: string, price: string, period: { readonly start: number; readonly end: number }): string {
  return `/v1/customers/${customer}/events?${new URLSearchParams({ price, from: timeOf(period.start), to: timeOf(period.end) }).toString()}`
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
