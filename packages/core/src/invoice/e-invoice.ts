// An invoice or credit note as EN 16931 knows it: parties, lines without tax, what takes off, one tax category, totals that follow from each other by
// the standard's rules (BR-CO-10 to BR-CO-16). Nothing is computed anew: the amounts are those of the document, in the currency's decimal places. How
// it is written as XML is not here.

import { assert, InputError } from '../assert.ts'
import { divideRounded } from '../decimal.ts'
import { formatUnits, minorDigits, parseUnits, roundToMinor, units, type AssetId, type Units } from '../money.ts'
import type { DocumentLine, InvoiceDocument, Party } from './document.ts'

/** UNTDID 5305: standard rate, zero rated, exempt, reverse charge, outside the scope of tax. */
export type TaxCategory = 'S' | 'Z' | 'E' | 'AE' | 'O'

export type EInvoiceLine = {
  readonly id: string
  readonly name: string
  readonly description: string | null
  /** Decimal text; below zero where the line gives back, because a price is not. */
  readonly quantity: string
  readonly unitCode: string
  /** The price of `baseQuantity`: of all of the line, so that quantity × price is its amount exactly, whatever tiers made it. */
  readonly price: Units
  readonly baseQuantity: string
  readonly net: Units
  readonly from: string
  readonly to: string
}

/** Taken off the whole, or added to it. `amount` is not below zero. */
export type EInvoiceAllowance = { readonly isCharge: boolean; readonly reason: string; readonly amount: Units }

export type EInvoice = {
  readonly kind: 'invoice' | 'credit_note'
  readonly number: string
  readonly issued: string
  readonly due: string | null
  readonly corrects: string | null
  readonly currency: AssetId
  readonly note: string | null
  /** Holds those of all lines. */
  readonly from: string
  readonly to: string
  readonly seller: EInvoiceParty
  readonly buyer: EInvoiceParty
  readonly lines: readonly EInvoiceLine[]
  readonly allowances: readonly EInvoiceAllowance[]
  readonly tax: { readonly category: TaxCategory; /** Decimal text; null outside the scope. */ readonly percent: string | null; readonly base: Units; readonly amount: Units; readonly reason: string | null; readonly reasonCode: string | null }
  readonly totals: { readonly lines: Units; readonly allowances: Units; readonly charges: Units; readonly withoutTax: Units; readonly withTax: Units; /** Paid before it was written. */ readonly paid: Units; readonly payable: Units }
}

export type EInvoiceParty = Omit<Party, 'country'> & { readonly country: string; /** Whether the tax id is one of VAT: with its country in front. */ readonly hasVatId: boolean }

export const REVERSE_CHARGE_NOTE = 'Reverse charge: the recipient of the service owes the tax (Art. 196 of Directive 2006/112/EC).'
const EXEMPT = 'Tax exempt: '
/** The note of an invoice without tax, with its reason. */
export function exemptNote(reason: string): string {
  return `${EXEMPT}${reason}`
}

/** Amounts have two decimal places at most (BR-DEC). */
const DIGITS_MAX = 2
/** UNECE recommendation 20; whatever it does not know is counted as `one`. */
const UNIT_CODES: Readonly<Record<string, string>> = { ms: 'C26', second: 'SEC', minute: 'MIN', hour: 'HUR', day: 'DAY', month: 'MON', byte: 'AD', kB: '2P', MB: '4L', GB: 'E34', TB: 'E35', seat: 'C62' }
const ONE = 'C62'

/** @throws {InputError} `e_invoice_incomplete`, naming what is missing and where to set it. */
export function eInvoiceOf(document: InvoiceDocument): EInvoice {
  const { currency } = document
  if (document.number === null || document.issued === null) throw incomplete('number', 'a draft has no number: finalize it first')
  if (minorDigits(currency) > DIGITS_MAX) throw incomplete('currency', `${currency} has ${minorDigits(currency)} decimal places, and EN 16931 knows ${DIGITS_MAX}`)
  const tax = taxOf(document)
  const seller = partyOf(document.seller, 'seller', 'PUT /v1/billing/settings')
  const buyer = partyOf(document.buyer, 'party', 'PUT /v1/customers/{customer}/billing-profile')
  checkTaxIds(tax.category, seller, buyer)
  const amount = (text: string): Units => parseUnits(text, currency)
  const parts = [...document.lines.map((line) => amount(line.amount)), ...takenOff(document).map(([, text]) => units(-amount(text)))]
  const nets = withoutTax(parts, tax.base, currency, document.taxInclusive)
  const lines = document.lines.map((line, index) => lineOf(line, nets[index]!))
  const allowances = takenOff(document).flatMap(([reason], index): EInvoiceAllowance[] => {
    const net = nets[document.lines.length + index]!
    return net === 0n ? [] : [{ isCharge: net > 0n, reason, amount: units(net < 0n ? -net : net) }]
  })
  const sum = (of: readonly { readonly amount: Units }[]): Units => units(of.reduce((total, one) => total + one.amount, 0n))
  return {
    kind: document.kind, number: document.number, issued: document.issued, due: document.kind === 'invoice' ? document.due : null, corrects: document.corrects, currency, note: document.notes.length === 0 ? null : document.notes.join('\n'),
    from: [document.from, ...document.lines.map(({ from }) => from)].toSorted()[0]!, to: [document.to, ...document.lines.map(({ to }) => to)].toSorted().at(-1)!,
    // Outside the scope of tax nobody is named by a VAT id (BR-O-02).
    seller: tax.category === 'O' ? { ...seller, hasVatId: false } : seller, buyer: tax.category === 'O' ? { ...buyer, hasVatId: false } : buyer, lines, allowances, tax,
    totals: {
      lines: units(lines.reduce((total, { net }) => total + net, 0n)), allowances: sum(allowances.filter(({ isCharge }) => !isCharge)), charges: sum(allowances.filter(({ isCharge }) => isCharge)),
      withoutTax: tax.base, withTax: units(tax.base + tax.amount), paid: units(tax.base + tax.amount - amount(document.amountDue)), payable: amount(document.amountDue),
    },
  }
}

/** What takes off the lines, in the order in which it is printed. What bought credit paid was taxed when it was bought: it takes off what is taxed now. */
function takenOff(document: InvoiceDocument): readonly (readonly [string, string])[] {
  return [...document.discounts.map(({ name, amount }) => [name, amount] as const), ['Included in the plan', document.included], ['Paid by promotional credit', document.promotional], ['Paid by credit, taxed when it was bought', document.prepaid]]
}

/** Rates that stand on one base are one rate: the standard knows one for a line. */
function taxOf(document: InvoiceDocument): EInvoice['tax'] {
  const { currency, taxes, notes } = document
  const amount = units(taxes.reduce((total, tax) => total + parseUnits(tax.amount, currency), 0n))
  // What bought credit paid took off before tax.
  const base = units(parseUnits(document.total, currency) - parseUnits(document.prepaid, currency) - amount)
  const percent = taxes.reduce((total, tax) => total + parseUnits(tax.percent, currency), 0n)
  const of = (category: TaxCategory, own: Partial<EInvoice['tax']> = {}): EInvoice['tax'] => ({ category, percent: '0', base, amount, reason: null, reasonCode: null, ...own })
  if (taxes.length > 0) return percent === 0n ? of('Z') : of('S', { percent: formatUnits(units(percent), currency) })
  const exempt = notes.find((note) => note.startsWith(EXEMPT))
  if (notes.includes(REVERSE_CHARGE_NOTE)) return of('AE', { reason: 'Reverse charge', reasonCode: 'VATEX-EU-AE' })
  if (exempt !== undefined) return of('E', { reason: exempt.slice(EXEMPT.length) })
  return of('O', { percent: null, reason: 'Not subject to VAT', reasonCode: 'VATEX-EU-O' })
}

/** Amounts as printed, without the tax that is in them: rounded each, and what rounding leaves goes to the largest. */
function withoutTax(parts: readonly Units[], base: Units, currency: AssetId, isInclusive: boolean): Units[] {
  const whole = parts.reduce((sum, part) => sum + part, 0n)
  if (whole === base) return [...parts]
  assert(isInclusive && whole !== 0n, 'the lines of an invoice come to its base, or hold its tax')
  const [sign, size] = whole < 0n ? [-1n, -whole] : [1n, whole]
  const nets: bigint[] = parts.map((part) => roundToMinor(units(divideRounded(sign * part * base, size)), currency))
  const magnitude = (part: bigint): bigint => (part < 0n ? -part : part)
  const largest = nets.reduce((best, net, index) => (magnitude(net) > magnitude(nets[best]!) ? index : best), 0)
  nets[largest] = nets[largest]! + base - nets.reduce((sum, net) => sum + net, 0n)
  return nets.map(units)
}

function lineOf(line: DocumentLine, net: Units): EInvoiceLine {
  // A fee, or a flat amount of a tier at no usage, is one piece.
  const used = /^0(\.0*)?$/.test(line.quantity) || line.quantity.startsWith('-') ? null : line.quantity
  const isCounted = used !== null && line.unit !== null
  const quantity = isCounted ? used : '1'
  const description = [isCounted ? `${line.quantity} ${line.unit}` : null, line.included === '0' ? null : `${line.included} included`].filter((text) => text !== null).join(', ')
  return {
    id: String(line.line), name: line.name, description: description === '' ? null : description, quantity: net < 0n ? `-${quantity}` : quantity, unitCode: isCounted ? (UNIT_CODES[line.unit!] ?? ONE) : ONE, price: units(net < 0n ? -net : net), baseQuantity: quantity,
    net, from: line.from, to: line.to,
  }
}

function partyOf(party: Party, path: 'seller' | 'party', where: string): EInvoiceParty {
  const who = path === 'seller' ? 'seller' : 'buyer'
  if (party.name === '') throw incomplete(`${path}.name`, `the ${who} has no name: ${where} with ${path}.name`)
  if (party.country === null) throw incomplete(`${path}.country`, `the ${who} has no country: ${where} with ${path}.country`)
  if (party.address.length === 0) throw incomplete(`${path}.address`, `the ${who} has no address: ${where} with ${path}.address`)
  return { ...party, country: party.country, hasVatId: party.taxId !== null && /^[A-Z]{2}[0-9A-Z+*. ]{2,}$/.test(party.taxId) }
}

function checkTaxIds(category: TaxCategory, seller: EInvoiceParty, buyer: EInvoiceParty): void {
  if (category === 'O') return
  if (seller.taxId === null) throw incomplete('seller.tax_id', 'the seller has no tax id, which an invoice with VAT, without it by an exemption, or under reverse charge names: PUT /v1/billing/settings with seller.tax_id')
  if (category !== 'AE') return
  for (const [party, path, where] of [[seller, 'seller', '/v1/billing/settings'], [buyer, 'party', '/v1/customers/{customer}/billing-profile']] as const) {
    if (!party.hasVatId) throw incomplete(`${path}.tax_id`, `reverse charge needs a VAT id of the ${path === 'seller' ? 'seller' : 'buyer'} with its country in front, such as DE123456789: PUT ${where} with ${path}.tax_id`)
  }
}

function incomplete(field: string, message: string): InputError {
  return new InputError({ code: 'e_invoice_incomplete', field, message })
}
