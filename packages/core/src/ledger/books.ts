// The books of a span: how each account rolled forward from its opening to its closing balance, by cause. It sums what it is given and decides
// nothing; that the sums agree with invoices, charges and credit blocks is for a check to say.

import { units, ZERO, type AssetId, type Units } from '../money.ts'
import { accountIn, isDebitAccount, type AccountKind } from './chart.ts'

/** What transfers of one cause moved on one account; both sides zero or above. */
export type AccountMove = { readonly account: string; readonly cause: string; readonly debits: Units; readonly credits: Units }

export type RolledAccount = {
  readonly account: string
  readonly code: string
  readonly name: string
  readonly kind: AccountKind
  /** In the sense of its kind: what a customer owes is above zero on `receivable`, what we owe on `deferred_revenue`. */
  readonly opening: Units
  /** By cause; they sum to closing − opening. */
  readonly movements: readonly { readonly cause: string; readonly amount: Units }[]
  readonly debits: Units
  readonly credits: Units
  readonly closing: Units
}

export type Books = {
  readonly asset: AssetId
  readonly accounts: readonly RolledAccount[]
  /** Revenue of the span, after all that takes away from it. */
  readonly revenue: Units
  readonly expenses: Units
  /** Sum of all closing balances, debits below zero: zero in books that are whole. */
  readonly imbalance: Units
}

/** `opening`: credits minus debits by account. Accounts that never moved are left out. */
export function rollForward(asset: AssetId, opening: ReadonlyMap<string, Units>, moves: readonly AccountMove[]): Books {
  const names = [...new Set([...opening.keys(), ...moves.map(({ account }) => account)])]
  const accounts = names.map((account) => rolled(account, opening.get(account) ?? ZERO, moves.filter((move) => move.account === account)))
    .filter(({ opening: first, movements, closing }) => first !== ZERO || closing !== ZERO || movements.length > 0)
    .sort((a, b) => (a.code === b.code ? compare(a.account, b.account) : compare(a.code, b.code)))
  const sumOf = (kind: AccountKind) => units(accounts.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.closing - one.opening, 0n))
  return {
    asset, accounts, revenue: sumOf('revenue'), expenses: sumOf('expense'),
    imbalance: units(accounts.reduce((sum, { account, closing }) => (isDebitAccount(account) ? sum - closing : sum + closing), 0n)),
  }
}

function rolled(account: string, openingCredit: Units, moves: readonly AccountMove[]): RolledAccount {
  const sign = isDebitAccount(account) ? -1n : 1n
  const movements = [...moves].sort((a, b) => compare(a.cause, b.cause)).map(({ cause, debits, credits }) => ({ cause, amount: units(sign * (credits - debits)) }))
  const opening = units(sign * openingCredit)
  return {
    account, ...accountIn(account), opening, movements, debits: total(moves.map(({ debits }) => debits)), credits: total(moves.map(({ credits }) => credits)),
    closing: units(opening + total(movements.map(({ amount }) => amount))),
  }
}

/** Balances after moves, credits minus debits: the opening of what follows. */
export function carried(opening: ReadonlyMap<string, Units>, moves: readonly AccountMove[]): Map<string, Units> {
  const balances = new Map(opening)
  for (const { account, debits, credits } of moves) balances.set(account, units((balances.get(account) ?? ZERO) + credits - debits))
  return balances
}

function total(amounts: readonly bigint[]): Units {
  return units(amounts.reduce((sum, amount) => sum + amount, 0n))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
