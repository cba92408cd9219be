// A month of the books: every account rolled forward by cause, the invoices and credit notes of the month, and the checks that all of it agrees, with the
// charges of events, the documents, the deferred lines and the credit blocks. Everything is read in one snapshot, so that a difference is one.
// A month is UTC, and a figure belongs to the month in which its transfers were posted.

import { InputError, instant, parseUnits, rollForward, units, ZERO, type Books, type Instant, type Units } from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { closedMoves, lastClosedDay, ledgerMoves } from '../../store/books.ts'
import { deferredByLine, invoicesPosted, notesPosted, openBlocks, openUnits, outstanding, type DocumentSums } from '../../store/books-check.ts'
import { providerCosts, usageEarned } from '../../store/usage-days.ts'
import type { ControlPlane } from '../control-plane.ts'
import { addUpUsage, byAsset, dayText, movesBetween } from './days.ts'
import { entriesDisagree } from './journal-entries.ts'

export type BookCheck = {
  /** What is held against what. */
  readonly name: string
  readonly asset: string
  readonly left: Units
  readonly right: Units
  readonly agrees: boolean
}

export type DocumentTotals = { readonly documents: number; readonly net: Units; readonly tax: Units; readonly gross: Units }
export type AssetMonth = { readonly books: Books; readonly invoices: DocumentTotals; readonly notes: DocumentTotals }

export type BooksMonth = {
  readonly month: string
  readonly from: Instant
  readonly to: Instant
  /** The last day that is closed; null before the first. */
  readonly closedThrough: string | null
  /** Its end is not over: balances are those of now. */
  readonly isRunning: boolean
  readonly assets: readonly AssetMonth[]
  readonly checks: readonly BookCheck[]
}

export async function booksOfMonth(plane: ControlPlane, month: string): Promise<BooksMonth> {
  const span = monthSpan(month)
  await addUpUsage(plane)
  return plane.sql.begin('isolation level repeatable read read only', async (tx) => {
    const now = plane.clock.now()
    const [opening, moves] = [byAsset(await movesBetween(tx, { from: null, to: span.from })), byAsset(await movesBetween(tx, span))]
    const [invoices, notes] = [await invoicesPosted(tx, span), await notesPosted(tx, span)]
    const assets = [...new Set([...opening.keys(), ...moves.keys()])].sort().map((asset): AssetMonth => {
      const balances = new Map<string, Units>()
      for (const { account, debits, credits } of opening.get(asset) ?? []) balances.set(account, units((balances.get(account) ?? ZERO) + credits - debits))
      return { books: rollForward(asset, balances, moves.get(asset) ?? []), invoices: totalsOf(invoices, asset), notes: totalsOf(notes, asset) }
    })
    const isRunning = span.to > now
    const checks = [
      ...assets.flatMap(documentChecks),
      ...(await usageChecks(tx, span, assets)),
      ...(await closedDayChecks(tx, span)),
      ...(isRunning ? await standingChecks(tx, assets) : []),
      ...(await entriesDisagree(tx, span)),
    ]
    return { month, ...span, closedThrough: await lastClosedDay(tx), isRunning, assets, checks }
  }) as Promise<BooksMonth>
}

export function monthSpan(month: string): { readonly from: Instant; readonly to: Instant } {
  const match = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month)
  if (match === null) throw new InputError({ code: 'invalid_value', field: 'month', message: `a month is written as 2026-11, not ${JSON.stringify(month)}` })
  const [year, number] = [Number(match[1]), Number(match[2])]
  return { from: instant(Date.UTC(year, number - 1, 1)), to: instant(Date.UTC(year, number, 1)) }
}

function totalsOf(rows: readonly DocumentSums[], asset: string): DocumentTotals {
  const row = rows.find(({ currency }) => currency === asset)
  if (row === undefined) return { documents: 0, net: ZERO, tax: ZERO, gross: ZERO }
  return { documents: Number(row.documents), net: parseUnits(row.net, asset), tax: parseUnits(row.tax, asset), gross: parseUnits(row.gross, asset) }
}

export function checkOf(name: string, asset: string, left: bigint, right: bigint): BookCheck {
  return { name, asset, left: units(left), right: units(right), agrees: left === right }
}

/** What the ledger moved for documents is what they say. */
function documentChecks({ books, invoices, notes }: AssetMonth): BookCheck[] {
  const { asset } = books
  return [
    checkOf('debits = credits', asset, books.imbalance, 0n),
    checkOf('amounts due of invoices = receivable by invoices', asset, invoices.gross, movement(books, 'receivable', 'invoice')),
    checkOf('tax of invoices = tax payable by invoices', asset, invoices.tax, movement(books, 'tax_payable', 'invoice')),
    checkOf('credit notes with tax = receivable by credit notes', asset, -notes.gross, movement(books, 'receivable', 'credit_note')),
    checkOf('tax of credit notes = tax payable by credit notes', asset, -notes.tax, movement(books, 'tax_payable', 'credit_note')),
  ]
}

async function usageChecks(tx: Transaction, span: Span, assets: readonly AssetMonth[]): Promise<BookCheck[]> {
  const [earned, costs] = [await usageEarned(tx, span), await providerCosts(tx, span)]
  const amountIn = (rows: readonly { readonly asset: string }[], asset: string, text: (row: never) => string) => rows.filter((row) => row.asset === asset).reduce((sum, row) => sum + parseUnits(text(row as never), asset), 0n)
  return assets.flatMap(({ books }) => [
    checkOf('charges of events = usage revenue', books.asset, amountIn(earned, books.asset, ({ amount }: { amount: string }) => amount), movement(books, 'usage_revenue', 'usage')),
    checkOf('provider cost of events = provider cost', books.asset, amountIn(costs, books.asset, ({ cost }: { cost: string }) => cost), movement(books, 'provider_cost', 'provider_cost')),
  ])
}

/** Days that are closed say what the ledger says today. */
async function closedDayChecks(tx: Transaction, span: Span): Promise<BookCheck[]> {
  const last = await lastClosedDay(tx)
  if (last === null || last < dayText(span.from)) return []
  const to = instant(Math.min(span.to, Date.parse(last) + 86_400_000))
  const [closed, ledger] = [byAsset(await closedMoves(tx, { from: dayText(span.from), to: dayText(to) })), byAsset(await ledgerMoves(tx, { from: span.from, to }))]
  return [...new Set([...closed.keys(), ...ledger.keys()])].sort().flatMap((asset) => {
    const own = (closed.get(asset) ?? []).filter(({ cause }) => cause !== 'provider_cost')
    const now = ledger.get(asset) ?? []
    const differing = [...new Set([...own, ...now].map(({ account, cause }) => `${account} ${cause}`))].flatMap((key) => {
      const net = (moves: typeof own) => moves.filter(({ account, cause }) => `${account} ${cause}` === key).reduce((sum, { debits, credits }) => sum + credits - debits, 0n)
      return net(own) === net(now) ? [] : [checkOf(`closed days = ledger: ${key}`, asset, net(own), net(now))]
    })
    const volume = (moves: typeof own) => moves.reduce((sum, { debits }) => sum + debits, 0n)
    return [checkOf('closed days = ledger', asset, volume(own), volume(now)), ...differing]
  })
}

/** Each transfer of such credits is told in money by itself, to 12 decimal places: over a million of them the sum may differ in the sixth. */
function nearly(check: BookCheck): BookCheck {
  const difference = check.left - check.right
  return { ...check, agrees: difference < MILLIONTH && difference > -MILLIONTH }
}

const MILLIONTH = 1_000_000n

/** What stands now: only a month that still runs ends in it. */
async function standingChecks(tx: Transaction, assets: readonly AssetMonth[]): Promise<BookCheck[]> {
  const [deferred, due, blocks, units] = [await deferredByLine(tx, null), await outstanding(tx, null), await openBlocks(tx), await openUnits(tx)]
  const sum = (rows: readonly { readonly asset: string; readonly amount: string }[], asset: string) => rows.filter((row) => row.asset === asset).reduce((total, { amount }) => total + parseUnits(amount, asset), 0n)
  return assets.flatMap(({ books }) => {
    const closing = (account: string) => books.accounts.find((one) => one.account === account)?.closing ?? 0n
    return [
      checkOf('deferred by invoice line = deferred revenue', books.asset, sum(deferred, books.asset), closing('deferred_revenue')),
      checkOf('invoices outstanding = receivable', books.asset, sum(due, books.asset), closing('receivable')),
      checkOf('open blocks that were bought = prepaid credit', books.asset, sum(blocks.filter(({ category }) => category === 'paid'), books.asset), closing('wallet_paid')),
      nearly(checkOf('what was paid for open credits = prepaid credits', books.asset, sum(units, books.asset), closing('wallet_units'))),
      checkOf('open blocks that were given = promotional credit', books.asset, sum(blocks.filter(({ category }) => category === 'promotional'), books.asset), closing('wallet_promotional')),
    ]
  })
}

type Span = { readonly from: Instant; readonly to: Instant }

function movement(books: Books, account: string, cause: string): bigint {
  return books.accounts.find((one) => one.account === account)?.movements.find((move) => move.cause === cause)?.amount ?? 0n
}
