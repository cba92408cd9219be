// A wallet over time: who paid what, what lapsed, what is owed, and nothing out of nowhere.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import { units, ZERO, type Units } from '../money.ts'
import { instant } from '../time.ts'
import { burn, type BurnBlock, type BurnDraw, type BurnInput } from './burn.ts'

const block = (id: string, amount: number, rest: Partial<BurnBlock> = {}): BurnBlock => ({
  id, category: 'paid', priority: 1, granted: units(BigInt(amount)), remaining: units(BigInt(amount)), effectiveAt: instant(0), expiresAt: null, createdAt: instant(0),
  features: [], voidedAt: null, renewsAt: [], rollover: null, ...rest,
})
const draw = (at: number, amount: number, feature: string | null = null): BurnDraw => ({ id: `draw_${at}`, at: instant(at), amount: units(BigInt(amount)), feature })
const run = (blocks: readonly BurnBlock[], draws: readonly BurnDraw[], rest: Partial<BurnInput> = {}) => burn({ blocks, draws, until: instant(100), resets: [], depletion: { kind: 'hard' }, keepsDebt: true, ...rest })
const paid = (result: ReturnType<typeof burn>) => result.draws.map(({ id, draws, debt, refused }) => `${id}: ${draws.map(({ block: from, amount }) => `${from} ${amount}`).join(' + ') || 'nothing'}${debt > 0n ? `, owed ${debt}` : ''}${refused > 0n ? `, refused ${refused}` : ''}`)
const left = (result: ReturnType<typeof burn>) => Object.fromEntries(result.balances.map(({ block: id, remaining }) => [id, Number(remaining)]))
const lapsed = (result: ReturnType<typeof burn>) => result.breakage.map(({ block: id, at, amount, reason }) => `${id} ${amount} ${reason} at ${at}`)
const soft = (floor: number | null = null): BurnInput['depletion'] => ({ kind: 'soft', floor: floor === null ? null : units(BigInt(floor)) })

test('each draw names the blocks that paid it, in burn order', () => {
  const result = run([block('paid', 100), block('gift', 30, { category: 'promotional' }), block('soon', 20, { expiresAt: instant(50) })], [draw(10, 40), draw(20, 60), draw(30, 60)])
  expect(paid(result)).toEqual(['draw_10: soon 20 + gift 20', 'draw_20: gift 10 + paid 50', 'draw_30: paid 50, refused 10'])
  expect([left(result), result.balance, lapsed(result)]).toEqual([{ paid: 0, gift: 0, soon: 0 }, 0n, []])
})

test('a block pays from the moment that it begins and until just before it expires; the rest lapses', () => {
  const result = run([block('old', 50, { expiresAt: instant(20) }), block('new', 50, { effectiveAt: instant(20) })], [draw(19, 10), draw(20, 10), draw(19.5, 5)])
  expect(paid(result)).toEqual(['draw_19: old 10', 'draw_19.5: old 5', 'draw_20: new 10'])
  expect(lapsed(result)).toEqual(['old 35 expired at 20'])
})

test('the state is that of the end: what ends or begins then has, a draw then has not come', () => {
  const result = run([block('old', 50, { expiresAt: instant(100) }), block('new', 5, { effectiveAt: instant(100) }), block('later', 7, { effectiveAt: instant(101) })], [draw(100, 10)])
  expect([left(result), lapsed(result), result.draws]).toEqual([{ old: 0, new: 5 }, ['old 50 expired at 100'], []])
})

test('a block that expired before anything happened pays nothing, and a voided one forfeits the rest once', () => {
  expect(run([block('dead', 50, { effectiveAt: instant(-20), expiresAt: instant(-10) })], [draw(1, 10)])).toMatchObject({ draws: [{ draws: [], refused: 10n }], breakage: [{ amount: 50n }] })
  const result = run([block('void', 50, { voidedAt: instant(10), expiresAt: instant(20) })], [draw(5, 20), draw(15, 10)])
  expect([paid(result), lapsed(result)]).toEqual([['draw_5: void 20', 'draw_15: nothing, refused 10'], ['void 30 voided at 10']])
})

test('a renewal fills the block anew, and only its rollover comes on top', () => {
  const weekly = (rollover: BurnBlock['rollover']) => run([block('weekly', 100, { renewsAt: [instant(10), instant(20)], rollover })], [draw(5, 30), draw(15, 150)])
  expect([left(weekly(null)), lapsed(weekly(null)), paid(weekly(null))]).toEqual([{ weekly: 100 }, ['weekly 70 renewed at 10'], ['draw_5: weekly 30', 'draw_15: weekly 100, refused 50']])
  const kept = weekly({ min: ZERO, max: units(60n) })
  expect([left(kept), lapsed(kept), paid(kept)]).toEqual([{ weekly: 110 }, ['weekly 10 renewed at 10'], ['draw_5: weekly 30', 'draw_15: weekly 150']])
})

test('a renewal before the beginning or after the end of a block does not happen', () => {
  const result = run([block('odd', 100, { effectiveAt: instant(10), expiresAt: instant(30), renewsAt: [instant(5), instant(10), instant(30), instant(40)] })], [draw(15, 30)])
  expect([result.issued, lapsed(result)]).toEqual([[], ['odd 70 expired at 30']])
})

test('a reset keeps min(max, max(left, min)) of each block', () => {
  const after = (rollover: BurnBlock['rollover'], used: number) => left(run([block('b', 100, { rollover })], [draw(5, used)], { resets: [instant(10)] }))['b']
  expect([after(null, 10), after({ min: ZERO, max: units(50n) }, 10), after({ min: ZERO, max: units(50n) }, 70), after({ min: units(40n), max: units(50n) }, 100), after({ min: units(200n), max: units(200n) }, 10)]).toEqual([0, 50, 30, 40, 200])
})

test('a block that begins at a reset belongs to the new period', () => {
  expect(left(run([block('old', 100), block('new', 50, { effectiveAt: instant(10) })], [], { resets: [instant(10)] }))).toEqual({ old: 0, new: 50 })
})

test('hard stops at zero, soft goes down to its floor, and what is owed is paid first by whatever comes', () => {
  expect(paid(run([block('b', 10)], [draw(1, 25)]))).toEqual(['draw_1: b 10, refused 15'])
  expect(paid(run([block('b', 10)], [draw(1, 25), draw(2, 10)], { depletion: soft(-20) }))).toEqual(['draw_1: b 10, owed 15', 'draw_2: nothing, owed 5, refused 5'])
  const result = run([block('b', 10), block('top_up', 50, { effectiveAt: instant(20) })], [draw(1, 25), draw(30, 5)], { depletion: soft() })
  expect(result.repayments).toEqual([{ block: 'top_up', at: 20, amount: 15n, draw: 'draw_1' }])
  expect([left(result), result.debt, result.balance]).toEqual([{ b: 0, top_up: 30 }, 0n, 30n])
  expect(run([], [draw(1, 25)], { depletion: soft() }).balance).toBe(-25n)
})

test('debt outlives a reset or is written off by it, as the wallet says', () => {
  const grants = [block('a', 800, { effectiveAt: instant(20), rollover: { min: ZERO, max: units(800n) } }), block('b', 600, { priority: 3, effectiveAt: instant(20), rollover: { min: units(300n), max: units(300n) } })]
  const after = (used: number, keepsDebt: boolean) => {
    const result = run(grants, [draw(1, used)], { resets: [instant(50)], depletion: soft(), keepsDebt })
    return [left(result), result.debt, result.forgiven]
  }
  expect(after(1_450, true)).toEqual([{ a: 0, b: 250 }, 0n, 0n])
  expect(after(1_750, true)).toEqual([{ a: 0, b: 0 }, 50n, 0n])
  expect(after(1_750, false)).toEqual([{ a: 0, b: 300 }, 0n, 350n])
})

test('a block for some features pays for them alone, before those that pay for everything, and repays nothing', () => {
  const blocks = [block('any', 10), block('api', 30, { priority: 2, features: ['api'] }), block('chat', 30, { priority: 0, features: ['chat'] })]
  expect(paid(run(blocks, [draw(1, 40, 'api')]))).toEqual(['draw_1: api 30 + any 10'])
  expect(paid(run(blocks, [draw(1, 40, 'images'), draw(2, 5)]))).toEqual(['draw_1: any 10, refused 30', 'draw_2: nothing, refused 5'])
  const owing = run([block('chat', 30, { effectiveAt: instant(5), features: ['chat'] })], [draw(1, 10, 'api'), draw(2, 20, 'chat')], { depletion: soft() })
  expect([paid(owing), owing.repayments, owing.debt, left(owing)]).toEqual([['draw_1: nothing, owed 10', 'draw_2: nothing, owed 20'], [], 30n, { chat: 30 }])
})

const moment = fc.nat(120).map(instant)
const amount = fc.bigInt({ min: 0n, max: 500n }).map(units)
const blocks = fc.array(fc.record({
  category: fc.constantFrom('paid' as const, 'promotional' as const), priority: fc.nat(2), granted: amount, effectiveAt: moment, expiresAt: fc.option(moment), voidedAt: fc.option(moment, { freq: 4 }), createdAt: moment,
  features: fc.subarray(['api', 'chat']), renewsAt: fc.array(moment, { maxLength: 3 }), rollover: fc.option(fc.record({ min: amount, max: amount })),
}), { maxLength: 6 }).map((list) => list.map((part, index): BurnBlock => ({ id: `blk_${index}`, ...part, remaining: part.granted, renewsAt: [...new Set(part.renewsAt)] })))
const draws = fc.array(fc.record({ at: moment, amount, feature: fc.constantFrom(null, 'api', 'chat') }), { maxLength: 10 }).map((list) => list.map((part, index): BurnDraw => ({ id: `draw_${index}`, ...part })))
const inputs = fc.record({ blocks, draws, resets: fc.array(moment, { maxLength: 2 }), depletion: fc.oneof(fc.constant({ kind: 'hard' as const }), fc.option(fc.integer({ min: -300, max: 0 })).map(soft)), keepsDebt: fc.boolean(), until: fc.constant(instant(100)) })

test('credit comes from nowhere and goes nowhere: what was there and issued is what was drawn, lapsed and is left', () => {
  const sum = (amounts: readonly { readonly amount: Units }[]) => amounts.reduce((total, part) => total + part.amount, 0n)
  fc.assert(fc.property(inputs, (input) => {
    const result = burn(input)
    for (const { id, granted, effectiveAt } of input.blocks) {
      if (effectiveAt > input.until) continue
      const of = <Part extends { readonly block: string; readonly amount: Units }>(parts: readonly Part[]) => sum(parts.filter(({ block: from }) => from === id))
      const gone = of(result.draws.flatMap((one) => one.draws)) + of(result.repayments) + of(result.breakage)
      expect(granted + of(result.issued)).toBe(gone + result.balances.find(({ block: from }) => from === id)!.remaining)
    }
    for (const one of result.draws) expect(sum(one.draws) + one.debt + one.refused).toBe(one.amount)
    const owed = result.draws.reduce((total, one) => total + one.debt, 0n)
    expect(owed).toBe(result.debt + result.forgiven + sum(result.repayments))
    if (input.depletion.kind === 'hard') expect(result.debt).toBe(0n)
    else if (input.depletion.floor !== null) expect(result.debt <= -input.depletion.floor).toBe(true)
  }), { numRuns: 500 })
})

test('nobody pays outside its life or for a feature that is not its own, and nothing is refused while it could be paid', () => {
  fc.assert(fc.property(inputs, (input) => {
    const result = burn(input)
    const byId = new Map(input.blocks.map((one) => [one.id, one]))
    for (const one of result.draws) {
      for (const { block: from } of one.draws) {
        const source = byId.get(from)!
        expect(source.effectiveAt <= one.at && (source.expiresAt === null || one.at < source.expiresAt) && (source.voidedAt === null || one.at < source.voidedAt)).toBe(true)
        expect(source.features.length === 0 || source.features.includes(one.feature ?? '')).toBe(true)
      }
    }
  }), { numRuns: 300 })
})

test('the order of the lists changes nothing, as long as draws of one instant keep theirs', () => {
  fc.assert(fc.property(inputs.filter(({ draws: list }) => new Set(list.map(({ at }) => at)).size === list.length), fc.nat(), (input, seed) => {
    const turned = <Item>(list: readonly Item[]): Item[] => list.map((_, index) => list[(index + seed) % list.length]!)
    const one = burn(input)
    const other = burn({ ...input, blocks: turned(input.blocks), draws: turned(input.draws), resets: turned(input.resets) })
    expect(other.draws).toEqual(one.draws)
    expect([other.debt, other.balance, other.forgiven]).toEqual([one.debt, one.balance, one.forgiven])
    expect(new Map(other.balances.map(({ block: id, remaining }) => [id, remaining]))).toEqual(new Map(one.balances.map(({ block: id, remaining }) => [id, remaining])))
  }), { numRuns: 200 })
})

test('two blocks of one id, negative draws and a floor above zero are a programmer’s error', () => {
  expect(() => run([block('a', 1), block('a', 1)], [])).toThrow('two blocks')
  expect(() => run([], [draw(1, -1)])).toThrow('negative')
  expect(() => run([], [], { depletion: { kind: 'soft', floor: units(1n) } })).toThrow('floor')
})
