// Numbers and times for people. Amounts stay the decimal text that the API told: Intl formats text exactly, so that no figure passes
// through a float on its way to the eye. Only the pixels of a chart are floats.

type Exactly = Intl.StringNumericLiteral

/** What a page speaks; of the browser until it is said. */
type Speech = { readonly locale: readonly string[]; readonly timeZone: string | null; /** The name of a unit for a count; English unless said. */ readonly unit: ((name: string, count: string) => string) | null }
let speech: Speech = { locale: globalThis.navigator?.languages ?? ['en'], timeZone: null, unit: null }

/** Says how numbers, dates and units are written from now on: once, before a page shows any. */
export function speak(next: { readonly locale: string; readonly timeZone: string | null; readonly unit: Speech['unit'] }): void {
  speech = { ...next, locale: [next.locale] }
  formats.clear()
  timeFormats.clear()
  relativeFormat = null
}

/** Where the days of the page begin. */
export function pageZone(zone: Zone): string {
  return zone === 'utc' ? 'UTC' : (speech.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone)
}

const formats = new Map<string, Intl.NumberFormat>()
function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options)
  let format = formats.get(key)
  if (format === undefined) formats.set(key, (format = new Intl.NumberFormat(speech.locale as string[], options)))
  return format
}

const DECIMALS_MAX = 12

/** Money, short: cents, and below one unit as many digits as show something. `isExact` shows all there are. */
export function money(text: string, currency: string, isExact = false): string {
  if (!isCurrency(currency)) return `${quantity(text, isExact)} ${unitName(currency, text)}`
  const digits = isExact ? fractionOf(text) : shortDigits(text)
  return numberFormat({ style: 'currency', currency, minimumFractionDigits: 2, maximumFractionDigits: Math.max(2, Math.min(DECIMALS_MAX, digits)) }).format(text as Exactly)
}

/** For the axis of a chart. */
export function axisMoney(value: number, currency: string): string {
  if (!isCurrency(currency)) return compact(value)
  return numberFormat({ style: 'currency', currency, currencyDisplay: 'narrowSymbol', notation: value >= 1_000 ? 'compact' : 'standard', maximumSignificantDigits: 3 }).format(value)
}

export function quantity(text: string, isExact = false): string {
  return numberFormat({ maximumFractionDigits: isExact ? DECIMALS_MAX : shortDigits(text) }).format(text as Exactly)
}

export function compact(value: number): string {
  return numberFormat({ notation: 'compact', maximumFractionDigits: value < 10 ? 1 : 1 }).format(value)
}

/** Amount or quantity, by what its unit is: a currency has three capital letters. */
export function measure(text: string, unit: string, isExact = false): string {
  return isCurrency(unit) ? money(text, unit, isExact) : `${quantity(text, isExact)} ${unitName(unit, text)}`
}

/** A credit asset has an id like any other unit. */
function isCurrency(unit: string): boolean {
  return /^[A-Z]{3}$/.test(unit)
}

function unitName(unit: string, count: string): string {
  return speech.unit === null ? plural(unit, count) : speech.unit(unit, count)
}

export function plural(word: string, count: string | number): string {
  return String(count) === '1' || word.endsWith('s') ? word : `${word}s`
}

export function percent(share: number): string {
  return numberFormat({ style: 'percent', maximumFractionDigits: share > 0 && share < 0.1 ? 1 : 0 }).format(share)
}

/** For pixels and shares only. */
export function roughly(text: string): number {
  return Number(text)
}

function fractionOf(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0
}

function shortDigits(text: string): number {
  const fraction = text.split('.')[1] ?? ''
  if (!/^-?0?(?:\.|$)/.test(text)) return 2
  const zeros = /^0*/.exec(fraction)![0].length
  return zeros + 4
}

export type Zone = 'local' | 'utc'
const timeFormats = new Map<string, Intl.DateTimeFormat>()
function timeFormat(options: Intl.DateTimeFormatOptions, zone: Zone): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options)
  let format = timeFormats.get(key)
  if (format === undefined) timeFormats.set(key, (format = new Intl.DateTimeFormat(speech.locale as string[], { ...options, timeZone: pageZone(zone) })))
  return format
}

export function clockTime(at: string, zone: Zone = 'local'): string {
  return timeFormat({ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }, zone).format(new Date(at))
}

export function day(at: string, zone: Zone = 'local'): string {
  return timeFormat({ day: 'numeric', month: 'short', year: 'numeric' }, zone).format(new Date(at))
}

export function shortDay(at: string, zone: Zone = 'local'): string {
  return timeFormat({ day: 'numeric', month: 'short' }, zone).format(new Date(at))
}

export function dateTime(at: string, zone: Zone = 'local'): string {
  return timeFormat({ day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hour12: false }, zone).format(new Date(at))
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [['year', 31_536_000], ['month', 2_592_000], ['day', 86_400], ['hour', 3_600], ['minute', 60], ['second', 1]]
let relativeFormat: Intl.RelativeTimeFormat | null = null

export function relative(at: string, now: number, justNow = 'just now'): string {
  const seconds = Math.round((Date.parse(at) - now) / 1_000)
  const [unit, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ['second', 1]
  relativeFormat ??= new Intl.RelativeTimeFormat(speech.locale as string[], { numeric: 'auto' })
  return Math.abs(seconds) < 5 ? justNow : relativeFormat.format(Math.trunc(seconds / size), unit)
}

/** Words of the API for people: `credit_balance_exhausted` → "Credit balance exhausted". */
export function words(name: string): string {
  const text = name.replaceAll(/[_.-]+/g, ' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}
