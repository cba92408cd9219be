import fc from 'fast-check'
import { expect, test } from 'vitest'
import { add, isNegative, isZero, shareOf, subtract } from './decimal.ts'

const units = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
const text = (value: bigint) => {
  const digits = (value < 0n ? -value : value).toString().padStart(13, '0')
  return `${value < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`
}
const plain = (value: bigint) => text(value).replace(/\.?0+$/, '').replace(/^-0$/, '0')

test('a sum of decimal texts is exact at any size', () => {
  fc.assert(fc.property(units, units, (a, b) => {
    expect(add(text(a), text(b))).toBe(plain(a + b))
    expect(subtract(text(a), text(b))).toBe(plain(a - b))
    expect(isNegative(text(a))).toBe(a < 0n)
    expect(isZero(text(a))).toBe(a === 0n)
  }))
})

test('a tenth and two tenths are three tenths', () => {
  expect(add('0.1', '0.2')).toBe('0.3')
  expect(subtract('1', '0.999999999999')).toBe('0.000000000001')
})

test('a share of nothing is nothing', () => {
  expect([shareOf('1', '4'), shareOf('5', '4'), shareOf('1', '0'), shareOf('0', '0')]).toEqual([0.25, 1.25, 0, 0])
})

test('what is no decimal text is refused rather than guessed', () => {
  for (const bad of ['', '1e3', 'NaN', '1,000', '.5', '5.']) expect(() => add(bad, '1'), bad).toThrow('not a decimal text')
})
