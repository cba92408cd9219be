// From a customer's facts to what an invoice says. Pure: a preview at any time, a draft and the final invoice are this same function, so that
// they cannot differ but by what happened in between.

import {
  closeInvoice, dueLines, exemptNote, formatDecimal, formatPercent, formatQuantity, formatUnits, isDeferred, parseUnits, plainLine, previewInvoice, REVERSE_CHARGE_NOTE, units, ZERO,
  type ChargeLine, type ClosedInvoice, type Discount, type DocumentLine, type Instant, type InvoiceDocument, type InvoicedLine, type InvoiceLine, type InvoicePosting, type InvoicePreview, type Party, type PreviewInput, type RecurringPrice, type Span, type TaxTreatment, type Units,
} from '@tollgate/core'
import type { CustomerContext } from '../customer-contexts.ts'
import type { CreditCategory, ItemRow, UsageCredit } from '../../store/invoices.ts'
import type { BillingProfile, BillingSettings } from './settings.ts'

/** What one period of a customer comes to by now, and what was asked for of it. */
export type PeriodFacts = {
  readonly period: Span
  readonly input: Omit<PreviewInput, 'currency'>
  /** What the plan of its beginning asks for time, due or not. */
  readonly recurring: readonly RecurringPrice[]
  readonly invoiced: readonly InvoicedLine[]
  readonly credits: readonly Omit<UsageCredit, 'customer' | 'periodStart'>[]
  /** Credit that earlier invoices of the period showed, exact. */
  readonly shown: Readonly<Record<CreditCategory, Units>>
}

export type ComposeInput = {
  readonly context: CustomerContext
  readonly now: Instant
  /** `opening`: only what is due in advance. `progressive`: usage so far. `period`: all of it. */
  readonly kind: 'opening' | 'progressive' | 'period'
  readonly current: PeriodFacts
  /** Of an opening: the period before it, where it ended early; what was paid for the rest of it is given back at once. */
  readonly cutShort?: PeriodFacts | undefined
  /** Periods that were closed before. */
  readonly earlier: readonly PeriodFacts[]
  readonly items: readonly ItemRow[]
  readonly tax: TaxTreatment
}

export type Composed = {
  readonly closed: ClosedInvoice
  readonly preview: InvoicePreview
  readonly posting: InvoicePosting
  /** Credits of other assets that the invoice turned into money. */
  readonly exchanged: readonly { readonly asset: string; readonly credits: Units; readonly money: Units }[]
  readonly shown: readonly { readonly periodStart: Instant; readonly category: CreditCategory; readonly amount: Units }[]
  readonly items: readonly string[]
}

export function compose(input: ComposeInput): Composed {
  const { context, current } = input
  const { currency } = context.plan
  const preview = previewInvoice({ ...current.input, currency })
  const own = [...(input.cutShort === undefined ? [] : ownLines(input, input.cutShort, previewInvoice({ ...input.cutShort.input, currency }))), ...ownLines(input, current, preview)]
  const late = input.kind === 'period' ? input.earlier.map((facts) => ({ facts, lines: lateLines(facts, currency) })) : []
  const items = input.kind === 'period' ? input.items.filter((item) => item.currency === currency) : []
  const lines = [...own, ...late.flatMap((one) => one.lines), ...items.map(itemLine)]
  const periods = input.kind === 'opening' ? [] : [current, ...late.filter((one) => one.lines.length > 0).map(({ facts }) => facts)]
  const shown = periods.flatMap((facts) => creditsOf(facts, currency))
  const sumOf = (category: CreditCategory) => nonNegative(sum(shown.filter((credit) => credit.category === category).map(({ amount }) => amount)))
  const closed = closeInvoice({ currency, lines, discounts: input.kind === 'period' ? discountsOf(preview) : [], included: sumOf('included'), promotional: sumOf('promotional'), prepaid: sumOf('paid'), tax: input.tax })
  return { closed, preview, ...postingOf(closed, { tax: input.tax, now: input.now, shown, credits: current.credits }), shown, items: items.map(({ id }) => id) }
}

/** What is to be asked for of a period by now, of the kinds of line that this invoice asks for. */
function ownLines({ kind }: ComposeInput, facts: PeriodFacts, preview: InvoicePreview): ChargeLine[] {
  const isAsked = (line: { readonly kind: string; readonly price: string }) => isDue(line, kind, facts)
  return dueLines(linesOf(preview, facts.period).filter(isAsked), facts.invoiced.filter(isAsked), facts.period).map((line) => asProration(line, facts, preview.lines))
}

/** The lines of a whole period. */
function linesOf(preview: InvoicePreview, period: Span): ChargeLine[] {
  return preview.lines.filter(({ kind }) => !isDiscount(kind)).map((line) => ({
    kind: line.kind === 'commitment' ? 'true_up' : (line.kind as ChargeLine['kind']), price: line.price, entry: line.entry, name: line.name, period, quantity: line.quantity, included: line.included, billable: line.billable, scale: line.scale, events: line.events,
    charges: line.kind === 'usage' ? units(line.exact - line.opening) : ZERO, exact: line.exact,
    ...(line.time === undefined ? {} : { time: line.time }),
  }))
}

/** What the contract and coupons take off the whole. */
function discountsOf(preview: InvoicePreview): Discount[] {
  return preview.lines.filter(({ kind }) => isDiscount(kind)).map(({ price, name, exact }) => ({ id: price, name, amount: units(-exact) }))
}

function isDiscount(kind: InvoiceLine['kind']): boolean {
  return kind === 'discount' || kind === 'coupon'
}

/** What a change in mid-period gives back or asks for beyond the fee of the period's beginning. */
function asProration(line: ChargeLine, { recurring, input: { period: { end } } }: PeriodFacts, changes: readonly InvoiceLine[]): ChargeLine {
  if (line.kind !== 'fee' || (line.before === undefined && line.time === undefined)) return line
  // What is not due at all any more is known by its id only.
  const name = line.name === line.price ? (recurring.find(({ id }) => id === line.price)?.name ?? line.name) : line.name
  const called = (what: string, time: Span | undefined): ChargeLine => ({ ...line, kind: 'proration', name: `${name} (${what})`, ...(time === undefined ? {} : { time }) })
  if (line.before === undefined) return called(line.time!.end < end ? 'until the change' : 'remaining time', line.time)
  const since = changes.find(({ price, entry }) => price === line.price && entry === line.entry)?.changedAt
  return called(line.exact < ZERO ? 'unused time' : 'change in mid-period', since === undefined ? line.time : { start: since, end })
}

function isDue(line: { readonly kind: string; readonly price: string }, kind: ComposeInput['kind'], { input }: PeriodFacts): boolean {
  const isUsage = line.kind === 'usage' || line.kind === 'credits'
  if (kind === 'period') return true
  if (kind === 'progressive') return isUsage
  return !isUsage && input.agreed.some(({ recurring }) => recurring.some((price) => price.id === line.price && price.timing === 'in_advance'))
}

/** What a closed period comes to beyond its invoices: its usage that came late or was corrected. */
function lateLines(facts: PeriodFacts, currency: string): ChargeLine[] {
  const preview = previewInvoice({ ...facts.input, currency })
  const usage = linesOf(preview, facts.period).filter(({ kind }) => kind === 'usage').map((line): ChargeLine => ({ ...line, kind: 'late_usage', name: `${line.name} (late)` }))
  // No time of it is due any more: its fees are given back. Other fees of a closed period stay as they were asked for.
  const isGone = facts.input.agreed.length === 0
  return dueLines(usage, facts.invoiced.filter(({ kind }) => kind === 'usage' || (isGone && kind === 'fee')), facts.period).map((line) => asProration(line, facts, preview.lines))
}

function itemLine(item: ItemRow): ChargeLine {
  const exact = parseUnits(item.amount, item.currency)
  const line = plainLine({ kind: item.kind, price: item.id, name: item.name, period: { start: item.periodStart, end: item.periodEnd }, exact })
  // What usage comes to otherwise was accrued when it was posted, as usage is.
  return item.kind === 'adjustment' ? { ...line, charges: exact } : line
}

/** Credit that paid usage since it was last shown. What the wallet owes is paid by its next top-up, as bought credit is. */
function creditsOf(facts: PeriodFacts, currency: string): Composed['shown'][number][] {
  const own = facts.credits.find(({ asset }) => asset === currency)
  if (own === undefined) return []
  const paid = units(parseUnits(own.paid, currency) + parseUnits(own.debt, currency) - facts.shown.paid)
  const promotional = units(parseUnits(own.promotional, currency) - facts.shown.promotional)
  const included = units(parseUnits(own.included, currency) - facts.shown.included)
  const of = (category: CreditCategory, amount: Units) => (amount === ZERO ? [] : [{ periodStart: facts.period.start, category, amount }])
  return [...of('included', included), ...of('paid', paid), ...of('promotional', promotional)]
}

function postingOf(closed: ClosedInvoice, of: { readonly tax: TaxTreatment; readonly now: Instant; readonly shown: Composed['shown']; readonly credits: PeriodFacts['credits'] }): Pick<Composed, 'posting' | 'exchanged'> {
  let [charges, fees, deferred] = [0n, 0n, 0n]
  const exchanged: { asset: string; credits: Units; money: Units }[] = []
  for (const line of closed.lines) {
    const isUsage = line.kind === 'usage' || line.kind === 'late_usage' || line.kind === 'adjustment'
    if (line.kind === 'credits') exchanged.push({ asset: line.price, credits: units(line.billable), money: line.exact })
    else if (isUsage) {
      const opening = line.before === undefined ? line.exact - line.charges : 0n
      charges += line.exact - opening
      fees += opening
    } else if (isDeferred(line, of.now)) deferred += line.exact
    else fees += line.exact
  }
  const paid = sum(of.shown.map(({ amount }) => amount))
  const discounts = sum(closed.discounts.map(({ amount }) => amount))
  return {
    exchanged,
    posting: { asset: closed.currency, accrued: units(charges - paid), fees: units(fees + sum(exchanged.map(({ money }) => money))), deferred: units(deferred), discounts, tax: closed.taxed.tax, isTaxInside: of.tax.kind === 'rates' && of.tax.inclusive, amountDue: closed.amountDue },
  }
}

export type Printing = {
  readonly number: string | null
  readonly issuedAt: Instant | null
  readonly dueAt: Instant | null
  readonly period: Span
  readonly timeZone: string
  readonly settings: BillingSettings | null
  readonly profile: BillingProfile
  readonly customerName: string
  readonly unitOf: (price: string) => string | null
  readonly tax: TaxTreatment
}

/** The document: everything that is printed, as text. */
export function documentOf(closed: ClosedInvoice, printing: Printing): InvoiceDocument {
  const { currency } = closed
  const { timeZone } = printing
  const amount = (value: Units) => formatUnits(value, currency)
  return {
    kind: 'invoice', number: printing.number, corrects: null,
    issued: printing.issuedAt === null ? null : dayOf(printing.issuedAt, timeZone), due: printing.dueAt === null ? null : dayOf(printing.dueAt, timeZone),
    ...daysOf(printing.period, timeZone), currency,
    seller: printing.settings?.seller ?? NOBODY,
    buyer: printing.profile.party ?? { ...NOBODY, name: printing.customerName },
    lines: closed.lines.map((line, index): DocumentLine => ({
      line: index + 1, kind: line.kind, price: line.price, name: line.name, ...daysOf(timeOf(line), timeZone), quantity: formatQuantity(line.quantity, line.scale), unit: printing.unitOf(line.price),
      included: formatQuantity(line.included, line.scale), exact: amount(line.exact), amount: amount(line.amount),
    })),
    subtotal: amount(closed.subtotal),
    discounts: closed.discounts.map(({ name, amount: off }) => ({ name, amount: amount(off) })),
    included: amount(closed.included), promotional: amount(closed.promotional), prepaid: amount(closed.prepaid), taxable: amount(closed.taxable),
    taxes: closed.taxed.taxes.map((tax) => ({ name: tax.rate.name, percent: formatPercent(tax.rate.percent), base: amount(tax.base), amount: amount(tax.amount) })),
    taxInclusive: printing.tax.kind === 'rates' && printing.tax.inclusive,
    total: amount(closed.total), amountDue: amount(closed.amountDue), rounding: amount(closed.rounding),
    notes: [...treatmentNotes(printing.tax), ...(printing.settings?.notes ?? [])],
  }
}

/** The time that a line is for. */
function timeOf(line: ChargeLine): Span {
  return line.time ?? line.period
}

const NOBODY: Party = { name: '', address: [], country: null, taxId: null, email: null }

/** Why there is no tax, as the law wants it said. */
export function treatmentNotes(tax: TaxTreatment): string[] {
  if (tax.kind === 'reverse_charge') return [REVERSE_CHARGE_NOTE]
  return tax.kind === 'exempt' ? [exemptNote(tax.reason)] : []
}

/** What the quantity of a line counts, by the price of the plan. */
export function unitOf({ plan, catalog }: CustomerContext): (price: string) => string | null {
  return (price) => {
    const meter = plan.prices.find(({ id }) => id === price)?.meter
    return meter === undefined ? null : (catalog.meterById.get(meter)?.unit ?? null)
  }
}

/** First and last day of a half-open span, in the customer's calendar. */
export function daysOf(span: Span, timeZone: string): { readonly from: string; readonly to: string } {
  return { from: dayOf(span.start, timeZone), to: dayOf((span.end > span.start ? span.end - 1 : span.end) as Instant, timeZone) }
}

export function dayOf(at: Instant, timeZone: string): string {
  // Most instants of a closing run are the boundaries of a few months.
  const key = `${at} ${timeZone}`
  const known = days.get(key)
  if (known !== undefined) return known
  const day = plainDayOf(at, timeZone)
  if (days.size >= DAYS_KEPT) days.clear()
  days.set(key, day)
  return day
}

const DAYS_KEPT = 1_000
const days = new Map<string, string>()

function plainDayOf(at: Instant, timeZone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate().toString()
}

export function numberText(series: string, number: bigint): string {
  return `${series}-${formatDecimal(number, 0).padStart(6, '0')}`
}


function nonNegative(amount: Units): Units {
  return amount > ZERO ? amount : ZERO
}

function sum(amounts: readonly bigint[]): Units {
  return units(amounts.reduce((total, amount) => total + amount, 0n))
}
