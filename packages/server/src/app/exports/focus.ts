// What customers are charged, in the columns of FOCUS 1.4. Usage is by day, meter, feature, model and entity; credit that was bought is a purchase when
// it is bought, and what it pays of usage is a credit row, so that nothing is billed twice; fees, tax, discounts and credit notes are rows of the
// documents that say them. Σ BilledCost is what is asked for in money; Σ EffectiveCost of usage is its charges.

import { divideRounded, DAY_MS, FOCUS_CUSTOMERS_PER_PAGE, formatInstant, formatUnits, instant, isCurrency, parseUnits, pow10, assetScale, units, USAGE_LINES, type Instant, type InvoiceDocument, type LineKind, type Span } from '@tollgate/core'
import { readSettings } from '../../store/billing.ts'
import { loadFacts, type StoredFacts } from '../../store/customers.ts'
import type { ExportRow } from '../../store/exports.ts'
import { creditsBought, customersAfter, documentsIssued, paidByDay, usageByDay, type Bought, type IssuedDocument, type PaidOfDay, type UsageOfDay } from '../../store/focus.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { BillingSettings } from '../invoices/settings.ts'
import type { Column, DatasetPage, PageRequest } from './dataset.ts'

export const FOCUS_COLUMNS = [
  ['BillingAccountId', 'text'], ['BillingAccountName', 'text'], ['SubAccountId', 'text'], ['SubAccountType', 'text'], ['BillingCurrency', 'text'], ['BillingPeriodStart', 'time'], ['BillingPeriodEnd', 'time'], ['ChargePeriodStart', 'time'], ['ChargePeriodEnd', 'time'],
  ['ChargeCategory', 'text'], ['ChargeClass', 'text'], ['ChargeDescription', 'text'], ['ChargeFrequency', 'text'], ['BilledCost', 'money'], ['EffectiveCost', 'money'], ['ListCost', 'money'], ['ContractedCost', 'money'],
  ['PricingCategory', 'text'], ['PricingQuantity', 'quantity'], ['PricingUnit', 'text'], ['PricingCurrency', 'text'], ['PricingCurrencyEffectiveCost', 'money'], ['ConsumedQuantity', 'quantity'], ['ConsumedUnit', 'text'],
  ['SkuId', 'text'], ['SkuMeter', 'text'], ['SkuPriceId', 'text'], ['ServiceCategory', 'text'], ['ServiceSubcategory', 'text'], ['ServiceName', 'text'], ['ServiceProviderName', 'text'], ['HostProviderName', 'text'], ['InvoiceIssuerName', 'text'],
  ['InvoiceId', 'text'], ['ResourceId', 'text'], ['ResourceType', 'text'], ['Tags', 'text'], ['x_Events', 'integer'], ['x_Plan', 'text'],
] as const satisfies readonly Column[]

type ColumnName = (typeof FOCUS_COLUMNS)[number][0]
type FocusRow = Partial<Readonly<Record<ColumnName, string>>>

export async function focusRows(plane: ControlPlane, request: PageRequest): Promise<DatasetPage> {
  return plane.sql.begin('isolation level repeatable read read only', async (tx): Promise<DatasetPage> => {
    const customers = await customersAfter(tx, { after: request.after?.[0] ?? '', customer: request.customer, limit: FOCUS_CUSTOMERS_PER_PAGE })
    const of = { customers, from: request.from, to: request.to }
    const [facts, settings] = [await loadFacts(tx, customers), (await readSettings(tx)) as BillingSettings | null]
    const [usage, paid, bought, documents] = [await usageByDay(tx, of), await paidByDay(tx, of), await creditsBought(tx, of), await documentsIssued(tx, of)]
    const rows = customers.flatMap((customer) => {
      const account = accountOf(plane, facts.get(customer)!, settings?.seller.name ?? 'Tollgate')
      const own = <Row extends { readonly customer: string }>(list: readonly Row[]) => list.filter((row) => row.customer === customer)
      return [...own(usage).map((row) => usageRow(account, row)), ...own(paid).map((row) => paidRow(account, row)), ...own(bought).map((row) => boughtRow(account, row)), ...own(documents).flatMap((row) => documentRows(account, row))]
    })
    return { rows: rows.map((row): ExportRow => FOCUS_COLUMNS.map(([name]) => row[name] ?? null)), next: customers.length < FOCUS_CUSTOMERS_PER_PAGE ? null : [customers.at(-1)!] }
  }) as Promise<DatasetPage>
}

type Account = {
  readonly plane: ControlPlane
  readonly currency: string
  readonly base: FocusRow
  readonly periodAt: (at: Instant) => Span
  readonly planAt: (at: Instant) => string
}

function accountOf(plane: ControlPlane, facts: StoredFacts, seller: string): Account {
  const at = (when: Instant) => plane.contexts.at(facts, when)
  return {
    plane, currency: at(plane.clock.now()).plan.currency, periodAt: (when) => at(when).snapshot.period, planAt: (when) => at(when).plan.id,
    base: {
      BillingAccountId: facts.customer, BillingAccountName: facts.name, ServiceCategory: 'AI and Machine Learning', ServiceSubcategory: 'Generative AI', ServiceProviderName: seller, HostProviderName: seller, InvoiceIssuerName: seller,
    },
  }
}

function usageRow(account: Account, row: UsageOfDay): FocusRow {
  const meter = account.plane.catalogs.current().meterById.get(row.meter)
  const unit = meter?.unit ?? row.meter
  const quantity = row.kind === 'sum' ? row.quantity : String(row.events)
  const cost = moneyOf(account, row.asset, row.amount)
  return {
    ...dayRow(account, row.day, row.periodStart), ...costs(isCurrency(row.asset) ? row.amount : '0', cost), ChargeCategory: 'Usage', ChargeFrequency: 'Usage-Based', PricingCategory: 'Standard',
    ChargeDescription: [meter?.name ?? row.meter, row.model, row.feature].filter((text) => text !== '').join(', '), PricingQuantity: quantity, PricingUnit: unit, ConsumedQuantity: quantity, ConsumedUnit: unit,
    PricingCurrency: row.asset, PricingCurrencyEffectiveCost: row.amount, SkuId: row.meter, SkuMeter: meter?.name ?? row.meter, SkuPriceId: [row.meter, row.model].filter((text) => text !== '').join('/'),
    ServiceName: row.feature === '' ? 'Usage' : row.feature, x_Events: String(row.events), ...(row.model === '' ? {} : { ResourceId: row.model, ResourceType: 'Model' }),
    ...(row.entity === '' ? {} : { SubAccountId: row.entity, SubAccountType: 'Entity' }), Tags: JSON.stringify({ ...(row.feature === '' ? {} : { feature: row.feature }), ...(row.model === '' ? {} : { model: row.model }) }),
  }
}

const PAID_BY = { paid: 'Paid from prepaid credit', promotional: 'Promotional credit', included: 'Included in the plan’s fee' } as const

/** Usage that is not billed. Bought credit was billed when it was bought, so that the usage keeps its effective cost; what was given away lowers it. */
function paidRow(account: Account, row: PaidOfDay): FocusRow {
  const amount = moneyOf(account, row.asset, row.amount)
  const billed = isCurrency(row.asset) ? negated(row.amount, row.asset) : '0'
  return { ...dayRow(account, row.day, row.periodStart), ...costs(billed, row.category === 'paid' ? '0' : negated(amount, account.currency)), ChargeCategory: 'Credit', ChargeDescription: PAID_BY[row.category], ServiceName: 'Credit', PricingCurrency: row.asset }
}

function boughtRow(account: Account, row: Bought): FocusRow {
  const period = account.periodAt(row.at)
  return {
    ...dayRow(account, formatInstant(row.at).slice(0, 10), period.start), ...(row.currency === null ? {} : { BillingCurrency: row.currency }), ...costs(row.billed, '0'), ChargeCategory: row.isTax ? 'Tax' : 'Purchase', ...(row.isRefund ? { ChargeClass: 'Correction' } : {}), ChargeFrequency: 'One-Time',
    ChargeDescription: `${row.isTax ? 'Tax on prepaid credit' : 'Prepaid credit'}${row.isRefund ? ', refunded' : ''}`, ServiceName: 'Credit', PricingCurrency: row.asset, SkuId: row.id, PricingQuantity: row.amount, PricingUnit: isCurrency(row.asset) ? row.asset : 'credits',
  }
}

/** What a document asks for beside usage, which has its own rows: fees, items, tax, discounts, and the difference that printing made. */
function documentRows(account: Account, { document, periodStart, periodEnd }: IssuedDocument): FocusRow[] {
  const isNote = document.kind === 'credit_note'
  const sign = (amount: string) => (isNote ? negated(amount, document.currency) : amount)
  const base: FocusRow = {
    ...account.base, BillingCurrency: document.currency, BillingPeriodStart: formatInstant(periodStart), BillingPeriodEnd: formatInstant(periodEnd), InvoiceId: document.number ?? '', ServiceName: 'Subscription', x_Plan: account.planAt(periodStart),
    ChargePeriodStart: `${document.from}T00:00:00.000Z`, ChargePeriodEnd: formatInstant(instant(Date.parse(document.to) + DAY_MS)), PricingCurrency: document.currency, ...(isNote ? { ChargeClass: 'Correction' } : {}),
  }
  const lines = document.lines.filter(({ kind }) => isNote || isOfDocument(kind)).map((line): FocusRow => ({
    ...base, ...costs(sign(line.amount), line.kind === 'credits' ? '0' : sign(line.amount)), ChargeCategory: isNote || line.kind === 'true_up' || line.kind === 'proration' || line.kind === 'adjustment' ? 'Adjustment' : 'Purchase', ChargeFrequency: line.kind === 'fee' ? 'Recurring' : 'One-Time',
    ChargeDescription: line.name, SkuId: line.price, PricingQuantity: line.quantity, PricingUnit: line.unit ?? 'units', ChargePeriodStart: `${line.from}T00:00:00.000Z`, ChargePeriodEnd: formatInstant(instant(Date.parse(line.to) + DAY_MS)),
  }))
  const other = (category: string, description: string, amount: string): FocusRow[] => (/^-?0(\.0+)?$/.test(amount) ? [] : [{ ...base, ...costs(amount, category === 'Tax' ? '0' : amount), ChargeCategory: category, ChargeDescription: description }])
  return [
    ...lines, ...document.discounts.flatMap(({ name, amount }) => other('Credit', name, negated(amount, document.currency))), ...document.taxes.flatMap(({ name, amount }) => other('Tax', name, sign(amount))),
    ...(isNote ? [] : other('Adjustment', 'Rounding', roundingOfUsage(document))),
  ]
}

/** Usage that was rated again, or told in credits, has no rows of usage in this currency. */
function isOfDocument(kind: string): boolean {
  return kind === 'credits' || kind === 'adjustment' || !USAGE_LINES.has(kind as LineKind)
}

/** Fees are shown as printed, usage as charged: what printing made of the whole, less what is in the fees already. */
function roundingOfUsage(document: InvoiceDocument): string {
  const amount = (text: string) => parseUnits(text, document.currency)
  const fees = document.lines.filter(({ kind }) => isOfDocument(kind)).reduce((sum, line) => sum + amount(line.amount) - amount(line.exact), 0n)
  return formatUnits(units(amount(document.rounding) - fees), document.currency)
}

function dayRow(account: Account, day: string, periodStart: Instant): FocusRow {
  const start = instant(Date.parse(day))
  const period = account.periodAt(periodStart)
  return {
    ...account.base, BillingCurrency: account.currency, BillingPeriodStart: formatInstant(period.start), BillingPeriodEnd: formatInstant(period.end), ChargePeriodStart: formatInstant(start), ChargePeriodEnd: formatInstant(instant(start + DAY_MS)),
    x_Plan: account.planAt(periodStart),
  }
}

/** List and contracted costs are what is charged: the catalog has one price for a customer, its contract's. */
function costs(billed: string, effective: string): FocusRow {
  return { BilledCost: billed, EffectiveCost: effective, ListCost: effective, ContractedCost: effective }
}

/** Credits of another unit at what one costs; nothing where they can only be bought. */
function moneyOf(account: Account, asset: string, amount: string): string {
  if (isCurrency(asset)) return amount
  const value = account.plane.catalogs.current().creditAssets.get(asset)?.value ?? null
  return value === null ? '0' : formatUnits(units(divideRounded(parseUnits(amount, asset) * value, pow10(assetScale(asset)))), account.currency)
}

function negated(amount: string, asset: string): string {
  return formatUnits(units(-parseUnits(amount, asset)), asset)
}
