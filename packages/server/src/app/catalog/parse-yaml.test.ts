import { readFileSync } from 'node:fs'
import { CATALOG_BYTES_MAX, compileCatalog, parseUnits } from '@tollgate/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIssue } from './issue.ts'
import { parseCatalog } from './parse-yaml.ts'

const issuesOf = (text: string): string[] => {
  const parsed = parseCatalog(text)
  return (parsed.kind === 'valid' ? parsed.warnings : parsed.issues).map((issue) => formatIssue(issue, 'c').slice(2))
}
const documentOf = (text: string) => {
  const parsed = parseCatalog(text)
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.issues))
  return parsed.document
}

const BASE = `currency: USD
features:
  - { id: chat, kind: metered }
meters:
  - { id: tokens, event_type: ai.request, properties: [tokens] }
gateway: { feature: chat }
`
const withPlan = (lines: string) => `${BASE}plans:\n  - id: pro\n    entitlements: [chat]\n${lines.replaceAll(/^/gm, '    ')}`
const withPrice = (fields: string) => withPlan(`prices:\n  - { id: tokens, meter: tokens, ${fields} }\nfunding: [overage]`)

test('the catalog of the demo has no error and no warning, and compiles', () => {
  const parsed = parseCatalog(readFileSync('examples/catalogs/demo.yaml', 'utf8'))
  expect(parsed).toMatchObject({ kind: 'valid', warnings: [] })
  const catalog = compileCatalog(parsed.kind === 'valid' ? parsed.document : ({} as never), 1)
  expect([...catalog.plans.keys()]).toEqual(['hybrid', 'prepaid', 'free'])
  expect(catalog.gatewayModels.get('sandbox-small')).toEqual({ name: 'sandbox-small', upstream: 'sandbox', model: 'sandbox-small' })
})

test('a pattern that RE2 cannot read is refused where it stands', () => {
  expect(issuesOf(BASE.replace('gateway: { feature: chat }', 'gateway:\n  feature: chat\n  prompts:\n    - keep_days: 7\n      patterns: [{ name: twice, pattern: "(a)\\\\1" }]'))).toEqual([expect.stringMatching(/^10:\d+: .*RE2 knows no look-around/)])
})

test('what is left out is filled in', () => {
  expect(documentOf(withPlan('fee: 49\nprices:\n  - { id: step_price, meter: tokens, model: graduated, tiers: [{ amount: 1 }] }\nfunding: [overage]'))).toEqual({
    currency: 'USD',
    features: [{ id: 'chat', name: 'Chat', kind: 'metered' }],
    meters: [{ id: 'tokens', name: 'Tokens', unit: 'unit', event_type: 'ai.request', aggregation: 'sum', properties: ['tokens'], filter: {}, scale: 0 }],
    plans: [
      {
        id: 'pro', name: 'Pro', public: true, period: 'month',
        fee: { id: 'fee', name: 'Plan fee', amount: '49' },
        entitlements: [{ feature: 'chat', value: null, models: ['*'] }],
        prices: [{ id: 'step_price', name: 'Step price', meter: 'tokens', model: 'graduated', per: '1', tiers: [{ up_to: null, amount: '1', flat: '0' }] }],
        allowances: [], limits: [], funding: ['overage'],
      },
    ],
    credit_assets: [],
    rate_card: [],
    gateway: { feature: 'chat', models: [] },
  })
})

test('a value is what its field says, not what YAML would guess', () => {
  const document = documentOf(`${BASE}rate_card:
  - { provider: own, model: 4.10, from: 2026-01-01, per_million: { input: 1, output: 1.50 }, context_window: 100, output_max: 10 }
`.replace('tokens, event', 'tokens, name: on, filter: { stream: [true], tier: [1.0] }, event'))
  expect(document.meters[0]).toMatchObject({ name: 'on', filter: { stream: ['true'], tier: ['1.0'] } })
  expect(document.rate_card[0]).toMatchObject({ model: '4.10', from: '2026-01-01', currency: 'USD', per_million: { input: '1', output: '1.5' }, context_window: 100 })
})

test('an alias stands for a whole value', () => {
  const document = documentOf(withPlan('prices: &prices\n  - { id: tokens, meter: tokens, model: per_unit, amount: 2 }\nfunding: [overage]') + '\n  - { id: max, entitlements: [chat], prices: *prices, funding: [overage] }\n')
  expect(document.plans[1]?.prices).toEqual(document.plans[0]?.prices)
})

const AMOUNT = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.stringMatching(/^\d{0,12}$/)).map(([whole, fraction]) => (fraction === '' ? `${whole}` : `${whole}.${fraction}`))
const STYLE = fc.constantFrom((text: string) => text, (text: string) => `"${text}"`, (text: string) => `'${text}'`, (text: string) => `&a ${text}`)

test('an amount survives the file exactly, in quotes or not', () => {
  fc.assert(
    fc.property(AMOUNT, STYLE, (amount, style) => {
      const [price] = documentOf(withPrice(`model: per_unit, amount: ${style(amount)}`)).plans[0]!.prices
      expect(parseUnits(price?.model === 'per_unit' ? price.amount : '', 'USD')).toBe(parseUnits(amount, 'USD'))
    }),
  )
})

test.each([
  ['nothing', '', '1:1: the catalog is empty. `tollgate catalog pull` prints the one in force.'],
  ['only a comment', '# nothing\n', '1:1: the catalog is empty. `tollgate catalog pull` prints the one in force.'],
  ['a list', '- a\n', '1:1: a catalog must be fields (key: value), not a list.'],
  ['two documents', `${BASE}---\na: 1\n`, '7:1: a second document begins here (---); a catalog is one.'],
  ['a key twice', 'currency: USD\ncurrency: EUR\n', '2:1: "currency" stands twice here; only one could count. Remove one.'],
  ['a tab', 'features:\n\t- a\n', '2:1: indented with a tab; YAML wants spaces.'],
  ['a tag', 'currency: !!binary USD\n', '1:11: tags (!…) are not read: every value is text that its field reads.'],
  ['a merge key', 'features: &f { a: 1 }\ngateway: { <<: *f }\n', '2:12: merge keys (<<) are not read. Name the values, or use an alias for a whole value: `prices: *prices`.'],
  ['an unknown alias', 'currency: *usd\n', '1:11: *usd stands for nothing: no &usd has ended before it.'],
  ['an alias inside its own anchor', 'features: &a [*a]\n', '1:15: *a stands for nothing: no &a has ended before it.'],
  ['an open bracket', 'features: [\n', '2:1: flow sequence in block collection must be sufficiently indented and end with a ].'],
  ['deep nesting', `a: ${'['.repeat(30)}${']'.repeat(30)}\n`, '1:20: nested deeper than 16 levels, which no catalog needs.'],
  ['nesting that would exhaust the parser', '['.repeat(20_000), /^1:\d+: nested deeper than 16 levels, which no catalog needs\.$/],
  ['aliases that expand without bound', Array.from({ length: 12 }, (_, index) => `a${index}: &a${index} [${Array(10).fill(index === 0 ? 'x' : `*a${index - 1}`).join(', ')}]`).join('\n'), /^\d+:\d+: more than 100000 values with aliases expanded\.$/],
  ['a megabyte too much', '#'.repeat(CATALOG_BYTES_MAX + 1), `1:1: the catalog has ${CATALOG_BYTES_MAX + 1} bytes; at most ${CATALOG_BYTES_MAX} are read.`],
  ['a field named like a prototype', `${BASE}__proto__: { currency: EUR }\n`, '7:1: no field is named __proto__.'],
])('refuses %s', (_, text, expected) => {
  const issues = issuesOf(text)
  expect(issues).toHaveLength(1)
  expect(issues[0]).toEqual(typeof expected === 'string' ? expected : expect.stringMatching(expected))
})

test.each([
  ['a missing section', 'currency: USD\n', ['1:1: gateway is missing.']],
  ['an empty section', `${BASE}plans:\n`, ['7:7: plans is empty where a list belongs; [] is an empty one.']],
  ['a misspelt field', withPrice('model: per_unit, amuont: 1'), ['11:55: price per unit has no field "amuont". Did you mean "amount"?']],
  ['a field of another price model', withPrice('model: package, amount: 1, size: 5, tiers: []'), ['11:74: package price has no field "tiers". Its fields are id, name, meter, when, model, amount, size.']],
  ['an unknown price model', withPrice('model: per_unti, amount: 1'), ['11:45: model is "per_unti"; it must be one of per_unit, graduated, volume, package, matrix, credits, percentage, cost_plus, dynamic, outcome, flat, seat. Did you mean "per_unit"?']],
  ['a price without a model', withPrice('amount: 1'), ['11:9: model is missing: one of per_unit, graduated, volume, package, matrix, credits, percentage, cost_plus, dynamic, outcome, flat, seat.']],
  ['a comma inside braces', withPrice('model: per_unit, amount: 500,000'), ['11:67: a comma ends a value between braces, so 000 became a field: write numbers without thousands separators.']],
  ['a comma in quotes', withPrice('model: per_unit, amount: "500,000"'), ['11:63: amount: "500,000" has a comma. Write 500000.']],
  ['grouped digits', withPrice('model: per_unit, amount: 1, per: 1_000'), ['11:71: per: "1_000" groups its digits. Write 1000.']],
  ['text for a list', withPlan('funding: wallet'), ['10:14: funding must be a list, not the text "wallet".']],
  ['fields for text', withPlan('name: { de: Profi }'), ['10:11: name must be text or a number, not fields.']],
  ['yes for true', withPlan('public: yes'), ['10:13: public is "yes"; it must be one of true, false. Did you mean "true"?']],
  ['half a decimal place', `${BASE}`.replace('tokens, event', 'tokens, scale: 0.5, event'), ['5:26: scale: 0.5 is not a whole number of zero or more.']],
  ['several at once, in the order of the file', withPlan('period: monthly\nlimits: {}').replace('USD', '').replace('chat,', 'chat, knd: x,'), [
    '1:11: currency is empty where text or a number belongs.',
    '3:17: feature has no field "knd". Did you mean "kind"?',
    '10:13: period is "monthly"; it must be one of month, year. Did you mean "month"?',
    '11:13: limits must be a list, not fields.',
  ]],
])('tells %s with its place', (_, text, expected) => {
  expect(issuesOf(text)).toEqual(expected)
})

test.each([
  ['an unknown meter', withPrice('model: per_unit, amount: 1').replace('meter: tokens', 'meter: tokesn'), '11:30: there is no meter tokesn. Did you mean "tokens"?'],
  ['an unknown feature', withPlan('limits: []').replace('[chat]', '[chat, shat]'), '9:26: there is no feature shat. Did you mean "chat"?'],
  ['a closed last tier', withPrice('model: graduated, tiers: [{ up_to: 5, amount: 1 }]'), '11:73: usage above 5 would have no price: leave up_to out in the last tier.'],
  ['a negative price', withPrice('model: per_unit, amount: -1'), '11:63: -1 is negative: a price or rate is zero or more.'],
  ['more digits than money keeps', withPrice('model: per_unit, amount: 0.0000000000001'), '11:63: amount has 13 decimal places; at most 12 are kept, so 0.0000000000001 is refused rather than rounded.'],
])('tells %s, which only the whole can show', (_, text, expected) => {
  expect(issuesOf(text)).toContain(expected)
})

test('a gateway model without a rate is an error where all rates are known, and a warning where others may have been imported', () => {
  const text = BASE.replace('{ feature: chat }', '{ feature: chat, models: [gpt-9, gpt-5-mini] }')
  const issue = { code: 'no_rate', path: 'gateway.models[0].model', line: 6, column: 36 }
  expect(parseCatalog(text, [])).toMatchObject({ kind: 'invalid', issues: [{ ...issue, level: 'error' }] })
  expect(parseCatalog(text)).toMatchObject({ kind: 'valid', warnings: [{ ...issue, level: 'warning' }] })
})

test('a warning is told and the catalog is still valid', () => {
  const parsed = parseCatalog(withPlan('allowances: [{ id: tokens, meters: [tokens], quantity: 5 }]'))
  expect(parsed).toMatchObject({ kind: 'valid', warnings: [{ level: 'warning', code: 'allowance_unfunded', path: 'plans[0].funding', line: 8, column: 5 }] })
})

test('an issue behind an alias is told once, where the value is written', () => {
  const text = withPlan('prices: &p\n  - { id: tokens, meter: tokens, model: per_unit, amount: abc }') + '\n  - { id: max, prices: *p }\n'
  expect(issuesOf(text)).toEqual(['11:63: amount: "abc" is not a plain decimal. Write a plain decimal such as 0.015.'])
})

test('Windows line ends and a byte order mark do not move the places', () => {
  expect(issuesOf(`\uFEFF${withPlan('public: yes').replaceAll('\n', '\r\n')}`)).toEqual(['10:13: public is "yes"; it must be one of true, false. Did you mean "true"?'])
})

test('at most a hundred issues are listed', () => {
  expect(issuesOf(`currency: USD\nfeatures:\n${'  - x\n'.repeat(300)}`)).toHaveLength(100)
})
