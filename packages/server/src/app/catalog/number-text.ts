// How numbers are written in a catalog file: plain decimals, read as their text so that 0.015 is never a float. Every other
// way to write a number (1_000, 500,000, 1.5e-2, 0x10, $49) is refused with the exact plain text to write instead, because
// readers disagree on what those mean.

type DecimalText = { readonly kind: 'decimal'; readonly text: string } | { readonly kind: 'refused'; readonly message: string; readonly suggestion: string | null }

const PLAIN = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/
/** Beyond it an exponent expands to more digits than an amount has. */
const EXPONENT_MAX = 40
const SHOWN_MAX = 40

/** Reads a plain decimal into its shortest form: `0.0150` and `0.015` are one amount. */
export function readDecimal(source: string): DecimalText {
  if (PLAIN.test(source)) return { kind: 'decimal', text: shortest(source) }
  const suggestion = plainForm(source)
  const hint = suggestion === null ? 'Write a plain decimal such as 0.015.' : `Write ${suggestion}.`
  return { kind: 'refused', message: `${JSON.stringify(source.slice(0, SHOWN_MAX))} ${reasonOf(source)}. ${hint}`, suggestion }
}

/** Reads a whole number that a double holds exactly. */
export function readInteger(source: string): DecimalText {
  const read = readDecimal(source)
  if (read.kind === 'refused' || /^\d{1,15}$/.test(read.text)) return read
  return { kind: 'refused', message: `${source.slice(0, SHOWN_MAX)} is not a whole number of zero or more.`, suggestion: null }
}

function shortest(text: string): string {
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text
  return short === '-0' ? '0' : short
}

function reasonOf(source: string): string {
  if (source === '') return 'is empty where a number belongs'
  if (/^[-+]?0[xob]/i.test(source)) return 'is not decimal'
  if (/^[-+]?[\d.]+e[-+]?\d+$/i.test(source)) return 'is in exponent form'
  if (/[$€£¥]|\s*[A-Z]{3}$/.test(source)) return 'names a currency, which has a field of its own'
  if (/\d,\d/.test(source)) return 'has a comma'
  if (/\d[_' ]\d/.test(source)) return 'groups its digits'
  return 'is not a plain decimal'
}

/** The same number as a plain decimal, exactly, or null when it is no number or could mean two. */
function plainForm(source: string): string | null {
  const bare = source.trim().replace(/^([-+]?)[$€£¥]\s*/, '$1').replace(/\s*(?:[$€£¥]|[A-Z]{3})$/, '').replace(/(\d)[_' ](?=\d)/g, '$1')
  const sign = bare.startsWith('-') ? '-' : ''
  const digits = withoutCommas(bare.replace(/^[-+]/, ''))
  if (digits === null) return null
  if (/^0(?:x[\da-f]{1,32}|o[0-7]{1,40}|b[01]{1,100})$/i.test(digits)) return sign + BigInt(digits.toLowerCase()).toString()
  const match = /^(\d*)\.?(\d*)(?:e([-+]?\d{1,3}))?$/i.exec(digits)
  if (match === null || `${match[1]}${match[2]}` === '') return null
  const exponent = Number(match[3] ?? '0')
  if (Math.abs(exponent) > EXPONENT_MAX) return null
  const plain = sign + shifted({ whole: match[1]!, fraction: match[2]!, exponent })
  return PLAIN.test(plain) ? shortest(plain) : null
}

/** `500,000` groups thousands; `0,015` and `1,5` have a decimal comma; `1,500.25` groups; `1.500,25` could mean anything. */
function withoutCommas(digits: string): string | null {
  if (!digits.includes(',')) return digits
  if (/^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(digits)) return digits.replaceAll(',', '')
  return /^\d+,\d+$/.test(digits) ? digits.replace(',', '.') : null
}

function shifted(parts: { readonly whole: string; readonly fraction: string; readonly exponent: number }): string {
  const point = parts.whole.length + parts.exponent
  const digits = parts.whole + parts.fraction
  const padded = point <= 0 ? '0'.repeat(1 - point) + digits : digits.padEnd(point, '0')
  const at = Math.max(point, 1)
  const whole = padded.slice(0, at).replace(/^0+(?=\d)/, '')
  const fraction = padded.slice(at)
  return fraction === '' ? whole : `${whole}.${fraction}`
}
