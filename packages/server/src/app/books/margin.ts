// The margin report: what customers, features, models, plans and days earned and cost. Usage comes from its days of settlement and all other revenue from
// the ledger, so that its revenue is that of the books of the same days. Amounts of other currencies are told in the catalog's, by the rates of the end
// of the span, which are named.

import {
  amountOfSpan, compileExchange, convert, DAY_MS, divideRounded, exchangeAt, formatUnits, InputError, instant, isCurrency, MARGIN_DAYS_MAX, MARGIN_GROUPS_MAX, marginShare, marginsOf, marginSum, parsePercent, parseUnits, pow10, assetScale, units, ZERO,
  type Instant, type Margin, type MarginGroup, type Overhead, type Units,
} from '@tollgate/core'
import type { Transaction } from '../../platform/postgres.ts'
import { exchangeRates } from '../../store/exchange.ts'
import { activeUsers, assetsInBooks, creditRevenue, customersPerGroup, otherRevenue, usageSums, type MarginDimension } from '../../store/margin.ts'
import type { ControlPlane } from '../control-plane.ts'
import { addUpUsage, dayText } from './days.ts'
import { bookSettings, type BookSettings, type OverheadSetting } from './settings.ts'

export type MarginInput = { readonly from: Instant; readonly to: Instant; readonly by: readonly MarginDimension[]; readonly customer: string | null }
export type MarginRow = { readonly group: readonly string[]; readonly margin: Margin; /** Hundredths of a percent. */ readonly share: bigint | null; readonly isBelowTarget: boolean }

export type MarginReport = {
  readonly currency: string
  readonly target: BookSettings['target']
  readonly total: Margin
  readonly share: bigint | null
  /** Largest revenue first; days in their order. */
  readonly rows: readonly MarginRow[]
  readonly overheads: readonly { readonly name: string; readonly amount: Units }[]
  readonly metrics: MarginMetrics
  /** Exchange rates that were used, by name. */
  readonly exchange: readonly string[]
  /** Amounts of assets that no rate tells in the currency: they are in no figure. */
  readonly unconverted: readonly { readonly asset: string; readonly revenue: string; readonly cost: string }[]
}

export type MarginMetrics = {
  /** Customers with usage or revenue. */
  readonly customers: number
  readonly revenuePerCustomer: Units | null
  readonly users: number
  readonly revenuePerUser: Units | null
  /** Revenue of the customers of the span before, now against then: hundredths of a percent; null without one. */
  readonly retention: bigint | null
  readonly plans: readonly { readonly plan: string; readonly requests: bigint; readonly margin: Units; readonly perRequest: Units | null }[]
}

export async function marginReport(plane: ControlPlane, input: MarginInput): Promise<MarginReport> {
  if (input.from >= input.to) throw new InputError({ code: 'out_of_range', field: 'to', message: 'to must not be before from' })
  if (input.to - input.from > MARGIN_DAYS_MAX * DAY_MS) throw new InputError({ code: 'out_of_range', field: 'to', message: `at most ${MARGIN_DAYS_MAX} days` })
  await addUpUsage(plane)
  return plane.sql.begin('isolation level repeatable read read only', async (tx) => {
    const settings = await bookSettings(tx)
    const money = await converter(tx, plane, input)
    const overheads = settings.overhead.map((setting) => overheadOf(setting, input, money.currency))
    const groups = await groupsOf(tx, input, money)
    if (groups.size > MARGIN_GROUPS_MAX) throw new InputError({ code: 'out_of_range', field: 'by', message: `${groups.size} groups are more than the ${MARGIN_GROUPS_MAX} that one report holds: ask for fewer days or dimensions, or for one customer` })
    const keys = [...groups.keys()]
    const margins = marginsOf([...groups.values()], overheads)
    const rows = margins.map((margin, index): MarginRow => rowOf(JSON.parse(keys[index]!) as string[], margin, settings))
    const total = marginSum(margins)
    return {
      currency: money.currency, target: settings.target, total, share: marginShare(total), rows: sorted(rows, input.by),
      overheads: overheads.map((one) => ({ name: one.name, amount: units(marginsOf([...groups.values()], [one]).reduce((sum, { overhead }) => sum + overhead, 0n)) })),
      metrics: await metricsOf(tx, input, { money, total, overheads }), exchange: [...money.used], unconverted: money.unconverted(),
    }
  }) as Promise<MarginReport>
}

function rowOf(group: readonly string[], margin: Margin, settings: BookSettings): MarginRow {
  const share = marginShare(margin)
  return { group, margin, share, isBelowTarget: isBelow(settings.target, share) }
}

/** Without revenue there is no share, and nothing to hold against a target. */
export function isBelow(target: BookSettings['target'], share: bigint | null): boolean {
  return share !== null && target !== null && share * PERCENT_OF_SHARE < parsePercent(target.min, 'target.min')
}

/** Ratios have nine decimal places, shares of a margin four. */
const PERCENT_OF_SHARE = pow10(5)

function sorted(rows: readonly MarginRow[], by: readonly MarginDimension[]): MarginRow[] {
  const text = ({ group }: MarginRow) => JSON.stringify(group)
  const isByDay = by[0] === 'day'
  return rows.toSorted((a, b) => (isByDay || a.margin.revenue === b.margin.revenue ? (text(a) < text(b) ? -1 : 1) : a.margin.revenue > b.margin.revenue ? -1 : 1))
}

type Money = Awaited<ReturnType<typeof converter>>

async function groupsOf(tx: Transaction, input: MarginInput, money: Money): Promise<Map<string, MarginGroup>> {
  const groups = new Map<string, MarginGroup>()
  const add = (group: readonly string[], of: Partial<MarginGroup>) => {
    const key = JSON.stringify(group)
    const known = groups.get(key) ?? { requests: 0n, uncosted: 0n, uncostedCharges: ZERO, customers: 0n, charges: ZERO, other: ZERO, cost: ZERO }
    groups.set(key, {
      requests: known.requests + (of.requests ?? 0n), uncosted: known.uncosted + (of.uncosted ?? 0n), uncostedCharges: units(known.uncostedCharges + (of.uncostedCharges ?? 0n)), customers: known.customers + (of.customers ?? 0n),
      charges: units(known.charges + (of.charges ?? 0n)), other: units(known.other + (of.other ?? 0n)), cost: units(known.cost + (of.cost ?? 0n)),
    })
  }
  for (const row of await usageSums(tx, input)) {
    const isCosted = row.costCurrency !== ''
    const charges = money.revenue(row.asset, row.amount)
    add(row.group, { requests: row.events, charges, ...(isCosted ? {} : { uncosted: row.events, uncostedCharges: charges }), cost: isCosted ? money.cost(row.costCurrency, row.cost) : ZERO })
  }
  for (const { group, customers } of await customersPerGroup(tx, input)) add(group, { customers })
  for (const row of await otherRevenue(tx, input)) add(row.group, { other: money.revenue(row.asset, row.amount) })
  return groups
}

/** Tells amounts in the catalog's currency. */
async function converter(tx: Transaction, plane: ControlPlane, input: MarginInput) {
  const catalog = plane.catalogs.current()
  const { currency } = catalog
  const at = instant(input.to - 1)
  const quotes = await exchangeRates(tx, { currencies: [currency, ...(await assetsInBooks(tx)).filter(isCurrency)], from: dayText(at - 8 * DAY_MS), knownAt: null, limit: QUOTES_MAX })
  const table = compileExchange(quotes)
  const used = new Set<string>()
  const missed = new Map<string, { revenue: bigint; cost: bigint }>()
  const told = (asset: string, text: string, side: 'revenue' | 'cost'): Units => {
    const amount = parseUnits(text, asset)
    if (asset === currency || amount === ZERO) return amount
    const earned = realised.get(asset)
    if (earned !== undefined) return earned.used > ZERO ? units(divideRounded(amount * earned.revenue, earned.used)) : ZERO
    const value = isCurrency(asset) ? null : (catalog.creditAssets.get(asset)?.value ?? null)
    if (value !== null) return units(divideRounded(amount * value, pow10(assetScale(asset))))
    const rate = isCurrency(asset) ? exchangeAt(table, { from: asset, to: currency, at }) : null
    if (rate === null) {
      const known = missed.get(asset) ?? { revenue: 0n, cost: 0n }
      missed.set(asset, { ...known, [side]: known[side] + amount })
      return ZERO
    }
    if (rate.name !== undefined) used.add(rate.name)
    return convert({ asset, units: amount }, rate).units
  }
  // Credits of another unit are worth what was paid for those that were used, as in the books; where nobody told, what the catalog says.
  const realised = new Map<string, { readonly revenue: Units; readonly used: Units }>()
  const usedOf = await usageSums(tx, { ...input, by: [] })
  for (const row of await creditRevenue(tx, input)) {
    const consumed = usedOf.reduce((sum, one) => (one.asset === row.asset ? sum + parseUnits(one.amount, row.asset) : sum), 0n)
    realised.set(row.asset, { revenue: units((realised.get(row.asset)?.revenue ?? 0n) + told(row.currency, row.revenue, 'revenue')), used: units(consumed) })
  }
  return {
    currency, used,
    revenue: (asset: string, text: string) => told(asset, text, 'revenue'),
    cost: (asset: string, text: string) => told(asset, text, 'cost'),
    unconverted: () => [...missed].map(([asset, sums]) => ({ asset, revenue: formatUnits(units(sums.revenue), asset), cost: formatUnits(units(sums.cost), asset) })),
  }
}

/** Quotes of a week among the currencies of an installation. */
const QUOTES_MAX = 5_000

function overheadOf(setting: OverheadSetting, span: { readonly from: Instant; readonly to: Instant }, currency: string): Overhead {
  if (setting.kind === 'per_request') return { kind: 'per_request', name: setting.name, amount: parseUnits(setting.amount, currency) }
  if (setting.kind === 'monthly') return { kind: 'shared', name: setting.name, amount: amountOfSpan(parseUnits(setting.amount, currency), { start: span.from, end: span.to }), key: setting.key }
  const percent = parsePercent(setting.percent, 'percent')
  return setting.kind === 'percent_of_cost' ? { kind: 'of_cost', name: setting.name, percent } : { kind: 'of_revenue', name: setting.name, percent }
}

async function metricsOf(tx: Transaction, input: MarginInput, of: { readonly money: Money; readonly total: Margin; readonly overheads: readonly Overhead[] }): Promise<MarginMetrics> {
  const { money, total } = of
  const now = await revenueByCustomer(tx, input, money)
  const before = await revenueByCustomer(tx, { ...input, ...spanBefore(input) }, money)
  const earlier = [...before].filter(([, revenue]) => revenue > 0n)
  const [then, kept] = [earlier.reduce((sum, [, revenue]) => sum + revenue, 0n), earlier.reduce((sum, [customer]) => sum + (now.get(customer) ?? 0n), 0n)]
  const users = await activeUsers(tx, input)
  const plans = await groupsOf(tx, { ...input, by: ['plan'] }, money)
  const margins = marginsOf([...plans.values()], of.overheads)
  return {
    customers: now.size, revenuePerCustomer: per(total.revenue, BigInt(now.size)), users, revenuePerUser: per(total.revenue, BigInt(users)), retention: then === 0n ? null : divideRounded(kept * 10_000n, then),
    plans: [...plans.keys()].map((key, index) => ({ plan: (JSON.parse(key) as string[])[0]!, requests: margins[index]!.requests, margin: margins[index]!.margin, perRequest: per(margins[index]!.margin, margins[index]!.requests) })).sort((a, b) => (a.plan < b.plan ? -1 : 1)),
  }
}

async function revenueByCustomer(tx: Transaction, input: MarginInput, money: Money): Promise<Map<string, bigint>> {
  const groups = await groupsOf(tx, { ...input, by: ['customer'] }, money)
  return new Map([...groups].map(([key, { charges, other }]) => [(JSON.parse(key) as string[])[0]!, charges + other]))
}

/** Of whole months the month before, however long; else as many days. */
export function spanBefore({ from, to }: { readonly from: Instant; readonly to: Instant }): { readonly from: Instant; readonly to: Instant } {
  const [start, end] = [new Date(from), new Date(to)]
  const months = (end.getUTCFullYear() - start.getUTCFullYear()) * 12 + end.getUTCMonth() - start.getUTCMonth()
  if (start.getUTCDate() === 1 && end.getUTCDate() === 1) return { from: instant(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() - months, 1)), to: from }
  return { from: instant(from - (to - from)), to: from }
}

function per(amount: Units, count: bigint): Units | null {
  return count > 0n ? units(divideRounded(amount, count)) : null
}
