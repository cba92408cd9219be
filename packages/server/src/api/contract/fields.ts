// The kinds of value that the API speaks: decimal texts, RFC 3339 times, ids, cursors, words. What is read is checked here as far
// as its form goes; whether an amount fits its currency, or a plan exists, is for the use case to say.

import { FEATURES_PER_WALLET_MAX, formatInstant, PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX, parseInstant, type Instant } from '@tollgate/core'
import * as z from 'zod'

/** Longest text that people write: names, references. */
export const TEXT_LENGTH_MAX = 200
const DECIMAL_LENGTH_MAX = 60

export const nothing = z.strictObject({})

/** Text without control characters: PostgreSQL keeps no null character, and nobody means the others. */
export function text(description: string, example: string, lengthMax = TEXT_LENGTH_MAX) {
  return z
    .string()
    .min(1)
    .max(lengthMax)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters')
    .meta({ description, examples: [example], pattern: undefined })
}

/** An amount or quantity as decimal text. The use case reads it exactly, at the scale of its asset or meter. */
export function decimal(description: string, example: string) {
  return z
    .string({ error: 'must be a decimal text such as "12.50", in quotes: a JSON number has already been a float' })
    .max(DECIMAL_LENGTH_MAX)
    .meta({ description, format: 'decimal', examples: [example] })
}

/** A time that is read. */
export function instantIn(description: string, example = '2026-03-01T00:00:00Z') {
  return z
    .string()
    .transform((value, ctx): Instant => {
      try {
        return parseInstant(value, 'it')
      } catch {
        ctx.addIssue({ code: 'custom', message: 'must be an RFC 3339 time with its zone, such as 2026-03-01T12:00:00Z', params: { code: 'invalid_time' } })
        return z.NEVER
      }
    })
    .meta({ description, format: 'date-time', examples: [example] })
}

/** A time that is answered; {@link timeOf} writes it. */
export function time(description: string, example = '2026-03-01T00:00:00.000Z') {
  return z.string().meta({ description, format: 'date-time', examples: [example] })
}

export function timeOf(at: number): string {
  return formatInstant(at as Instant)
}

export function timeOrNull(at: number | null): string | null {
  return at === null ? null : timeOf(at)
}

/** An id of ours, or one that the caller chose with our prefix. */
export function id(prefix: string, description: string) {
  return z
    .string()
    .regex(new RegExp(`^${prefix}_[A-Za-z0-9_-]{1,60}$`), `must look like ${prefix}_… (letters, digits, _ and -, at most 64 characters)`)
    .meta({ description, examples: [`${prefix}_acme`] })
}

/** A word of the catalog: a plan, feature, meter, price. */
export function word(description: string, example: string) {
  return z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'must be a word of letters, digits, _, . and -, at most 64 characters')
    .meta({ description, examples: [example] })
}

/** What credit pays for. */
export const creditFeatures = z
  .array(word('Id of a feature.', 'chat'))
  .max(FEATURES_PER_WALLET_MAX)
  .meta({ description: 'Features that it pays for; none: all. Credit for some features is used before credit for all, and pays for nothing else.', examples: [['chat']] })

/** A whole number in a query, where everything is text. */
export function wholeNumber(description: string, range: { readonly min: number; readonly max: number; readonly absent: number }) {
  const { min, max, absent } = range
  return z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .default(absent)
    .meta({ description, type: 'integer', minimum: min, maximum: max, default: absent, pattern: undefined })
}

/** A flag in a query. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words, description: string) {
  return z.enum(words).meta({ description, examples: [words[0]] })
}

export const limit = wholeNumber('How many rows a page has.', { min: 1, max: PAGE_SIZE_MAX, absent: PAGE_SIZE_DEFAULT })
export const cursor = z.string().min(1).max(300).meta({ description: '`next_cursor` of the page before. Opaque: do not build one.' }).optional()

/** A page of a list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    data: z.array(item).meta({ description: 'The rows of this page.' }),
    next_cursor: z.string().nullable().meta({ description: 'Ask for the next page with it; null on the last.' }),
  })
}

export const money = z
  .strictObject({ amount: decimal('Amount in the currency, exact.', '0.0042'), currency: z.string().meta({ description: 'ISO 4217, or the id of a credit asset.', examples: ['USD'] }) })
  .meta({ id: 'Money', description: 'An exact amount with its currency.' })
export const currency = z.string().meta({ description: 'Of all amounts beside it: ISO 4217, or the id of a credit asset.', examples: ['USD'] })
export const period = z
  .strictObject({ start: time('First instant.'), end: time('First instant after it.', '2026-04-01T00:00:00.000Z') })
  .meta({ id: 'Period', description: 'A half-open span of time.' })

const LOCALE_LENGTH_MAX = 35
export const locale = z.string().max(LOCALE_LENGTH_MAX).meta({ description: 'BCP 47: a language, and a region where it matters. Words fall back to English; numbers and dates follow it.', examples: ['de-AT'] })

export const customerParam = z.strictObject({ customer: id('cus', 'Id of the customer.') })
