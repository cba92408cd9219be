// Which entry of the rate card speaks for a model name: its own id or alias, then the family of a dated snapshot, then the
// pattern that says most of the name. Only `*` is special in a pattern; matching takes one pass, so that no pattern of an
// operator can stall a request.

import type { Rate, RateCard, RateMatcher } from '../catalog/catalog.ts'
import type { Instant } from '../time.ts'

export type RateMatch = { readonly rate: Rate; readonly by: 'id' | 'alias' | 'family' | 'pattern'; /** The name or pattern that matched. */ readonly name: string }

/**
 * The entry in force at `at`, with how it was found; null when none is known. Where several providers sell a model under one
 * name, `provider` chooses; without it the newest entry speaks.
 */
export function matchRate(card: RateCard, model: string, at: Instant, provider: string | null = null): RateMatch | null {
  const family = card.has(model) ? model : withoutDate(model)
  const rate = inForce(card.get(family), at, provider)
  if (rate !== null) return { rate, name: family, by: family !== model ? 'family' : rate.model === model ? 'id' : 'alias' }
  for (const matcher of card.matchers ?? []) {
    const found = matchesPattern(matcher.pattern, model) ? inForce(matcher.rates, at, provider) : null
    if (found !== null) return { rate: found, name: matcher.pattern, by: 'pattern' }
  }
  return null
}

/** What names an entry for ever: who sells what, from which day on. Stands with each cost that was made of it. */
export function rateName(rate: Rate): string {
  return `${rate.provider}/${rate.model}@${new Date(rate.from).toISOString().slice(0, 10)}`
}

/** A provider answers with a dated snapshot name such as `gpt-5-mini-2025-08-07`; the card may know only the family. */
export function withoutDate(model: string): string {
  return model.replace(/-\d{4}-?\d{2}-?\d{2}$/, '')
}

/** Whether `name` is `pattern`, in which `*` stands for any letters or none. */
export function matchesPattern(pattern: string, name: string): boolean {
  const [head = '', ...rest] = pattern.split('*')
  const tail = rest.pop()
  if (tail === undefined) return head === name
  if (!name.startsWith(head) || !name.endsWith(tail) || name.length < head.length + tail.length) return false
  let at = head.length
  const end = name.length - tail.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Most specific first: a whole name, then beginnings (`gpt-5*`), then other patterns; of a kind the one with more letters. */
export function comparePatterns(a: string, b: string): number {
  return rankOf(b) - rankOf(a) || lettersOf(b) - lettersOf(a) || (a < b ? -1 : a > b ? 1 : 0)
}

export function sortMatchers(matchers: readonly RateMatcher[]): RateMatcher[] {
  return [...matchers].sort((a, b) => comparePatterns(a.pattern, b.pattern))
}

function inForce(rates: readonly Rate[] | undefined, at: Instant, provider: string | null): Rate | null {
  return rates?.find((rate) => rate.from <= at && (provider === null || rate.provider === provider)) ?? null
}

function rankOf(pattern: string): number {
  const star = pattern.indexOf('*')
  return star === -1 ? 2 : star === pattern.length - 1 ? 1 : 0
}

function lettersOf(pattern: string): number {
  return pattern.replaceAll('*', '').length
}
