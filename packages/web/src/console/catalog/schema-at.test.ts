import { expect, test } from 'vitest'
import published from '../../../../../docs/reference/catalog.schema.json' with { type: 'json' }
import { kindOf, pathAt, propertiesOf, schemasAt, type Schema } from './schema-at.ts'

const SCHEMA = published as unknown as Schema
const FILE = `currency: USD
plans:
  - id: pro
    name: Pro
    entitlements: [chat, agents]
    prices:
      - { id: tokens, meter: tokens, model: per_unit, amount: 0.1 }
${'    '}
  - id: free
gateway:
  feature: chat
`
/** Where the caret is written as ▮. */
const at = (text: string) => pathAt(text.replace('▮', ''), text.indexOf('▮'))
const after = (piece: string) => at(FILE.replace(piece, `${piece}▮`))

test.each([
  ['curr', ['currency']],
  ['  - id: pro\n    na', ['plans', 0, 'name']],
  ['[chat, ag', ['plans', 0, 'entitlements', 1]],
  ['model: per', ['plans', 0, 'prices', 0, 'model']],
  ['amount: 0.1 }\n    ', ['plans', 0]],
  ['- id: fr', ['plans', 1, 'id']],
  ['  feature: ch', ['gateway', 'feature']],
] as const)('the caret after %j is at %j', (piece, path) => {
  expect(after(piece)).toEqual(path)
})

test('a file that cannot be read whole still has a place', () => {
  expect(at('plans:\n  - id: pro\n    name: ▮"unclosed\n')).toEqual(['plans', 0, 'name'])
  expect(at('▮')).toEqual([])
})

test('the schema there says what may be written, required fields first, and which words a value has', () => {
  const [first] = propertiesOf(schemasAt(SCHEMA, ['plans', 0]))
  expect(first).toMatchObject({ name: 'id', isRequired: true })
  expect(propertiesOf(schemasAt(SCHEMA, [])).map(({ name }) => name)).toContain('rate_card')
  expect(kindOf(schemasAt(SCHEMA, ['features', 0, 'kind']))).toBe('boolean, value, metered')
  expect(kindOf(schemasAt(SCHEMA, ['plans', 0, 'prices', 0, 'model']))).toContain('per_unit')
  expect(schemasAt(SCHEMA, ['no', 'such', 'place'])).toEqual([])
})
