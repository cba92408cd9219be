// Credits: a top-up makes a block, repays a debt first, raises the wallet's limit at the authority, and answers when every
// reachable node would let the next request pass.

import {
  assetScale, didYouMean, FEATURES_PER_WALLET_MAX, featureSet, LIFETIME, formatUnits, InputError, isCurrency, makeId, nearest, parsePositiveUnits, grantTransfers, repaymentTransfers, sourceOf, units, WALLETS_PER_CUSTOMER_MAX, walletId, ZERO, type AccountId, type Instant, type Transfer, type Units, type WalletKind,
} from '@tollgate/core'
import { withRetry, type Transaction } from '../platform/postgres.ts'
import { insertAudit } from '../store/audit.ts'
import { changeLimit, ensureBudgets } from '../store/budgets.ts'
import { beginBlock, findTopUp, insertBlock, waitingBlocks, walletBalance } from '../store/credits.ts'
import { bumpVersion, findCustomer, lockCustomers, walletsOf, writeWallets } from '../store/customers.ts'
import { insertTransfers } from '../store/ledger.ts'
import { armLow } from '../store/wallet-notices.ts'
import { insertOutbox, readDebt, writeDebts } from '../store/settlement.ts'
import type { Actor } from './actor.ts'
import { contextOf } from './customers.ts'
import type { ControlPlane } from './control-plane.ts'
import { tellNodes } from './change-customer.ts'
import { Problem } from './problems.ts'

export type TopUp = {
  /** Decimal text, above zero. */
  readonly amount: string
  /** Currency or credit asset; what the customer's plan is priced in unless stated. */
  readonly asset?: string
  readonly category: 'paid' | 'promotional'
  readonly priority: number
  readonly expiresAt: Instant | null
  /** From when it can be used; now where it is left out or null. */
  readonly effectiveAt?: Instant | null
  /** What it was bought for, decimal text; of a currency's own wallet its amount where it is left out. */
  readonly cost?: { readonly amount: string; readonly currency: string } | null
  /** The payment or campaign behind it, for the ledger's reader. */
  readonly reference: string | null
  /** Features that it pays for; none, or left out: all. */
  readonly features?: readonly string[]
  /** Id of the new block, the same for every repetition of one call: the second finds what the first did. Made when left out. */
  readonly block?: string
}

export type ToppedUp = { readonly block: string; readonly amount: Units; readonly repaid: Units; readonly asset: string }

export async function topUp(plane: ControlPlane, actor: Actor, customer: string, input: TopUp): Promise<ToppedUp> {
  const asset = await assetFor(plane, customer, input.asset)
  const amount = parsePositiveUnits(input.amount, asset)
  if (input.expiresAt !== null && input.expiresAt <= plane.clock.now()) throw new InputError({ code: 'out_of_range', field: 'expires_at', message: 'expires_at must be in the future' })
  if (input.expiresAt !== null && (input.effectiveAt ?? 0) >= input.expiresAt) throw new InputError({ code: 'out_of_range', field: 'effective_at', message: 'effective_at must be before expires_at' })
  const block = input.block ?? makeId('block', plane.randomText())
  const { category, priority, expiresAt, reference } = input
  const cost = costOf(input, asset, amount)
  const features = featuresFor(plane, input.features ?? [])
  const repaid = await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [customer])
    if ((await findCustomer(tx, customer)) === null) throw new Problem('not_found', `there is no customer ${customer}`, 'customer')
    return addBlock(tx, plane, actor, { customer, id: block, asset, amount, category, priority, expiresAt, reference, cost, features, effectiveAt: input.effectiveAt ?? null })
  })
  await tellNodes(plane, customer)
  return { block, amount, repaid, asset }
}

function costOf({ category, cost }: TopUp, asset: string, amount: Units): AddedBlock['cost'] {
  if (cost === undefined || cost === null) return category === 'paid' && isCurrency(asset) ? { amount, currency: asset } : null
  if (category !== 'paid') throw new InputError({ code: 'invalid_value', field: 'cost', message: 'promotional credit was given: it has no cost' })
  if (!isCurrency(cost.currency)) throw new InputError({ code: 'invalid_currency', field: 'cost.currency', message: 'cost.currency must be a currency such as USD' })
  return { amount: parsePositiveUnits(cost.amount, cost.currency, 'cost.amount'), currency: cost.currency }
}

export type AddedBlock = {
  readonly customer: string
  /** A second block of this id is the first. */
  readonly id: string
  readonly asset: string
  readonly amount: Units
  readonly category: 'paid' | 'promotional'
  readonly priority: number
  readonly expiresAt: Instant | null
  readonly reference: string | null
  /** What it was bought for, without tax; null where that is not known, or it was given. */
  readonly cost: { readonly amount: Units; readonly currency: string } | null
  /** Features that it pays for, sorted; none: all. */
  readonly features: readonly string[]
  /** From when it can be used; now where it is left out or null. */
  readonly effectiveAt?: Instant | null
  /** Where it comes from, where it was neither bought nor given. */
  readonly from?: { readonly account: AccountId; readonly cause: string; readonly causeId: string }
}

/** Makes a block in the transaction of a caller that holds the customer's lock and tells the nodes afterwards. Returns what of it repaid debt. */
export async function addBlock(tx: Transaction, plane: ControlPlane, actor: Actor, input: AddedBlock): Promise<Units> {
  const { customer, id: block, asset, amount, category, features } = input
  const first = await findTopUp(tx, { customer, block })
  if (first !== null) {
    if (first.granted !== amount) throw new Problem('idempotency_conflict', `credit block ${block} was added with another amount`, 'amount')
    return first.repaid
  }
  const now = plane.clock.now()
  const effectiveAt = input.effectiveAt ?? now
  const begun = effectiveAt <= now
  if (features.length > 0) await openWallet(tx, customer, { asset, features })
  await insertBlock(tx, { ...input, granted: amount, remaining: amount, effectiveAt, begun })
  const { account, ...because } = input.from ?? { account: sourceOf(category), cause: 'top_up', causeId: block }
  await post(tx, plane, customer, because, grantTransfers({ block, asset, amount }, account))
  const repaid = begun ? await joinWallet(tx, plane, { customer, id: block, asset, features, remaining: amount }) : ZERO
  await insertAudit(tx, { actor: actor.id, action: 'credits.added', customer, target: block, before: null, after: { ...input, amount: formatUnits(amount, asset), cost: input.cost === null ? null : { amount: formatUnits(input.cost.amount, input.cost.currency), currency: input.cost.currency } } })
  await insertOutbox(tx, [{ customer, type: 'credits.added', payload: { block, amount: formatUnits(amount, asset), currency: asset, category, repaid: formatUnits(repaid, asset), ...(features.length === 0 ? {} : { features }), ...(begun ? {} : { effective_at: new Date(effectiveAt).toISOString() }) } }])
  return repaid
}

/** A wallet for some features is asked from now on: the customer's facts name it. */
async function openWallet(tx: Transaction, customer: string, wallet: WalletKind): Promise<void> {
  const known = await walletsOf(tx, customer)
  if (known.some((one) => walletId(one) === walletId(wallet))) return
  if (known.length >= WALLETS_PER_CUSTOMER_MAX) throw new InputError({ code: 'out_of_range', field: 'features', message: `customer ${customer} has credit for ${known.length} sets of features already, and there can be no more: use one of them` })
  await writeWallets(tx, customer, [...known, wallet])
  await bumpVersion(tx, customer)
}

/** From now on what the block holds is a part of its wallet: of one that pays for everything what is owed is repaid first. Returns how much. */
async function joinWallet(tx: Transaction, plane: ControlPlane, block: WalletKind & { readonly customer: string; readonly id: string; readonly remaining: Units }): Promise<Units> {
  const { customer, id, asset, features, remaining } = block
  const debt = features.length > 0 ? ZERO : await readDebt(tx, customer, asset)
  const repaid = debt < remaining ? debt : remaining
  await beginBlock(tx, { customer, id, asset, remaining: units(remaining - repaid) })
  if (repaid > ZERO) {
    await writeDebts(tx, [{ customer, asset, amount: units(debt - repaid) }])
    await post(tx, plane, customer, { cause: 'top_up', causeId: id }, repaymentTransfers({ block: id, asset, amount: repaid }))
  }
  await raiseWallet(tx, customer, { asset, features }, remaining)
  if (features.length === 0) await armLow(tx, { customer, asset }, await walletBalance(tx, { customer, asset }))
  return repaid
}

/** Blocks handled in one run of the job. */
const BEGINNINGS_MAX = 500

/** The job: blocks whose first instant has come join their wallets. Returns how many. */
export async function beginBlocks(plane: ControlPlane): Promise<number> {
  const waiting = await waitingBlocks(plane.sql, plane.clock.now(), BEGINNINGS_MAX)
  for (const customer of [...new Set(waiting.map((block) => block.customer))].sort()) {
    await withRetry(plane.sql, async (tx) => {
      await lockCustomers(tx, [customer])
      for (const block of await waitingBlocks(tx, plane.clock.now(), BEGINNINGS_MAX, customer)) {
        const repaid = await joinWallet(tx, plane, block)
        // All of it was refunded before it began.
        if (block.remaining === ZERO) continue
        await insertOutbox(tx, [{ customer, type: 'credits.begun', payload: { block: block.id, amount: formatUnits(block.remaining, block.asset), currency: block.asset, repaid: formatUnits(repaid, block.asset) } }])
      }
    })
    await tellNodes(plane, customer)
  }
  return waiting.length
}

/** Features of credit, sorted: such as the catalog has. */
export function featuresFor(plane: ControlPlane, wanted: readonly string[]): readonly string[] {
  const known = plane.catalogs.current().features
  for (const feature of wanted) if (!known.has(feature)) throw new InputError({ code: 'unknown_feature', field: 'features', message: `the catalog in force has no feature ${feature}.${didYouMean(nearest(feature, known.keys()))}` })
  const features = featureSet(wanted)
  if (features.length > FEATURES_PER_WALLET_MAX) throw new InputError({ code: 'out_of_range', field: 'features', message: `credit is for ${FEATURES_PER_WALLET_MAX} features at most, or for all` })
  return features
}

/** A wallet of an asset that no plan is priced in could never be spent. */
async function assetFor(plane: ControlPlane, customer: string, wanted: string | undefined): Promise<string> {
  const own = (await contextOf(plane, customer)).snapshot.currency
  if (wanted === undefined || wanted === own) return own
  const { plans } = plane.catalogs.current()
  const known = new Set([...plans.values()].map(({ asset }) => asset))
  if (known.has(wanted)) return wanted
  throw new InputError({ code: 'unknown_asset', field: 'currency', message: `no plan is priced in ${wanted}: credits are added in ${[...known].join(' or ')}.${didYouMean(nearest(wanted, known))}` })
}

/** Posts transfers of a customer whose lock the caller holds. */
export async function post(tx: Transaction, plane: Pick<ControlPlane, 'randomText'>, customer: string, of: { readonly cause: string; readonly causeId: string }, transfers: readonly Transfer[]): Promise<void> {
  await insertTransfers(tx, transfers.map((transfer) => ({ ...transfer, ...of, customer, id: makeId('transfer', plane.randomText()), batch: null, periodStart: null })))
}

/** `amount` may be below zero. */
export async function raiseWallet(tx: Transaction, customer: string, wallet: WalletKind, amount: Units): Promise<void> {
  const { asset } = wallet
  const key = { customer, budget: walletId(wallet), periodStart: LIFETIME.start }
  await ensureBudgets(tx, [{ ...key, periodEnd: LIFETIME.end, scale: assetScale(asset), limit: 0n }])
  await changeLimit(tx, key, formatUnits(amount, asset))
}
