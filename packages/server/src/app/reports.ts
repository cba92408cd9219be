// What customers and operators read: balance, entitlements, usage, invoice preview, and the check that all of it agrees.
// Every figure is computed from stored facts by core; nothing is computed twice in two ways.

import { compareWallets, formatDecimal, formatUnits, parseUnits, units, walletId, wholeBurnOrder, ZERO, type AssetPayment, type BurnOrder, type InvoiceDocument, type InvoicePreview, type WalletKind } from '@tollgate/core'
import { walletBudget } from '@tollgate/core/resolve'
import { listBudgets } from '../store/budgets.ts'
import { assetsOf, readFeatureWallets, readSums, type FeatureWalletSums, type Sums } from '../store/reports.ts'
import { listBlocks } from '../store/credits.ts'
import { readDebts } from '../store/settlement.ts'
import type { ControlPlane } from './control-plane.ts'
import { budgetScale, budgetsOf, burnOrderOf, limitOf, type CustomerContext } from './customer-contexts.ts'
import { nowOf } from './customer-time.ts'
import { contextOf } from './customers.ts'
import { openRunning } from './open-budgets.ts'
import { commitmentProgress, type CommitmentProgress } from './contracts/close-context.ts'
import { compose, documentOf, unitOf } from './invoices/compose.ts'
import { billingOf } from './invoices/run.ts'

export type BalanceReport = {
  readonly currency: string
  /** What the wallet that pays for everything can pay: open blocks minus debt. */
  readonly balance: string
  readonly debt: string
  /** By what the blocks of a wallet burn, the first that tells two apart. */
  readonly burn_order: BurnOrder
  /** The customer's own time. */
  readonly as_of: number
  /** Part of the balance that is lent to nodes; it is spendable there. */
  readonly leased: string
  /** Every wallet that holds or owes something or ever did, the plan's first. */
  readonly wallets: readonly {
    readonly asset: string; readonly name: string; readonly balance: string; readonly debt: string; readonly leased: string
    /** Whether the plan's usage is paid from it. */
    readonly pays: boolean
    /** Credit of the asset that pays for some features only, beside the balance, in the order in which it is asked. */
    readonly by_feature: readonly { readonly features: readonly string[]; readonly balance: string; readonly leased: string }[]
  }[]
  readonly blocks: readonly { readonly id: string; readonly asset: string; readonly category: string; readonly granted: string; readonly remaining: string; readonly effective_at: number; readonly expires_at: number | null; readonly created_at: number; readonly reference: string | null; readonly cost: { readonly amount: string; readonly currency: string } | null; readonly taken: string; readonly features: readonly string[]; readonly voided_at: number | null }[]
  /** Allowances and limits of the running periods, in their own units. */
  readonly budgets: readonly { readonly id: string; readonly name: string; readonly unit: string; readonly limit: string; readonly used: string; readonly remaining: string; readonly leased: string; readonly period: { readonly start: number; readonly end: number } | null }[]
}

export async function balanceReport(plane: ControlPlane, customer: string): Promise<BalanceReport> {
  const context = await contextOf(plane, customer)
  const { currency } = context.snapshot
  await openRunning(plane, context)
  const blocks = await listBlocks(plane.sql, customer)
  const debts = await readDebts(plane.sql, [customer])
  const assets = [...new Set([currency, ...blocks.map(({ asset }) => asset), ...debts.map(({ asset }) => asset)])]
  const states = await listBudgets(plane.sql, customer, nowOf(plane, context.facts), [...budgetsOf(context.snapshot).map(({ id }) => id), ...assets.map((asset) => walletBudget(asset).id), ...blocks.map(walletId)])
  const leasedOf = (wallet: WalletKind) => plain(states.find(({ budget }) => budget === walletId(wallet))?.escrow ?? '0')
  const holds = (wallet: WalletKind) => units(blocks.reduce((sum, block) => (block.isOnWallet && walletId(block) === walletId(wallet) ? sum + block.remaining : sum), 0n))
  const wallets = assets.map((asset) => {
    const remaining = holds({ asset, features: [] })
    const restricted = new Map(blocks.flatMap((block) => (block.asset === asset && block.features.length > 0 ? [[walletId(block), block.features] as const] : [])))
    const debt = debts.find((row) => row.asset === asset)?.amount ?? ZERO
    return {
      asset, name: context.catalog.creditAssets.get(asset)?.name ?? asset, balance: formatUnits(units(remaining - debt), asset), debt: formatUnits(debt, asset),
      leased: leasedOf({ asset, features: [] }), pays: asset === currency,
      by_feature: [...restricted.values()].map((features) => ({ features, balance: formatUnits(holds({ asset, features }), asset), leased: leasedOf({ asset, features }) })).sort(compareWallets),
    }
  })
  const { balance, debt, leased } = wallets[0]!
  return {
    currency,
    balance, debt, leased, wallets,
    as_of: nowOf(plane, context.facts),
    burn_order: wholeBurnOrder(burnOrderOf(context, context.plan) ?? []),
    blocks: blocks.map((block) => ({ id: block.id, asset: block.asset, category: block.category, granted: formatUnits(block.granted, block.asset), remaining: formatUnits(block.remaining, block.asset), effective_at: block.effectiveAt, expires_at: block.expiresAt, created_at: block.createdAt, reference: block.reference, cost: block.cost, taken: formatUnits(block.taken, block.asset), features: block.features, voided_at: block.voidedAt })),
    budgets: budgetsOf(context.snapshot).filter(({ id }) => !id.startsWith('wallet:')).map((budget) => {
      const state = states.find((candidate) => candidate.budget === budget.id && candidate.periodStart === budget.period.start)
      const scale = budgetScale(budget)
      const limit = state === undefined ? (limitOf(context, budget) ?? 0n) : exactText(state.limit, scale)
      const used = exactText(state?.settled ?? '0', scale)
      return {
        id: budget.id, name: budget.name, unit: budget.unit.kind === 'money' ? budget.unit.asset : budget.unit.name,
        limit: formatDecimal(limit, scale), used: formatDecimal(used, scale), remaining: formatDecimal(limit - used, scale), leased: plain(state?.escrow ?? '0'),
        period: budget.period.start === 0 ? null : budget.period,
      }
    }),
  }
}

export type PreviewReport = {
  readonly preview: InvoicePreview
  readonly context: CustomerContext
  readonly paid: readonly AssetPayment[]
  /** The invoice that closing the period now would write: what of it was not asked for yet. */
  readonly invoice: InvoiceDocument
  readonly commitment: CommitmentProgress | null
}

/** What the period comes to by now, who has paid how much, and the invoice that closing it now would write. */
export async function invoicePreview(plane: ControlPlane, customer: string): Promise<PreviewReport> {
  const running = await contextOf(plane, customer)
  const { facts } = running
  const { context, settings, profile, tax, items, current, earlier } = await plane.sql.begin('isolation level repeatable read read only', (tx) => billingOf(tx, plane, facts, running.snapshot.period))
  const composed = compose({ context, now: nowOf(plane, facts), kind: 'period', current, earlier: earlier(), items, tax })
  const invoice = documentOf(composed.closed, { number: null, issuedAt: null, dueAt: null, period: current.period, timeZone: facts.timeZone, settings, profile, customerName: facts.name, unitOf: unitOf(context), tax })
  return { preview: composed.preview, context: running, paid: current.input.paid, invoice, commitment: commitmentProgress(context, current.input.close, composed.preview.lines) }
}

export type SumsCheck = { readonly agrees: boolean; readonly sums: Sums; readonly differences: readonly string[] }

/** Compares every figure that must agree, exactly, in each asset that the customer has used. A difference names both sides. */
export async function checkSums(plane: ControlPlane, customer: string): Promise<SumsCheck> {
  const { snapshot } = await contextOf(plane, customer)
  const own = snapshot.currency
  const others = (await assetsOf(plane.sql, customer)).filter((asset) => asset !== own)
  const all = await Promise.all([own, ...others].map(async (asset) => ({ asset, sums: await readSums(plane.sql, customer, asset), wallets: await readFeatureWallets(plane.sql, customer, asset) })))
  const differences = all.flatMap(({ asset, sums, wallets }) => differencesIn(asset, sums, wallets))
  return { agrees: differences.length === 0, sums: all[0]!.sums, differences }
}

function differencesIn(asset: string, sums: Sums, wallets: readonly FeatureWalletSums[]): string[] {
  const exact = (text: string) => parseUnits(text, asset)
  const pairs: readonly (readonly [string, bigint, string, bigint])[] = [
    ['charges of events', exact(sums.eventCharges), 'accumulators', exact(sums.accumulated)],
    ['charges of events', exact(sums.eventCharges), 'hourly rollups', exact(sums.rolledUp)],
    ['charges of events', exact(sums.eventCharges), 'ledger: usage revenue', exact(sums.ledgerUsage)],
    ['wallet in the ledger', exact(sums.walletLedger), 'open blocks', exact(sums.blocksRemaining)],
    ['wallet budget: limit − settled', exact(sums.walletLimit) - exact(sums.walletSettled), 'open blocks − debt', exact(sums.blocksRemaining) - exact(sums.blocksOffWallet) - exact(sums.debt)],
    ...wallets.map(({ features, blocks, left }) => [`wallet budget for ${features.join(', ')}: limit − settled`, exact(left), 'its open blocks', exact(blocks)] as const),
  ]
  return pairs.filter(([, a, , b]) => a !== b).map(([left, a, right, b]) => `${left} ${formatUnits(units(a), asset)} ≠ ${right} ${formatUnits(units(b), asset)} ${asset}`)
}

/** Stored decimals carry trailing zeros. */
function plain(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function exactText(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = plain(text).split('.')
  const digits = BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale))
  return digits
}
