import fc from 'fast-check'
import { expect, test } from 'vitest'
import { roundToMinor, units, ZERO, type Units } from '../money.ts'
import { instant } from '../time.ts'
import { closeInvoice, plainLine, type ChargeLine } from './close.ts'
import { dueLines, type InvoicedLine } from './due.ts'

const period = { start: instant(0), end: instant(1) }
const line = (kind: ChargeLine['kind'], price: string, exact: Units) => plainLine({ kind, price, name: price, period, exact })
const close = (lines: readonly ChargeLine[]) => closeInvoice({ currency: 'USD', lines, discounts: [], included: ZERO, promotional: ZERO, prepaid: ZERO, tax: { kind: 'rates', rates: [], inclusive: false } })

const amounts = fc.bigInt({ min: -(10n ** 13n), max: 10n ** 14n }).map(units)
const stages = fc.array(fc.dictionary(fc.constantFrom('input', 'output', 'steps'), amounts, { maxKeys: 3 }), { minLength: 1, maxLength: 6 })

test('however often a period is invoiced on the way, its invoices sum to what it comes to in the end, exactly and as printed', () => {
  fc.assert(fc.property(stages, (list) => {
    const invoiced: InvoicedLine[] = []
    for (const stage of list) {
      const invoice = close(dueLines(Object.entries(stage).map(([price, exact]) => line('usage', price, exact)), invoiced, period))
      invoiced.push(...invoice.lines)
    }
    const last = list.at(-1)!
    for (const price of ['input', 'output', 'steps']) {
      const own = invoiced.filter((one) => one.price === price)
      const whole = last[price] ?? ZERO
      expect(own.reduce((sum, { exact }) => sum + exact, 0n)).toBe(whole)
      expect(own.reduce((sum, { amount }) => sum + amount, 0n)).toBe(roundToMinor(whole, 'USD'))
    }
  }))
})

test('closed again without news, there is nothing to ask for', () => {
  const first = close([line('fee', 'plan', units(49n * 10n ** 12n)), line('usage', 'input', units(5n))])
  expect(dueLines([line('fee', 'plan', units(49n * 10n ** 12n)), line('usage', 'input', units(5n))], first.lines, period)).toEqual([])
})

test('usage that came late counts against the usage of its period', () => {
  const first = close([line('usage', 'input', units(10n ** 12n))])
  const [late] = dueLines([line('late_usage', 'input', units(3n * 10n ** 12n))], first.lines, period)
  expect([late!.kind, late!.exact]).toEqual(['late_usage', 2n * 10n ** 12n])
})
