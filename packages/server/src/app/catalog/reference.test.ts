import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { parseCatalog } from './parse-yaml.ts'
import { renderCatalogReference, renderCatalogSchema } from './reference.ts'

const published = z.fromJSONSchema(JSON.parse(readFileSync('docs/reference/catalog.schema.json', 'utf8')) as Parameters<typeof z.fromJSONSchema>[0])

test('the checked-in schema and reference are those that the fields make; `npm run gen` writes them', () => {
  expect(readFileSync('docs/reference/catalog.schema.json', 'utf8')).toBe(renderCatalogSchema())
  expect(readFileSync('docs/reference/catalog.md', 'utf8')).toBe(renderCatalogReference())
})

test('the schema is draft-07, which YAML editors read', () => {
  expect(JSON.parse(renderCatalogSchema())).toMatchObject({ $schema: 'http://json-schema.org/draft-07/schema#', title: 'Catalog', additionalProperties: false, required: ['currency', 'gateway'] })
})

test.each(readdirSync('examples/catalogs').filter((name) => name.endsWith('.yaml')))('%s is valid without warnings, and an editor finds nothing wrong with it, numbers and shorthands included', (name) => {
  const source = readFileSync(`examples/catalogs/${name}`, 'utf8')
  expect(parseCatalog(source)).toMatchObject({ kind: 'valid', warnings: [] })
  expect(published.safeParse(parse(source)).error?.issues ?? []).toEqual([])
})

test.each([
  ['a misspelt field', { featurs: [] }],
  ['a grouped number', { plans: [{ id: 'a', fee: '1_000' }] }],
  ['an unknown price model', { plans: [{ id: 'a', prices: [{ id: 'a', meter: 'b', model: 'flat', amount: 1 }] }] }],
])('an editor marks %s', (_, change) => {
  expect(published.safeParse({ currency: 'USD', gateway: { feature: 'chat' }, ...change }).success).toBe(false)
})

test('every field says what it means', () => {
  const undescribed: string[] = []
  const visit = (schema: Record<string, unknown>, path: string): void => {
    for (const [field, of] of Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>)) {
      const parts = [of, ...((of.anyOf ?? []) as Record<string, unknown>[])]
      if (!parts.some(({ description }) => typeof description === 'string')) undescribed.push(`${path}.${field}`)
      for (const part of parts) visit(part, `${path}.${field}`)
    }
    for (const part of [schema.items, ...((schema.oneOf ?? []) as unknown[]), ...((schema.anyOf ?? []) as unknown[])]) if (part !== undefined) visit(part as Record<string, unknown>, path)
  }
  visit(JSON.parse(renderCatalogSchema()) as Record<string, unknown>, 'catalog')
  expect(undescribed).toEqual([])
})

test('the catalog of the guide is valid without warnings, for us and for an editor', () => {
  const [, example = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync('docs/guides/write-a-catalog.md', 'utf8')) ?? []
  expect(parseCatalog(example)).toMatchObject({ kind: 'valid', warnings: [] })
  expect(published.safeParse(parse(example)).error?.issues ?? []).toEqual([])
})
