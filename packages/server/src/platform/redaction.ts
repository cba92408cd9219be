// Takes personal data and secrets out of text, by kinds that are known by name and by patterns of the operator's own. Invariant: its
// time grows with the text's length alone. Our own expressions repeat nothing without a bound; others' are run by RE2, which
// never backtracks. What it cannot know by its form (names, addresses) stays.

import { RE2JS } from 're2js'
import { PROMPT_PATTERN_LENGTH_MAX, PROMPT_PATTERN_PROGRAM_MAX, type Redaction } from '@tollgate/core'

/** The text without what was found; each find adds to `counts` under its kind. */
export type Redact = (text: string, counts: Record<string, number>) => string

type Kind = { readonly name: string; readonly pattern: RegExp; /** The part of a find that is one; null for none. */ readonly check?: (found: string) => readonly [from: number, to: number] | null }

/** In this order: a key may look like a number, and a card like a telephone. */
const KINDS: readonly Kind[] = [
  { name: 'api_key', pattern: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,8192}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g },
  { name: 'api_key', pattern: /\b(?:tg_[a-z]{1,20}_|sk-|sk_live_|sk_test_|rk_live_|rk_test_|pk_live_|whsec_|AIza|xox[abprs]-|gh[pousr]_|github_pat_|glpat-|hf_|gsk_|xai-|AKIA|ASIA|SG\.)[A-Za-z0-9._-]{8,512}/g },
  { name: 'api_key', pattern: /\beyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{0,1024}/g },
  { name: 'api_key', pattern: /\b[Bb]earer\s{1,4}[A-Za-z0-9._~+/=-]{12,2048}/g },
  { name: 'api_key', pattern: /\b[a-z][a-z0-9+.-]{0,15}:\/\/[^\s:@/"]{0,128}:[^\s@/"]{1,256}@/g },
  { name: 'email', pattern: /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,63}/gu },
  { name: 'iban', pattern: /\b[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}/g, check: ibanIn },
  { name: 'card', pattern: /[0-9](?:[ -]?[0-9]){12,63}/g, check: cardIn },
  { name: 'phone', pattern: /\+[0-9](?:[ ()./-]{0,3}[0-9]){6,14}/g },
  { name: 'phone', pattern: /(?<![0-9])(?:\([0-9]{2,5}\)[ -]?[0-9]{3,4}[ .-]?[0-9]{3,5}|[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}|0[0-9]{1,4}[ /-][0-9]{3,4}[ -]?[0-9]{2,5}(?:[ -]?[0-9]{2,4})?)(?![0-9])/g },
]

/** @throws where a pattern is none: {@link patternFault} tells before. */
export function compileRedaction({ kinds, patterns }: Redaction): Redact {
  const own = patterns.map(({ name, pattern }) => ({ name, pattern: RE2JS.compile(pattern) }))
  const known = KINDS.filter(({ name }) => kinds.includes(name))
  return (text, counts) => {
    const afterOwn = own.reduce((rest, one) => withoutPattern(rest, one, counts), text)
    return known.reduce((rest, kind) => withoutKind(rest, kind, counts), afterOwn)
  }
}

/** What is wrong with a pattern, in a sentence; null for nothing. */
export function patternFault(pattern: string): string | null {
  if (pattern.length > PROMPT_PATTERN_LENGTH_MAX) return `has more than ${PROMPT_PATTERN_LENGTH_MAX} letters.`
  try {
    const compiled = RE2JS.compile(pattern)
    if (compiled.programSize() > PROMPT_PATTERN_PROGRAM_MAX) return 'is too large when its repetitions are written out: repeat less.'
    return compiled.matcher('').find() ? 'matches nothing at all, so that it would be found between any two letters: ask for at least one.' : null
  } catch (error) {
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}. RE2 knows no look-around and no back references.`
  }
}

function withoutPattern(text: string, { name, pattern }: { readonly name: string; readonly pattern: RE2JS }, counts: Record<string, number>): string {
  const matcher = pattern.matcher(text)
  let kept = ''
  let at = 0
  while (matcher.find()) {
    // An empty find, where `^` or `\b` alone held, has nothing to take out.
    if (matcher.end() === matcher.start()) continue
    kept += `${text.slice(at, matcher.start())}[${name}]`
    at = matcher.end()
    counts[name] = (counts[name] ?? 0) + 1
  }
  return at === 0 ? text : kept + text.slice(at)
}

function withoutKind(text: string, { name, pattern, check }: Kind, counts: Record<string, number>): string {
  return text.replace(pattern, (found) => {
    const part = check === undefined ? ([0, found.length] as const) : check(found)
    if (part === null) return found
    counts[name] = (counts[name] ?? 0) + 1
    return `${found.slice(0, part[0])}[${name}]${withoutKind(found.slice(part[1]), { name, pattern, ...(check === undefined ? {} : { check }) }, counts)}`
  })
}

const CARD_DIGITS_MIN = 13
const CARD_DIGITS_MAX = 19

/** The first digits of a run that are a card's: they begin as one does and their check digit is right. */
function cardIn(found: string): readonly [number, number] | null {
  const places = [...found.matchAll(/[0-9]/g)].map(({ index }) => index)
  for (let from = 0; from + CARD_DIGITS_MIN <= places.length; from++) {
    if (!'23456'.includes(found[places[from]!]!)) continue
    for (let count = Math.min(CARD_DIGITS_MAX, places.length - from); count >= CARD_DIGITS_MIN; count--) {
      if (isLuhn(places.slice(from, from + count).map((place) => found.charCodeAt(place) - ZERO))) return [places[from]!, places[from + count - 1]! + 1]
    }
  }
  return null
}

const ZERO = 0x30

function isLuhn(digits: readonly number[]): boolean {
  const sum = digits.toReversed().reduce((total, digit, index) => total + (index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0)
  return sum % 10 === 0
}

const IBAN_LENGTH_MIN = 15

/** The longest beginning whose check digits are right: words may follow it. */
function ibanIn(found: string): readonly [number, number] | null {
  const places = [...found.matchAll(/[A-Za-z0-9]/g)].map(({ index }) => index)
  for (let count = places.length; count >= IBAN_LENGTH_MIN; count--) {
    const letters = places.slice(0, count).map((place) => found[place]!.toUpperCase())
    const moved = [...letters.slice(4), ...letters.slice(0, 4)].map((letter) => Number.parseInt(letter, 36)).join('')
    if (BigInt(moved) % 97n === 1n) return [0, places[count - 1]! + 1]
  }
  return null
}
