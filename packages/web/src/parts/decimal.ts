// Sums of decimal texts, exact: the few that a page makes itself, of figures that the API told.

const SCALE = 18

export function add(a: string, b: string): string {
  return format(parse(a) + parse(b))
}

export function subtract(a: string, b: string): string {
  return format(parse(a) - parse(b))
}

export function isZero(text: string): boolean {
  return parse(text) === 0n
}

export function isNegative(text: string): boolean {
  return parse(text) < 0n
}

/** A part of a whole, for gauges: 0 where there is no whole. */
export function shareOf(part: string, whole: string): number {
  const all = parse(whole)
  return all <= 0n ? 0 : Number((parse(part) * 10_000n) / all) / 10_000
}

function parse(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw new Error(`not a decimal text: ${text.slice(0, 40)}`)
  const [, sign, whole, fraction = ''] = match
  const units = BigInt(whole! + fraction.slice(0, SCALE).padEnd(SCALE, '0'))
  return sign === '-' ? -units : units
}

function format(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(SCALE + 1, '0')
  const fraction = digits.slice(-SCALE).replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -SCALE)}${fraction === '' ? '' : `.${fraction}`}`
}
