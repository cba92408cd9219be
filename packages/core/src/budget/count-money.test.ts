import { expect, test } from 'vitest'
import type { CreditAsset } from '../catalog/catalog.ts'
import { formatUnits, parseUnits } from '../money.ts'
import { countMoney } from './count-money.ts'

test('a credit counts what it is worth on a cap in the currency, rounded up; without a value it cannot be counted', () => {
  const asset = (value: string | null): CreditAsset => ({ id: 'credits', name: 'Credits', currency: 'USD', value: value === null ? null : parseUnits(value, 'USD') })
  const count = (amount: string, value: string | null, to = 'USD') => {
    const counted = countMoney(parseUnits(amount, 'credits'), { from: 'credits', to, catalog: { creditAssets: new Map([['credits', asset(value)]]) } })
    return counted === null ? null : formatUnits(counted, to)
  }
  expect([count('250', '0.01'), count('-250', '0.01'), count('0.000001', '0.0000001'), count('1', null), count('1', '0.01', 'EUR'), count('3.5', null, 'credits')]).toEqual(['2.5', '-2.5', '0.000000000001', null, null, '3.5'])
})
