// Wallets that fill themselves. A job looks at the balances of a page of rules each turn and decides again for each that crossed, under
// the customer's lock; a purchase under way is one row that the database allows once. So there is one recharge, however many
// settlements cross the threshold at once, and however many control planes look.

import { decideRecharge, formatUnits, HOUR_MS, InputError, instant, makeId, parsePositiveUnits, parseUnits, RECHARGE_COOLDOWN_MS, type Instant, type Span, type Units } from '@tollgate/core'
import { windowSpan } from '@tollgate/core/resolve'
import { withRetry, type Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { walletBalance } from '../../store/credits.ts'
import { lockCustomers } from '../../store/customers.ts'
import { crossedRules, deleteRule, findRule, insertPayment, listRules, rechargeHistory, writeRule, type RuleRow, type WalletKey } from '../../store/recharge.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { nowOf } from '../customer-time.ts'
import { contextOf, getCustomer } from '../customers.ts'
import { Problem } from '../problems.ts'
import { requireAccount } from '../providers/accounts.ts'
import type { ProviderName } from '../../store/providers.ts'
import type { PaymentMethod } from './payment-port.ts'
import { priceOf, purchaseOf } from './purchase.ts'

/** Rules looked at in one turn: a few milliseconds of the database, and a hundred thousand rules within twenty turns. */
const RULES_PER_TURN = 5_000

export type RechargeInput = {
  readonly threshold: string
  readonly amount: string | null
  readonly target: string | null
  readonly monthMax: string | null
  readonly cooldownMs: number | null
  readonly method: PaymentMethod
}

export async function rechargeRules(plane: ControlPlane, customer: string): Promise<readonly RuleRow[]> {
  await getCustomer(plane, customer)
  return listRules(plane.sql, customer)
}

/** Sets the rule of a wallet; one that had stopped begins anew. */
export async function putRecharge(plane: ControlPlane, actor: Actor, of: WalletKey, input: RechargeInput): Promise<RuleRow> {
  await getCustomer(plane, of.customer)
  const { currency } = priceOf(plane, of.asset)
  const threshold = parseUnits(input.threshold, of.asset, 'threshold')
  if (threshold < 0n) throw new InputError({ code: 'out_of_range', field: 'threshold', message: 'threshold must not be below zero' })
  if ((input.amount === null) === (input.target === null)) throw new InputError({ code: 'required', field: 'amount', message: 'say either how much is bought (`amount`) or up to what balance (`target`)' })
  const amount = input.amount === null ? null : parsePositiveUnits(input.amount, of.asset, 'amount')
  const target = input.target === null ? null : parsePositiveUnits(input.target, of.asset, 'target')
  if (target !== null && target <= threshold) throw new InputError({ code: 'out_of_range', field: 'target', message: 'target must be above threshold' })
  const monthMax = input.monthMax === null ? null : formatUnits(parsePositiveUnits(input.monthMax, currency, 'month_max'), currency)
  if (input.method !== 'request') await requireAccount(plane, input.method as ProviderName)
  const row: RuleRow = { ...of, threshold, amount, target, monthMax, cooldownMs: input.cooldownMs ?? RECHARGE_COOLDOWN_MS, method: input.method, failures: 0, stoppedAt: null, stoppedReason: null, boundedMonth: null, lookAgainAt: null }
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [of.customer])
    const before = await findRule(tx, of)
    await writeRule(tx, row)
    await insertAudit(tx, { actor: actor.id, action: 'recharge.set', customer: of.customer, target: of.asset, before: shown(before), after: shown(row) })
  })
  return row
}

export async function removeRecharge(plane: ControlPlane, actor: Actor, of: WalletKey): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [of.customer])
    const before = await findRule(tx, of)
    if (!(await deleteRule(tx, of))) throw new Problem('not_found', `the wallet of ${of.asset} has no recharge rule`, 'asset')
    await insertAudit(tx, { actor: actor.id, action: 'recharge.removed', customer: of.customer, target: of.asset, before: shown(before), after: null })
  })
}

function shown(row: RuleRow | null): unknown {
  const amount = (value: Units | null) => (value === null ? null : formatUnits(value, row!.asset))
  return row === null ? null : { ...row, threshold: amount(row.threshold), amount: amount(row.amount), target: amount(row.target) }
}

/** The job. Returns how many purchases were begun. */
export function createRecharger(): (plane: ControlPlane) => Promise<number> {
  let after: WalletKey = { customer: '', asset: '' }
  return async (plane) => {
    const { crossed, last } = await crossedRules(plane.sql, { now: plane.clock.now(), after, limit: RULES_PER_TURN })
    after = last ?? { customer: '', asset: '' }
    let begun = 0
    for (const wallet of crossed) {
      try {
        if (await rechargeOne(plane, wallet)) begun += 1
      } catch (error) {
        if (error instanceof Problem && error.code === 'credits_not_sold') await stopUnsold(plane, wallet, error.message)
        else plane.log.error({ err: error, ...wallet }, 'a recharge could not be decided; it is tried again')
      }
    }
    return begun
  }
}

/** Decides for one wallet and records the purchase. True where one was begun. */
export async function rechargeOne(plane: ControlPlane, of: WalletKey): Promise<boolean> {
  const { facts, plan } = await contextOf(plane, of.customer)
  const now = nowOf(plane, facts)
  const month = windowSpan('month', facts, plan, now)
  const price = priceOf(plane, of.asset)
  const id = makeId('payment', plane.randomText())
  return withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [of.customer])
    const rule = await findRule(tx, of)
    if (rule === null) return false
    const history = await rechargeHistory(tx, { ...of, currency: price.currency, since: month.start })
    const fill = rule.amount !== null ? { kind: 'amount' as const, amount: rule.amount } : { kind: 'target' as const, target: rule.target! }
    const monthMax = rule.monthMax === null ? null : parseUnits(rule.monthMax, price.currency)
    const decision = decideRecharge({ ...rule, fill, monthMax }, price, { balance: await walletBalance(tx, of), isOpen: history.isOpen, lastAt: history.lastAt, paidInMonth: history.paid, now })
    if (decision.kind === 'wait') {
      await putOff(tx, rule, { reason: decision.reason, month, lastAt: history.lastAt, now: plane.clock.now(), ownNow: now, currency: price.currency })
      return false
    }
    const purchase = await purchaseOf(tx, plane, { customer: of.customer, id, cause: 'recharge', method: rule.method, state: 'pending', quote: decision.quote, at: now })
    const isNew = await insertPayment(tx, { ...purchase, nextLookAt: plane.clock.now() })
    if (isNew) await insertAudit(tx, { actor: 'system', action: 'recharge.begun', customer: of.customer, target: id, before: null, after: { asset: of.asset, credits: formatUnits(purchase.credits, of.asset), net: formatUnits(purchase.net, purchase.currency), currency: purchase.currency } })
    return isNew
  })
}

/** How long a rule that its bounds keep from buying is left alone: a refund or another price may change it. */
const BOUND_LOOK_MS = HOUR_MS

type PutOff = { readonly reason: Extract<ReturnType<typeof decideRecharge>, { readonly kind: 'wait' }>['reason']; readonly month: Span; readonly lastAt: Instant | null; readonly now: Instant; /** Of the customer's own clock, by which its purchases are dated. */ readonly ownNow: Instant; readonly currency: string }

/** It is decided again when that may have another answer. A bound of the month is told once in it. */
async function putOff(tx: Transaction, rule: RuleRow, { reason, month, lastAt, now, ownNow, currency }: PutOff): Promise<void> {
  if (reason === 'cooldown' && lastAt !== null) return writeRule(tx, { ...rule, lookAgainAt: instant(now + lastAt + rule.cooldownMs - ownNow) })
  if (reason !== 'month_bound' && reason !== 'price_bound') return
  await writeRule(tx, { ...rule, lookAgainAt: instant(now + BOUND_LOOK_MS), boundedMonth: reason === 'month_bound' ? month.start : rule.boundedMonth })
  if (reason === 'month_bound' && rule.boundedMonth !== month.start) await insertOutbox(tx, [{ customer: rule.customer, type: 'credits.recharge_bounded', payload: { asset: rule.asset, month_max: rule.monthMax, currency } }])
}

/** Its credits are not for sale any more: it stops and tells, rather than fail every second. */
async function stopUnsold(plane: ControlPlane, of: WalletKey, reason: string): Promise<void> {
  await withRetry(plane.sql, async (tx) => {
    await lockCustomers(tx, [of.customer])
    const rule = await findRule(tx, of)
    if (rule === null || rule.stoppedAt !== null) return
    await writeRule(tx, { ...rule, stoppedAt: plane.clock.now(), stoppedReason: reason })
    await insertOutbox(tx, [{ customer: of.customer, type: 'credits.recharge_stopped', payload: { asset: of.asset, failures: rule.failures, reason } }])
  })
}
