// Whether a wallet buys credits by itself now: one decision over what is known of it, a value with its reason. It knows no clock and
// no payment; whoever asks holds the customer's lock, so that two cannot decide at once.

import { units, type Units } from '../money.ts'
import { MINUTE_MS, type Instant } from '../time.ts'
import { quoteCredits, type CreditPrice, type CreditQuote } from './price.ts'

export type RechargeRule = {
  /** Buys when the balance is at or below it. */
  readonly threshold: Units
  /** Credits bought each time, or the balance that is filled up to; never both. */
  readonly fill: { readonly kind: 'amount'; readonly amount: Units } | { readonly kind: 'target'; readonly target: Units }
  /** Most that is paid in a calendar month, net; null for no bound. */
  readonly monthMax: Units | null
  readonly cooldownMs: number
  /** Failed payments in a row. */
  readonly failures: number
  readonly stoppedAt: Instant | null
}

export type RechargeFacts = {
  readonly balance: Units
  /** A payment of this wallet's rule is under way. */
  readonly isOpen: boolean
  /** When the last one was begun. */
  readonly lastAt: Instant | null
  /** Net amounts of this month's payments that did not fail. */
  readonly paidInMonth: Units
  readonly now: Instant
}

export type RechargeDecision =
  | { readonly kind: 'buy'; readonly quote: CreditQuote }
  | { readonly kind: 'wait'; readonly reason: 'stopped' | 'under_way' | 'above_threshold' | 'cooldown' | 'month_bound' | 'price_bound' }

/** Failures in a row after which the rule stops and somebody must look. */
export const RECHARGE_FAILURES_MAX = 3
export const RECHARGE_COOLDOWN_MS = 5 * MINUTE_MS

export function decideRecharge(rule: RechargeRule, price: CreditPrice, facts: RechargeFacts): RechargeDecision {
  const wait = (reason: Extract<RechargeDecision, { kind: 'wait' }>['reason']): RechargeDecision => ({ kind: 'wait', reason })
  if (rule.stoppedAt !== null) return wait('stopped')
  if (facts.isOpen) return wait('under_way')
  if (facts.balance > rule.threshold) return wait('above_threshold')
  if (facts.lastAt !== null && facts.now < facts.lastAt + rule.cooldownMs) return wait('cooldown')
  const quote = quoteCredits(price, rule.fill.kind === 'amount' ? rule.fill.amount : units(rule.fill.target - facts.balance))
  if (quote.net <= 0n || (price.min !== null && quote.net < price.min) || (price.max !== null && quote.net > price.max)) return wait('price_bound')
  if (rule.monthMax !== null && facts.paidInMonth + quote.net > rule.monthMax) return wait('month_bound')
  return { kind: 'buy', quote }
}
