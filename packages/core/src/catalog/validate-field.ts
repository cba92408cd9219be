// Checks of single values that several sections of the catalog share: ids, names, currencies, amounts, quantities, lists
// without repetition. Each reports at the path that it is given and returns whether the value may be used further.

import { InputError } from '../assert.ts'
import { CATALOG_ID_LENGTH_MAX, CATALOG_NAME_LENGTH_MAX } from '../limits.ts'
import { isCurrency, parseUnits, type Units } from '../money.ts'
import { parseQuantity, QUANTITY_SCALE_MAX, type Quantity } from '../quantity.ts'
import { nearest } from './nearest.ts'
import { didYouMean, type CatalogPath, type CatalogProblemCode, type Report } from './problem.ts'

/** Lower-case words joined by `_` or `-`: an id stands in addresses, labels and SQL keys. */
const ID = /^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/
/** Names that others chose, such as models and event types: anything visible without a space. */
const LABEL = /^[^\s\p{C}]+$/u

export function checkId(id: string, path: CatalogPath, report: Report): void {
  if (ID.test(id) && id.length <= CATALOG_ID_LENGTH_MAX) return
  const suggestion = idFrom(id)
  const hint = suggestion === null ? '' : ` Write ${suggestion}.`
  report.error(path, 'invalid_id', `${JSON.stringify(id)} is no id: lower-case words joined by _ or -, beginning with a letter, at most ${CATALOG_ID_LENGTH_MAX} letters.${hint}`, suggestion)
}

function idFrom(text: string): string | null {
  const made = text.toLowerCase().replace(/[^a-z0-9_-]+/g, '_').replace(/[_-]{2,}/g, '_').replace(/^[^a-z]+|[_-]+$/g, '')
  return ID.test(made) && made.length <= CATALOG_ID_LENGTH_MAX ? made : null
}

export function checkName(name: string, path: CatalogPath, report: Report): void {
  if (name.trim() !== '' && name.length <= CATALOG_NAME_LENGTH_MAX) return
  report.error(path, 'invalid_name', `a name has 1 to ${CATALOG_NAME_LENGTH_MAX} letters.`)
}

export function checkLabel(label: string, path: CatalogPath, report: Report): void {
  if (LABEL.test(label) && label.length <= CATALOG_NAME_LENGTH_MAX) return
  report.error(path, 'invalid_name', `${JSON.stringify(label.slice(0, 80))} must be 1 to ${CATALOG_NAME_LENGTH_MAX} letters without a space.`)
}

export function checkCurrency(currency: string, path: CatalogPath, report: Report): void {
  if (isCurrency(currency)) return
  const upper = currency.toUpperCase()
  const suggestion = isCurrency(upper) ? upper : null
  report.error(path, 'invalid_currency', `${JSON.stringify(currency)} is no currency: three capital letters of ISO 4217, such as USD.${suggestion === null ? '' : ` Write ${suggestion}.`}`, suggestion)
}

export function checkInteger(value: number, range: { readonly min: number; readonly max: number }, path: CatalogPath, report: Report): void {
  if (Number.isInteger(value) && value >= range.min && value <= range.max) return
  report.error(path, 'out_of_range', `${value} must be a whole number from ${range.min} to ${range.max}.`)
}

/** Reads an amount of an asset that is not negative; null after a report. An unknown currency was reported where it stands. */
export function checkAmount(text: string, currency: string, path: CatalogPath, report: Report): Units | null {
  if (!isCurrency(currency) && !ID.test(currency)) return null
  const value = attempt(() => parseUnits(text, currency, lastWord(path)), path, report)
  if (value === null || value >= 0n) return value
  report.error(path, 'out_of_range', `${text} is negative: a price or rate is zero or more.`)
  return null
}

/** Reads a quantity at a meter's scale; null after a report. */
export function checkQuantity(text: string, scale: number, bounds: { readonly aboveZero: boolean }, path: CatalogPath, report: Report): Quantity | null {
  if (!Number.isInteger(scale) || scale < 0 || scale > QUANTITY_SCALE_MAX) return null
  const value = attempt(() => parseQuantity(text, scale, lastWord(path)), path, report)
  if (value === null || value > 0n || !bounds.aboveZero) return value
  report.error(path, 'out_of_range', `${lastWord(path)} must be above zero.`)
  return null
}

/** Reports each repetition of an earlier item of a list. `field` is where the word stands in an item, null if it is the item. */
export function checkUnique(
  words: readonly string[],
  list: { readonly what: string; readonly path: CatalogPath; readonly field: string | null; readonly why?: string },
  report: Report,
): void {
  const first = new Map<string, number>()
  for (const [index, word] of words.entries()) {
    const earlier = first.get(word)
    const path = list.field === null ? [...list.path, index] : [...list.path, index, list.field]
    if (earlier === undefined) first.set(word, index)
    else report.error(path, 'duplicate_id', `${list.what} ${word} stands twice (also at ${lastWord(list.path)}[${earlier}])${list.why === undefined ? '' : `: ${list.why}`}.`)
  }
}

export function reportUnknownMeter(id: string, meters: ReadonlyMap<string, unknown>, path: CatalogPath, report: Report): void {
  const suggestion = nearest(id, meters.keys())
  report.error(path, 'unknown_meter', `there is no meter ${id}.${didYouMean(suggestion)}`, suggestion)
}

/** The value that is read, or null after a report of why it cannot be. */
export function attempt<T>(read: () => T, path: CatalogPath, report: Report): T | null {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    report.error(path, DECIMAL_CODES[error.code] ?? 'invalid_decimal', `${error.message}.`)
    return null
  }
}

const DECIMAL_CODES: Readonly<Record<string, CatalogProblemCode>> = {
  invalid_decimal: 'invalid_decimal',
  too_many_digits: 'too_many_digits',
  out_of_range: 'out_of_range',
  negative_quantity: 'out_of_range',
}

function lastWord(path: CatalogPath): string {
  return String(path.findLast((part) => typeof part === 'string') ?? 'value')
}
