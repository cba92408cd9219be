// Credit that is taken back: voided, refunded, moved to another customer. What gateways hold of a wallet may be spent the same moment, so
// idle leases are called back first and only what is free is taken: nobody spends what was refunded. Each is one transaction under the customer's lock.

import { assert, departureTransfers, divideRounded, drawFrom, featureSet, formatUnits, InputError, parsePositiveUnits, parseUnits, refundTransfers, roundToMinor, units, voidTransfers, walletId, ZERO, type BurnOrder, type Instant, type Units, type WalletKind } from '@tollgate/core'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { findBlock, lockHeadroom, markVoided, takeFromBlock, type ListedBlock } from '../../store/credits.ts'
import { customerExists, lockCustomers } from '../../store/customers.ts'
import { findRefund, insertRefund, noteRefunded, type RefundRow } from '../../store/refunds.ts'
import { findPayment, type PaymentRow } from '../../store/recharge.ts'
import { listCauseTransfers } from '../../store/ledger.ts'
import { insertOutbox, readBlocks, readDebt, writeDebts } from '../../store/settlement.ts'
import { forgetEnding } from '../../store/wallet-notices.ts'
import type { Actor } from '../actor.ts'
import { tellNodes } from '../change-customer.ts'
import type { ControlPlane } from '../control-plane.ts'
import { addBlock, post, raiseWallet } from '../credits.ts'
import { burnOrderOf } from '../customer-contexts.ts'
import { contextOf, getCustomer } from '../customers.ts'
import { Problem } from '../problems.ts'
import { HeldError, withFree } from './free.ts'
import { blocksOf } from './settle-payment.ts'
import { writePurchaseNote } from './purchase-invoice.ts'

export type BlockKey = { readonly customer: string; readonly block: string }

/** Lowers what the wallet has by `amount`, all of which must be free. */
async function lower(tx: Transaction, of: WalletKind & { readonly customer: string }, amount: Units): Promise<void> {
  const { free, leased } = await lockHeadroom(tx, of)
  if (free < amount && leased > ZERO) throw new HeldError(formatUnits(leased, of.asset))
  await raiseWallet(tx, of.customer, of, units(-amount))
}

async function blockIn(tx: Transaction, { customer, block: id }: BlockKey): Promise<ListedBlock> {
  await lockCustomers(tx, [customer])
  const block = await findBlock(tx, { customer, block: id })
  if (block === null) throw new Problem('not_found', `customer ${customer} has no credit block ${id}`, 'block')
  return block
}

async function walletHolding(plane: ControlPlane, { customer, block: id }: BlockKey): Promise<WalletKind> {
  await getCustomer(plane, customer)
  const block = await findBlock(plane.sql, { customer, block: id })
  if (block === null) throw new Problem('not_found', `customer ${customer} has no credit block ${id}`, 'block')
  return block
}

/** Takes what is left of a block; a second call changes nothing. What corrections give back to it later has lapsed. */
export async function voidBlock(plane: ControlPlane, actor: Actor, key: BlockKey, reason: string): Promise<ListedBlock> {
  const wallet = await walletHolding(plane, key)
  await withFree(plane, { customer: key.customer, budget: walletId(wallet) }, () => withRetry(plane.sql, async (tx) => {
    const block = await blockIn(tx, key)
    if (block.voidedAt !== null) return
    await voidIn(tx, plane, key.customer, block, { amount: block.remaining, reason, at: plane.clock.now() })
    await insertAudit(tx, { actor: actor.id, action: 'credits.voided', customer: key.customer, target: block.id, before: { remaining: formatUnits(block.remaining, block.asset) }, after: null, reason })
  }))
  await tellNodes(plane, key.customer)
  return (await findBlock(plane.sql, { customer: key.customer, block: key.block }))!
}

async function voidIn(tx: Transaction, plane: ControlPlane, customer: string, block: ListedBlock, of: { readonly amount: Units; readonly reason: string; readonly at: Instant }): Promise<void> {
  const { id, asset, features, isOnWallet, remaining } = block
  const { amount, reason, at } = of
  if (isOnWallet) await lower(tx, { customer, asset, features }, amount)
  await takeFromBlock(tx, { customer, id, asset, amount, counts: false })
  if (amount === remaining) await markVoided(tx, { customer, id, at, reason })
  await forgetEnding(tx, { customer, block: id })
  await post(tx, plane, customer, { cause: 'void', causeId: id }, voidTransfers({ block: id, asset, amount }))
  await insertOutbox(tx, [{ customer, type: 'credits.voided', payload: { block: id, amount: formatUnits(amount, asset), currency: asset, reason } }])
}

export type RefundInput = {
  readonly id: string
  /** Credit, decimal text; all that is left where null. */
  readonly amount: string | null
  /** Credit that was spent may be refunded too: it is owed from then on. */
  readonly spentToo: boolean
  /** Through the provider that took the money; else the operator gives it back itself. */
  readonly throughProvider: boolean
  readonly reason: string
  /** A provider gave so much back already, tax included: it is booked whatever gateways hold. */
  readonly given?: { readonly by: string; readonly gross: Units }
}

/** Gives money back for credit of a block that was bought: what it was bought for, in proportion, with its tax. Bonus credit that came with it goes in proportion. */
export async function refundBlock(plane: ControlPlane, actor: Actor, key: BlockKey, input: RefundInput): Promise<RefundRow> {
  const wallet = await walletHolding(plane, key)
  await withFree(plane, { customer: key.customer, budget: walletId(wallet) }, () => withRetry(plane.sql, (tx) => refundIn(tx, plane, actor, key, input)))
  await tellNodes(plane, key.customer)
  return (await findRefund(plane.sql, input.id))!
}

export async function refundIn(tx: Transaction, plane: ControlPlane, actor: Actor, key: BlockKey, input: RefundInput): Promise<void> {
  const { customer } = key
  const block = await blockIn(tx, key)
  const { id, asset, granted, remaining } = block
  if (block.category !== 'paid') throw new InputError({ code: 'not_refundable', field: 'block', message: `block ${id} was given, not bought: void it instead` })
  const wanted = input.amount === null ? remaining : parsePositiveUnits(input.amount, asset)
  const most = units(input.spentToo ? granted - block.taken : remaining)
  if (wanted <= ZERO || wanted > most) throw new InputError({ code: 'out_of_range', field: 'amount', message: `at most ${formatUnits(most, asset)} ${asset} of block ${id} can be refunded${input.spentToo ? '' : '; what was spent only with spent_too'}` })
  const amount = wanted < remaining ? wanted : remaining
  const owed = units(wanted - amount)
  const payment = block.reference === null ? null : await findPayment(tx, block.reference)
  const refund = refundOf(plane, { customer, block, payment, amount, owed, input })
  if (!(await insertRefund(tx, refund))) return
  // What was spent is owed: the wallet that pays for everything goes below zero, and the next credit pays that first.
  if (owed > ZERO) await writeDebts(tx, [{ customer, asset, amount: units((await readDebt(tx, customer, asset)) + owed) }])
  if (owed > ZERO) await raiseWallet(tx, customer, { asset, features: [] }, units(-owed))
  if (block.isOnWallet && (owed > ZERO || input.given !== undefined)) await raiseWallet(tx, customer, block, units(-amount))
  else if (block.isOnWallet) await lower(tx, { customer, ...block }, amount)
  await takeFromBlock(tx, { customer, id, asset, amount, counts: true })
  await post(tx, plane, customer, { cause: 'refund', causeId: input.id }, refundTransfers({ block: id, asset, amount }, owed))
  const tax = refund.tax === null || refund.currency === null ? ZERO : parseUnits(refund.tax, refund.currency)
  if (tax > ZERO) await post(tx, plane, customer, { cause: 'refund', causeId: input.id }, [{ debit: 'tax_payable', credit: 'payment_clearing', asset: refund.currency!, amount: tax }])
  let note: string | null = null
  if (payment !== null) {
    note = await writePurchaseNote(tx, { payment, refund: input.id, net: parseUnits(refund.net!, payment.currency), tax, credits: wanted, reason: input.reason, now: plane.clock.now() })
    await noteRefunded(tx, { payment: payment.id, net: refund.net!, currency: payment.currency })
    await takeBonus(tx, plane, customer, { payment, wanted, granted, reason: input.reason })
  }
  await insertAudit(tx, { actor: actor.id, action: 'credits.refunded', customer, target: id, before: { remaining: formatUnits(remaining, asset) }, after: refund, reason: input.reason })
  await insertOutbox(tx, [{ customer, type: 'credits.refunded', payload: { refund: input.id, block: id, amount: formatUnits(wanted, asset), asset, owed: formatUnits(owed, asset), net: refund.net, tax: refund.tax, currency: refund.currency, credit_note: note, method: refund.method, reason: input.reason } }])
}

function refundOf(plane: ControlPlane, of: { readonly customer: string; readonly block: ListedBlock; readonly payment: PaymentRow | null; readonly amount: Units; readonly owed: Units; readonly input: RefundInput }): RefundRow {
  const { customer, block, payment, amount, owed, input } = of
  const share = (whole: bigint) => units(divideRounded(whole * (amount + owed), block.granted))
  const cost = block.cost === null ? null : parseUnits(block.cost.amount, block.cost.currency)
  const currency = block.cost?.currency ?? null
  const tax = cost === null || currency === null ? null : payment === null ? ZERO : roundToMinor(input.given === undefined ? share(payment.tax) : units(divideRounded(input.given.gross * payment.tax, payment.net + payment.tax)), currency)
  const net = tax === null ? null : input.given === undefined ? roundToMinor(share(cost!), currency!) : units(input.given.gross - tax)
  const isProviders = input.throughProvider && payment !== null && payment.method !== 'request' && payment.providerId !== null
  if (input.throughProvider && !isProviders) throw new InputError({ code: 'not_refundable', field: 'through_provider', message: 'no provider took the money for this block: refund it yourself, without through_provider' })
  return {
    customer, id: input.id, block: block.id, asset: block.asset, amount: formatUnits(amount, block.asset), owed: formatUnits(owed, block.asset), currency, net: net === null ? null : formatUnits(net, currency!), tax: tax === null ? null : formatUnits(tax, currency!),
    method: input.given?.by ?? (isProviders ? payment.method : 'operator'), state: isProviders ? 'pending' : 'done', payment: payment?.id ?? null, providerId: null, reason: input.reason, failure: null, attempts: 0, createdAt: plane.clock.now(),
  }
}

/** Bonus credit of the same purchase, in proportion, as far as it was not used. */
async function takeBonus(tx: Transaction, plane: ControlPlane, customer: string, of: { readonly payment: PaymentRow; readonly wanted: Units; readonly granted: Units; readonly reason: string }): Promise<void> {
  const bonus = await findBlock(tx, { customer, block: blocksOf(of.payment)[1] })
  if (bonus === null || bonus.remaining === ZERO) return
  const due = units((bonus.granted * of.wanted) / of.granted)
  const amount = due < bonus.remaining ? due : bonus.remaining
  if (amount > ZERO) await voidIn(tx, plane, customer, bonus, { amount, reason: of.reason, at: plane.clock.now() })
}

export type MoveInput = { readonly id: string; readonly to: string; readonly asset: string | null; /** Which wallet: that for these features; none: for all. */ readonly features: readonly string[]; readonly amount: string; readonly reason: string }
export type Moved = { readonly id: string; readonly asset: string; readonly amount: string; readonly blocks: readonly { readonly from: string; readonly to: string; readonly amount: string }[] }

/**
 * Moves credit to another customer, in burn order: each part keeps its kind, its end and its share of what it was bought for. Moving it back is the same
 * call the other way.
 */
export async function moveCredit(plane: ControlPlane, actor: Actor, from: string, input: MoveInput): Promise<Moved> {
  const context = await contextOf(plane, from)
  const asset = input.asset ?? context.snapshot.currency
  const features = featureSet(input.features)
  const amount = parsePositiveUnits(input.amount, asset)
  if (input.to === from) throw new InputError({ code: 'out_of_range', field: 'to', message: 'credit is moved to another customer' })
  const moved = await withFree(plane, { customer: from, budget: walletId({ asset, features }) }, () => withRetry(plane.sql, (tx) => moveIn(tx, plane, actor, from, { ...input, asset, features, amount, order: burnOrderOf(context, context.plan) })))
  await tellNodes(plane, from)
  await tellNodes(plane, input.to)
  return { id: input.id, asset, amount: formatUnits(amount, asset), blocks: moved }
}

async function moveIn(tx: Transaction, plane: ControlPlane, actor: Actor, from: string, input: Omit<MoveInput, 'amount' | 'asset'> & { readonly asset: string; readonly amount: Units; readonly order: BurnOrder | undefined }): Promise<Moved['blocks']> {
  const { id, to, asset, features, amount, reason } = input
  await lockCustomers(tx, [from, to])
  const done = await listCauseTransfers(tx, { customer: from, causeId: id })
  if (done.length > 0) return done.map((row, index) => ({ from: row.debit.replace(/^wallet:/, ''), to: targetOf(id, index), amount: formatUnits(parseUnits(row.amount, asset), asset) }))
  if (!(await customerExists(tx, to))) throw new InputError({ code: 'customer_not_found', field: 'to', message: `there is no customer ${to}` })
  const now = plane.clock.now()
  const open = (await readBlocks(tx, [from], { spentToo: false })).filter((block) => walletId(block) === walletId(input))
  const { draws, short } = drawFrom(open, amount, now, input.order)
  if (short > ZERO) throw new Problem('not_enough_credit', `customer ${from} has ${formatUnits(units(amount - short), asset)} ${asset}${features.length === 0 ? '' : ` for ${features.join(', ')}`} to move`, 'amount')
  await lower(tx, { customer: from, asset, features }, amount)
  const cause = { cause: 'transfer', causeId: id }
  const moved: Moved['blocks'][number][] = []
  for (const [index, draw] of draws.entries()) {
    const block = await findBlock(tx, { customer: from, block: draw.block })
    assert(block !== null, 'a block that was drawn exists')
    const target = targetOf(id, index)
    await takeFromBlock(tx, { customer: from, id: block.id, asset, amount: draw.amount, counts: true })
    await post(tx, plane, from, cause, departureTransfers({ block: block.id, asset, amount: draw.amount }))
    const cost = block.cost === null ? null : { currency: block.cost.currency, amount: units(divideRounded(parseUnits(block.cost.amount, block.cost.currency) * draw.amount, block.granted)) }
    await addBlock(tx, plane, actor, { customer: to, id: target, asset, amount: draw.amount, category: block.category, priority: block.priority, expiresAt: block.expiresAt, reference: id, cost, features, from: { account: 'credit_transfer', ...cause } })
    moved.push({ from: block.id, to: target, amount: formatUnits(draw.amount, asset) })
  }
  await insertAudit(tx, { actor: actor.id, action: 'credits.moved', customer: from, target: to, before: null, after: { id, asset, amount: formatUnits(amount, asset), blocks: moved }, reason })
  await insertOutbox(tx, [{ customer: from, type: 'credits.moved', payload: { move: id, to, amount: formatUnits(amount, asset), asset, reason } }])
  return moved
}

/** Blocks that a move makes: their ids follow from its own. */
function targetOf(move: string, index: number): string {
  return `${move.replace(/^mov_/, 'blk_')}-${index + 1}`
}
