// Files laid over a catalog file: what comes out, and where a mistake is shown.

import { expect, test } from 'vitest'
import { formatIssue } from './issue.ts'
import { mergeSources } from './overlay.ts'
import { parseCatalog } from './parse-yaml.ts'
import { readYaml } from './yaml-source.ts'

function merged(...texts: string[]) {
  const files = texts.map((text, index) => {
    const source = readYaml(text)
    if (source.kind === 'faulty') throw new Error(JSON.stringify(source.faults))
    return { name: `file-${index}.yaml`, source }
  })
  return mergeSources(files)
}

test.each<[what: string, files: string[], expected: unknown]>([
  ['fields over fields', ['a: 1\nb: { c: 2, d: 3 }', 'b: { d: 4 }'], { a: '1', b: { c: '2', d: '4' } }],
  ['items over those of the same id, new ones after', ['l: [{ id: a, x: 1 }, { id: b, x: 2 }]', 'l: [{ id: b, x: 3 }, { id: c, x: 4 }]'], { l: [{ id: 'a', x: '1' }, { id: 'b', x: '3' }, { id: 'c', x: '4' }] }],
  ['an item taken out', ['l: [{ id: a }, { id: b }]', 'l: [{ id: a, remove: true }]'], { l: [{ id: 'b' }] }],
  ['an empty value takes a field out', ['a: 1\nb: 2', 'b:'], { a: '1' }],
  ['plain words stand in place of others', ['l: [a, b]', 'l: [c]'], { l: ['c'] }],
  ['a word means its item', ['l: [chat, { feature: search, models: [x] }]', 'l: [{ feature: chat, models: [y] }]'], { l: [{ feature: 'chat', models: ['y'] }, { feature: 'search', models: ['x'] }] }],
  ['rates by provider, model and day', ['r: [{ provider: p, model: m, from: 1, x: 1 }]', 'r: [{ provider: p, model: m, from: 2, x: 2 }]'], { r: [{ provider: 'p', model: 'm', from: '1', x: '1' }, { provider: 'p', model: 'm', from: '2', x: '2' }] }],
  ['a short form over the fields that it is short for', ['p: { fee: { name: Fee, amount: 1 } }', 'p: { fee: 2 }'], { p: { fee: { name: 'Fee', amount: '2' } } }],
  ['the last file on top', ['a: 1', 'a: 2', 'a: 3'], { a: '3' }],
])('%s', (_, files, expected) => {
  expect(JSON.parse(JSON.stringify(merged(...files).value))).toEqual(expected)
})

test('a value is shown where it was written, also after an item before it was taken out', () => {
  const { locate } = merged('l:\n  - { id: a }\n  - { id: b, x: 1, y: 2 }\n', 'l:\n  - { id: a, remove: true }\n', '# on top\nl:\n  - { id: b, y: 3 }\n  - { id: c }\n')
  expect(locate(['l', 0, 'x'], false)).toEqual({ file: null, line: 3, column: 17 })
  expect(locate(['l', 0, 'y'], false)).toEqual({ file: 'file-2.yaml', line: 3, column: 17 })
  expect(locate(['l', 1, 'id'], false)).toEqual({ file: 'file-2.yaml', line: 4, column: 11 })
})

test('removing what is not there is told', () => {
  expect(merged('l: [{ id: a }]', 'l: [{ id: b, remove: true }]').faults).toMatchObject([{ file: 'file-1.yaml', line: 1, column: 5, code: 'nothing_to_remove' }])
})

const BASE = `currency: USD
features: [{ id: chat, kind: metered }]
meters: [{ id: tokens, event_type: ai.request, properties: [tokens] }]
plans:
  - id: pro
    fee: 10
    entitlements: [chat]
    prices: [{ id: tokens, meter: tokens, model: per_unit, amount: 0.01 }]
    funding: [overage]
gateway: { feature: chat }
`

test('a catalog with an overlay is that of the environment, and its mistakes name file, line and suggestion', () => {
  const good = parseCatalog(BASE, [], [{ name: 'eu.yaml', source: 'currency: EUR\nplans:\n  - { id: pro, fee: 9 }\n' }])
  expect(good).toMatchObject({ kind: 'valid', document: { currency: 'EUR', plans: [{ id: 'pro', fee: { amount: '9' }, prices: [{ amount: '0.01' }] }] } })
  const bad = parseCatalog(BASE, [], [{ name: 'eu.yaml', source: 'plans:\n  - id: pro\n    feee: 9\n    prices: [{ id: tokens, meter: tokns }]\n' }])
  expect(bad.kind === 'invalid' && bad.issues.map((issue) => formatIssue(issue, 'catalog.yaml'))).toEqual(['eu.yaml:3:5: plan has no field "feee". Did you mean "fee"?'])
  const broken = parseCatalog(BASE, [], [{ name: 'eu.yaml', source: 'plans:\n  - { id: pro, prices: [{ id: tokens, meter: tokns }] }\n' }])
  expect(broken.kind === 'invalid' && broken.issues.map((issue) => [formatIssue(issue, 'catalog.yaml'), issue.suggestion])).toContainEqual([expect.stringContaining('eu.yaml:2:46: '), 'tokens'])
})
