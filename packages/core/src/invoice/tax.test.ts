import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatUnits, parseUnits, roundToMinor, units } from '../money.ts'
import { parsePercent } from '../rating/ratio.ts'
import { taxOn, type TaxTreatment } from './tax.ts'

const rate = (percent: string, id = `r${percent}`) => ({ id, name: id, percent: parsePercent(percent, 'percent') })
const amounts = fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }).map((cents) => units(cents * 10n ** 10n))
const rates = fc.array(fc.integer({ min: 0, max: 3_000 }).map((hundredths) => rate(String(hundredths / 100))), { maxLength: 3 })

test('tax is computed once per rate on the printed base, and what is printed sums up', () => {
  const check = (net: string, percents: readonly string[], currency: string, expected: readonly string[]) => {
    const { taxes, tax, gross } = taxOn(parseUnits(net, currency), { kind: 'rates', inclusive: false, rates: percents.map((one) => rate(one)) }, currency)
    expect.soft([...taxes.map(({ amount }) => formatUnits(amount, currency)), formatUnits(tax, currency), formatUnits(gross, currency)]).toEqual(expected)
  }
  check('100', ['19'], 'USD', ['19', '19', '119'])
  check('0.05', ['10'], 'USD', ['0.01', '0.01', '0.06'])
  check('-0.05', ['10'], 'USD', ['-0.01', '-0.01', '-0.06'])
  check('99.99', ['5', '9.975'], 'USD', ['5', '9.97', '14.97', '114.96'])
  check('1050', ['10'], 'JPY', ['105', '105', '1155'])
  check('0', ['19'], 'USD', ['0', '0', '0'])
  check('100', [], 'USD', ['0', '100'])
})

test('tax inside a price leaves the price as it is', () => {
  const { net, taxes, gross } = taxOn(parseUnits('119', 'EUR'), { kind: 'rates', inclusive: true, rates: [rate('19')] }, 'EUR')
  expect([net, taxes[0]!.amount, gross].map((amount) => formatUnits(amount, 'EUR'))).toEqual(['100', '19', '119'])
})

test('net, taxes and gross always add up to the last cent, and each is a printable amount', () => {
  fc.assert(fc.property(amounts, rates, fc.boolean(), (amount, list, inclusive) => {
    const { net, taxes, tax, gross } = taxOn(amount, { kind: 'rates', rates: list, inclusive }, 'USD')
    expect(net + tax).toBe(gross)
    expect(taxes.reduce((sum, line) => sum + line.amount, 0n)).toBe(tax)
    expect(inclusive ? gross : net).toBe(amount)
    for (const one of [net, tax, gross, ...taxes.map((line) => line.amount)]) expect(roundToMinor(one, 'USD')).toBe(one)
  }))
})

test('an exempt customer and one that owes the tax itself pay none', () => {
  for (const treatment of [{ kind: 'exempt', reason: 'non-profit' }, { kind: 'reverse_charge' }] satisfies TaxTreatment[]) {
    expect(taxOn(parseUnits('10', 'USD'), treatment, 'USD')).toMatchObject({ taxes: [], tax: 0n, gross: parseUnits('10', 'USD') })
  }
})
