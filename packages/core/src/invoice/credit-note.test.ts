import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseUnits, units } from '../money.ts'
import { creditNote } from './credit-note.ts'

const usd = (text: string) => parseUnits(text, 'USD')
const cent = 10n ** 10n

test('a note is bounded by its lines and by what was asked for', () => {
  const invoice = { currency: 'USD', lines: [{ line: 1, amount: usd('49'), credited: usd('0') }, { line: 2, amount: usd('10'), credited: usd('9.5') }], net: usd('50'), tax: usd('10'), creditedNet: usd('9.5') }
  const take = (...lines: readonly (readonly [number, string])[]) => creditNote({ ...invoice, take: lines.map(([line, amount]) => ({ line, amount: usd(amount) })) })
  expect(take([1, '10'])).toEqual({ net: usd('10'), tax: usd('2'), total: usd('12') })
  expect(() => take([2, '0.51'])).toThrow('line 2 has 0.5 left to credit')
  expect(() => take([1, '41'])).toThrow('the invoice has 40.5 left to credit')
  expect(() => take([3, '1'])).toThrow('no line 3')
  expect(() => take([1, '1'], [1, '1'])).toThrow('named twice')
  expect(() => take([1, '0.001'])).toThrow('no more digits')
  expect(() => take([1, '0'])).toThrow('above zero')
  expect(() => take()).toThrow('at least one line')
})

test('notes that give back all of an invoice, in any parts, give back exactly its tax', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 99_999 }), { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 2_500 }), (parts, basisPoints) => {
    const net = units(parts.reduce((sum, part) => sum + BigInt(part) * cent, 0n))
    const tax = units(((net / cent) * BigInt(basisPoints) / 10_000n) * cent)
    let creditedNet = units(0n)
    let given = 0n
    for (const part of parts) {
      const note = creditNote({ currency: 'USD', lines: [{ line: 1, amount: net, credited: creditedNet }], net, tax, creditedNet, take: [{ line: 1, amount: units(BigInt(part) * cent) }] })
      creditedNet = units(creditedNet + note.net)
      given += note.tax
      expect(note.tax >= 0n && note.total === note.net + note.tax).toBe(true)
    }
    expect([creditedNet, given]).toEqual([net, tax])
  }))
})
