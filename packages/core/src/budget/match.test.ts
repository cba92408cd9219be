// Which budgets count a request: scopes, conditions, templates, cycles; and that the index finds what a plain look at every rule does.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { CustomerSnapshot } from '../entitlement/snapshot.ts'
import type { EntityId } from '../id.ts'
import { HOUR_MS, instant } from '../time.ts'
import { applies } from './applies.ts'
import { LIFETIME, type Budget, type BudgetTerms } from './budget.ts'
import { attributesOf, budgetOf, cycleAt, instanceId, limitsFor, ruleIdOf, valueOf, type Attributes } from './match.ts'

const rule = (id: string, part: Partial<Budget> = {}): Budget => ({
  id, name: id, unit: { kind: 'money', asset: 'USD' }, period: LIFETIME, enforcement: 'hard', entity: null, features: null, ...part,
})
const when = (id: string, terms: BudgetTerms): Budget => rule(id, { terms })
const snapshotOf = (limits: readonly Budget[]): CustomerSnapshot => ({
  limits, funding: [], currency: 'USD',
  entityPaths: { ent_alice: ['ent_red', 'ent_org'], ent_bob: ['ent_blue', 'ent_org'], ent_red: ['ent_org'], ent_blue: ['ent_org'], ent_org: [] },
  entityKinds: { ent_alice: 'user', ent_bob: 'user', ent_red: 'team', ent_blue: 'team', ent_org: 'organisation' },
}) as unknown as CustomerSnapshot
const asked = (part: Partial<Attributes> = {}): Attributes => ({ feature: 'chat', entity: null, key: null, run: null, model: null, dimensions: {}, ...part })
const ALICE = 'ent_alice' as EntityId
const AT = instant(10 * HOUR_MS + 5)
const found = (limits: readonly Budget[], request: Partial<Attributes>) => limitsFor(snapshotOf(limits), asked(request), AT).map(({ id }) => id)

test('conditions hold on feature, model, key, run, kinds of entity and any dimension, all of them together', () => {
  const limits = [
    when('key', { where: { key: ['key_1'] } }), when('run', { where: { run: ['r1', 'r2'] } }), when('model', { where: { model: ['small'] } }),
    when('team', { where: { team: ['ent_red'] } }), when('tag', { where: { tag: ['a', 'b'], region: ['eu'] } }), rule('feature', { features: ['chat'] }), rule('all'),
  ]
  expect(found(limits, {})).toEqual(['all', 'feature'])
  expect(found(limits, { key: 'key_1', run: 'r2', model: 'small' }).sort()).toEqual(['all', 'feature', 'key', 'model', 'run'])
  expect(found(limits, { feature: 'images', entity: ALICE })).toEqual(['all', 'team'])
  expect(found(limits, { dimensions: { tag: 'b' } })).toEqual(['all', 'feature'])
  expect(found(limits, { dimensions: { tag: 'b', region: 'eu' } }).sort()).toEqual(['all', 'feature', 'tag'])
})

test('a template is one budget for each value, with an id that reads back, and counts nobody without one', () => {
  const limits = [when('cap:user', { per: ['user'] }), when('cap:both', { per: ['user', 'tag'] }), when('cap:hostile', { per: ['tag'] })]
  expect(found(limits, {})).toEqual([])
  expect(found(limits, { entity: ALICE })).toEqual(['cap:user@ent_alice'])
  expect(found(limits, { entity: ALICE, dimensions: { tag: 'a,b@c/ü' } })).toEqual(['cap:user@ent_alice', `cap:both@ent_alice,${encodeURIComponent('a,b@c/ü')}`, `cap:hostile@${encodeURIComponent('a,b@c/ü')}`])
  const snapshot = snapshotOf(limits)
  for (const budget of limitsFor(snapshot, asked({ entity: ALICE, dimensions: { tag: 'a,b@c/ü' } }), AT)) {
    expect(budgetOf(snapshot, budget.id, AT)).toEqual(budget)
    expect(limits.map(({ id }) => id)).toContain(ruleIdOf(budget.id))
  }
})

test('an id that no template makes is no budget: wrong rule, wrong number of values, wrong spelling', () => {
  const snapshot = snapshotOf([rule('cap:plain'), when('cap:user', { per: ['user'] })])
  for (const id of ['cap:other', 'cap:plain@x', 'cap:user', 'cap:user@a,b', 'cap:user@%zz', 'cap:user@a b']) expect(budgetOf(snapshot, id, AT)).toBeUndefined()
  expect(budgetOf(snapshot, 'cap:user@a%20b', AT)?.name).toBe('cap:user (a b)')
  expect(budgetOf(snapshot, 'cap:plain', AT)?.id).toBe('cap:plain')
})

test('a cycle is the hour that holds the instant, cut at the end of its period, and each has its own budget', () => {
  const hourly = when('cap:hour', { cycleMs: HOUR_MS })
  const snapshot = snapshotOf([hourly])
  const spans = [AT, instant(AT + HOUR_MS), AT].map((at) => limitsFor(snapshot, asked(), at)[0]!.period)
  expect(spans).toEqual([10, 11, 10].map((hour) => ({ start: hour * HOUR_MS, end: (hour + 1) * HOUR_MS })))
  expect(cycleAt({ ...hourly, period: { start: instant(0), end: instant(1.5 * HOUR_MS) } }, instant(1.2 * HOUR_MS))).toEqual({ start: HOUR_MS, end: 1.5 * HOUR_MS })
})

test('the same budget is found at admission and at settlement, whatever the event shows', () => {
  const event = { feature: 'chat', entity: ALICE, key: 'key_1', run: 'r1', dimensions: { tag: 'after', extra: '1' } }
  const settled = { node: 'n', incarnation: 1, covered: [], scope: { tag: 'before', model: 'small' } }
  expect(attributesOf({ ...event, settled })).toEqual(asked({ ...event, dimensions: { tag: 'before', extra: '1', model: 'small' } }))
  expect(attributesOf({ ...event, settled: null }).dimensions).toEqual(event.dimensions)
})

test('the index finds exactly the rules that a look at each of them finds, whatever was asked before', () => {
  const values = fc.subarray(['a', 'b', 'c'], { minLength: 1 })
  const rules = fc.array(fc.record({
    entity: fc.constantFrom(null, 'ent_alice', 'ent_red', 'ent_org', 'ent_blue'), features: fc.constantFrom(null, ['chat'], ['images', 'chat'], ['images']),
    where: fc.option(fc.dictionary(fc.constantFrom('tag', 'model', 'team', 'feature'), values, { maxKeys: 2 }), { nil: undefined }),
  }), { maxLength: 30 })
  const requests = fc.record({ entity: fc.constantFrom(null, 'ent_alice', 'ent_bob', 'ent_red', 'ent_gone'), feature: fc.constantFrom('chat', 'images', null), tag: fc.constantFrom('a', 'b', undefined), model: fc.constantFrom('a', null) })
  fc.assert(fc.property(rules, fc.array(requests, { minLength: 1, maxLength: 4 }), (written, asks) => {
    const limits = written.map(({ where, ...part }, index) => rule(`r${index}`, { ...(part as Partial<Budget>), ...(where === undefined || Object.keys(where).length === 0 ? {} : { terms: { where } }) }))
    const snapshot = snapshotOf(limits)
    for (const { tag, ...request } of [...asks, ...asks]) expectPlain(snapshot, asked({ ...(request as Partial<Attributes>), dimensions: tag === undefined ? {} : { tag } }))
  }))
})

function expectPlain(snapshot: CustomerSnapshot, attributes: Attributes): void {
  const plain = snapshot.limits.filter((budget) => applies(budget, snapshot, attributes) && Object.entries(budget.terms?.where ?? {}).every(([attribute, accepted]) => accepted.includes(valueOf(attribute, snapshot, attributes) ?? '')))
  expect(limitsFor(snapshot, attributes, AT).map(({ id }) => id).sort()).toEqual(plain.map(({ id }) => id).sort())
}

test('a value of any length and kind makes an id that fits a key and reads back to the same budget', () => {
  const limits = [when('cap:tag', { per: ['tag'] })]
  const snapshot = snapshotOf(limits)
  for (const tag of ['\ud800', '\0', '€'.repeat(256), 'x'.repeat(97), 'x'.repeat(98), '']) {
    const [budget] = limitsFor(snapshot, asked({ dimensions: { tag } }), AT)
    expect(budget!.id.length).toBeLessThan(700)
    expect(budgetOf(snapshot, budget!.id, AT)?.id).toBe(budget!.id)
  }
})

test('ids of instances are different for different values', () => {
  const texts = fc.array(fc.string(), { minLength: 1, maxLength: 3 })
  fc.assert(fc.property(texts, texts, (a, b) => {
    if (JSON.stringify(a) !== JSON.stringify(b)) expect(instanceId('r', a)).not.toBe(instanceId('r', b))
  }))
})
