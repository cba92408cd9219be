// Expressions of meters: exact numbers, what an event lacks, what is refused, and bounds.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { formatDecimal, InputError } from '@tollgate/core'
import { compileExpression } from './meter-expression.ts'

const event = { quantities: { input: '1200', output: '34.5', images: '3' }, dimensions: { size: 'large', tier: 'batch' }, feature: 'chat' }
const evaluate = (source: string, of = event) => compileExpression(source, 'expression')(of).replace(/\.?0+$/, '')
const refused = (source: string, of = event) => {
  try {
    evaluate(source, of)
    return 'accepted'
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return error.message
  }
}

test('numbers are exact decimals, whatever they are combined with', () => {
  const check = (source: string, expected: string) => expect.soft(evaluate(source), source).toBe(expected)
  check('quantity.input + quantity.output', '1234.5')
  check('quantity.output * 0.1', '3.45')
  check('quantity.output * 3 - 1', '102.5')
  check('quantity.images / 3', '1')
  check('quantity.images / 7', '0.428571428571428571')
  check('quantity.images * (dimension.size == "large" ? 4 : 1)', '12')
  check('dimension.tier == "batch" ? quantity.input / 2 : quantity.input', '6')
  check('feature == "chat" && quantity.images >= 3 ? decimal(1) : decimal(0)', '1')
  check('max(quantity.input - 2000, 0)', '')
  check('ceil(quantity.output) + floor(quantity.output) + round(quantity.output)', '104')
  check('quantity["images"]', '3')
  check('0.1 + 0.2 == 0.3 ? 1 : 2', '2')
  check('decimal(0.1) + decimal(0.2) == 0.3 ? 1 : 2', '1')
})

test('an event that lacks what the expression reads counts as zero there, or as an empty text', () => {
  expect(evaluate('quantity.video_seconds * 2 + quantity.images')).toBe('3')
  expect(evaluate('dimension.region == "" ? quantity.images : decimal(9)')).toBe('3')
  expect(compileExpression('quantity.a + quantity["b"] * 2', 'expression').reads).toEqual(['a', 'b'])
})

test('what gives no number, or one below zero, is refused with what to do', () => {
  expect(refused('quantity.input > 3')).toContain('gives a number, this one a bool')
  expect(refused('quantitty.input')).toContain('Known are quantity.<name>')
  expect(refused('dimension.size * 2')).toContain('Known are')
  expect(refused('quantity.images - 4')).toContain('below zero')
  expect(refused('quantity.images / quantity.none')).toContain('a division by zero')
  expect(refused('quantity.')).toContain('Known are')
})

test('an expression is bounded in length, size and depth', () => {
  expect(refused(`quantity.a + ${'1 + '.repeat(400)}1`)).toContain('at most 1000 letters')
  expect(refused(`${'quantity.a + '.repeat(60)}quantity.a`)).toContain('Exceeded')
  expect(refused(`${'('.repeat(60)}quantity.a${')'.repeat(60)}`)).not.toBe('accepted')
})

test('a sum of products is the sum of products, to the last digit', () => {
  const decimals = fc.bigInt({ min: 0n, max: 10n ** 15n }).map((units) => formatDecimal(units, 9))
  fc.assert(
    fc.property(decimals, decimals, fc.nat(1_000), (a, b, factor) => {
      const sum = evaluate(`quantity.a * ${factor} + quantity.b`, { ...event, quantities: { a, b } as never })
      const exact = (text: string) => BigInt(text.includes('.') ? text.replace('.', '').padEnd(text.indexOf('.') + 18, '0') : `${text || '0'}${'0'.repeat(18)}`)
      const units = (text: string) => exact(text.includes('.') ? `${text.split('.')[0]}.${text.split('.')[1]!.padEnd(18, '0')}` : text)
      expect(units(sum)).toBe(units(a) * BigInt(factor) + units(b))
    }),
  )
})
