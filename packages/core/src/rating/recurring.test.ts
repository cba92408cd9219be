// What is due for time: fees, seats, and the two lines of a change in mid-period.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { daysBetween } from '../period.ts'
import { formatUnits, parseUnits, units, type Units } from '../money.ts'
import { instant, type Span } from '../time.ts'
import { flatBound, flatCharge, flatLines } from './flat.ts'
import { sumOfLines } from './line.ts'
import type { RecurringPriceOf } from './price.ts'
import { elapsedSeconds, prorateChange, prorated, splitAt, type Share } from './proration.ts'
import { seatBound, seatCharges, seatLines, seatTotal, type SeatChange, seatChanges } from './seat.ts'

const usd = (text: string) => parseUnits(text, 'USD')
const show = (amount: Units) => formatUnits(amount, 'USD')
const at = (text: string) => instant(Date.parse(text))
const april: Span = { start: at('2026-04-01T00:00:00Z'), end: at('2026-05-01T00:00:00Z') }
const share = (part: number, whole: number): Share => ({ part: BigInt(part), whole: BigInt(whole) })

test('a fee is due at the beginning in advance and at the end in arrears, and prorated by the share that was served', () => {
  expect(flatCharge({ model: 'flat', amount: usd('30'), timing: 'in_advance' }, april, share(1, 1))).toEqual({ amount: usd('30'), dueAt: april.start })
  expect(flatCharge({ model: 'flat', amount: usd('30'), timing: 'in_arrears' }, april, share(10, 30))).toEqual({ amount: usd('10'), dueAt: april.end })
  expect(show(prorated(usd('10'), share(1, 3)))).toBe('3.333333333333')
})

test('seconds of a period are its real length, and a moment outside it is its beginning or its end', () => {
  expect(elapsedSeconds(april, at('2026-04-16T00:00:00Z'))).toEqual(share(15 * 86_400, 30 * 86_400))
  expect(elapsedSeconds(april, at('2026-04-01T00:00:01.900Z'))).toEqual(share(1, 30 * 86_400))
  expect([elapsedSeconds(april, at('2026-03-01T00:00:00Z')).part, elapsedSeconds(april, at('2026-06-01T00:00:00Z')).part]).toEqual([0n, 2_592_000n])
})

test('days are those of the customer’s calendar, whatever the clocks do', () => {
  expect(daysBetween('Europe/Berlin', at('2026-03-01T00:00:00+01:00'), at('2026-04-01T00:00:00+02:00'))).toBe(31)
  expect(daysBetween('Europe/Berlin', at('2026-03-28T23:30:00+01:00'), at('2026-03-29T00:30:00+01:00'))).toBe(1)
  expect(daysBetween('America/Denver', at('2026-07-03T05:10:00Z'), at('2026-07-03T06:40:00Z'))).toBe(1)
  expect(daysBetween('UTC', at('2026-06-16T00:00:00Z'), at('2026-06-16T23:59:59Z'))).toBe(0)
})

test('a change in mid-period gives unused time back and charges the time that remains', () => {
  const lines = (from: string | null, to: string | null, elapsed: Share, timing: 'in_advance' | 'in_arrears') => prorateChange({ from: from === null ? null : usd(from), to: to === null ? null : usd(to), elapsed, timing }).map(({ kind, amount }) => `${kind} ${show(amount)}`)
  expect(lines('10', '20', share(15, 30), 'in_advance')).toEqual(['unused_time -5', 'remaining_time 10'])
  expect(lines('10', '20', share(10, 30), 'in_arrears')).toEqual(['used_time 3.333333333333', 'remaining_time 13.333333333333'])
  expect(lines('10', null, share(0, 30), 'in_advance')).toEqual(['unused_time -10'])
  expect(lines('10', null, share(30, 30), 'in_advance')).toEqual(['unused_time 0'])
  expect(lines(null, '10', share(20, 30), 'in_advance')).toEqual(['remaining_time 3.333333333333'])
})

const seats = (rest: Partial<RecurringPriceOf<'seat'>> = {}): RecurringPriceOf<'seat'> => ({ model: 'seat', amount: usd('30'), timing: 'in_advance', removal: 'credited', ...rest })
const month = (...changes: readonly (readonly [number, number])[]) => ({ whole: 30n, changes: changes.map(([day, count]): SeatChange => ({ elapsed: BigInt(day), seats: count })) })

test('seats in advance: each change charges what it makes of difference to the end of the period', () => {
  const check = (price: RecurringPriceOf<'seat'>, period: ReturnType<typeof month>, expected: readonly string[]) => expect.soft(seatCharges(price, period).map(({ added, amount }) => `${added} ${show(amount)}`)).toEqual(expected)
  check(seats(), month([0, 5]), ['5 150'])
  check(seats(), month([0, 5], [15, 8], [20, 6]), ['5 150', '3 45', '-2 -20'])
  check(seats(), month([0, 0], [10, 2]), ['0 0', '2 40'])
  check(seats({ removal: 'kept' }), month([0, 5], [10, 3], [20, 5], [25, 6]), ['5 150', '0 0', '0 0', '1 5'])
})

test('seats in arrears: once, by the time that each was there', () => {
  expect(seatCharges(seats({ timing: 'in_arrears' }), month([0, 5], [15, 8], [20, 6])).map(({ change, amount }) => [change, show(amount)])).toEqual([[null, '175']])
})

test('seats that are not known from the beginning, or come out of order, are a programmer’s error', () => {
  for (const wrong of [month(), month([1, 5]), month([0, 5], [20, 1], [10, 2]), month([0, -1]), month([0, 1.5]), month([0, 1], [31, 2])]) expect(() => seatCharges(seats(), wrong)).toThrow(/seats/)
})

const amount = fc.bigInt({ min: 0n, max: 10n ** 16n }).map(units)
const periods = fc.record({ whole: fc.bigInt({ min: 1n, max: 3_000_000n }), moments: fc.array(fc.tuple(fc.nat(10 ** 6), fc.nat(50)), { maxLength: 6 }), first: fc.nat(50) }).map(({ whole, moments, first }) => ({
  whole, changes: [{ elapsed: 0n, seats: first }, ...moments.map(([moment, count]) => ({ elapsed: (whole * BigInt(moment)) / 1_000_000n, seats: count })).sort((a, b) => (a.elapsed < b.elapsed ? -1 : 1))],
}))
const seatPrices = fc.record({ amount, removal: fc.constantFrom('credited' as const, 'kept' as const) })

test('the seat charges of a period in advance sum to what it costs in arrears, exactly', () => {
  fc.assert(fc.property(seatPrices, periods, (of, period) => {
    const inAdvance: RecurringPriceOf<'seat'> = { model: 'seat', timing: 'in_advance', ...of }
    const charges = seatCharges(inAdvance, period)
    const total = seatTotal({ ...inAdvance, timing: 'in_arrears' }, period)
    expect(charges.reduce((sum, charge) => sum + charge.amount, 0n)).toBe(total)
    expect(sumOfLines(seatLines(inAdvance, period))).toBe(total)
    for (const charge of charges) expect(charge.amount <= seatBound(inAdvance, charge.added)).toBe(true)
    if (of.removal === 'kept') for (const charge of charges) expect(charge.amount >= 0n).toBe(true)
  }), { numRuns: 300 })
})

test('used and unused sum to the amount, and any number of changes telescopes to the time that each amount held', () => {
  fc.assert(fc.property(amount, fc.bigInt({ min: 1n, max: 10n ** 7n }), fc.nat(10 ** 6), (whole, length, moment) => {
    const elapsed = { part: (length * BigInt(moment)) / 1_000_000n, whole: length }
    const { used, unused } = splitAt(whole, elapsed)
    expect(used + unused).toBe(whole)
    expect(used >= 0n && unused >= 0n).toBe(true)
  }))
  fc.assert(fc.property(fc.array(amount, { minLength: 2, maxLength: 6 }), fc.array(fc.nat(1_000), { minLength: 6, maxLength: 6 }), (amounts, moments) => {
    const times = moments.slice(0, amounts.length - 1).sort((a, b) => a - b).map((part) => share(part, 1_000))
    const paidInAdvance = amounts.slice(1).reduce((sum, to, index) => sum + prorateChange({ from: amounts[index]!, to, elapsed: times[index]!, timing: 'in_advance' }).reduce((total, line) => total + line.amount, 0n), amounts[0]! as bigint)
    const edges = [share(0, 1_000), ...times, share(1_000, 1_000)]
    const held = amounts.reduce((sum, of, index) => sum + prorated(of, edges[index + 1]!) - prorated(of, edges[index]!), 0n)
    expect(paidInAdvance).toBe(held)
  }))
})

test('a fee is at most its bound, and its line is the fee', () => {
  fc.assert(fc.property(amount, fc.nat(1_000), (of, part) => {
    const price: RecurringPriceOf<'flat'> = { model: 'flat', amount: of, timing: 'in_advance' }
    const charge = flatCharge(price, april, share(part, 1_000)).amount
    expect(charge >= 0n && charge <= flatBound(price)).toBe(true)
    expect(sumOfLines(flatLines(price, share(part, 1_000)))).toBe(charge)
  }))
})

test('the seats of a period are those at its beginning and each change within it; what comes before or after is not of it', () => {
  const at = (day: number) => instant(Date.parse('2026-03-01T00:00:00Z') + day * 86_400_000)
  const period = { start: at(0), end: at(31) }
  const history = [{ from: at(-40), seats: 2 }, { from: at(-3), seats: 5 }, { from: at(10), seats: 8 }, { from: at(31), seats: 1 }]
  expect(seatChanges(history, period)).toEqual({ whole: 31n * 86_400n, changes: [{ elapsed: 0n, seats: 5 }, { elapsed: 864_000n, seats: 8 }] })
  expect(seatChanges(history.slice(2), period).changes).toEqual([{ elapsed: 0n, seats: 0 }, { elapsed: 864_000n, seats: 8 }])
})
