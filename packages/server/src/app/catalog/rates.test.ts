// Rates with patterns, units and variants, and the operator's terms, from the YAML file to the plan of changes.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { diffCatalogs } from './diff.ts'
import { parseCatalog } from './parse-yaml.ts'

const RATE = `  - provider: acme
    model: m
    from: 2026-01-01
    per_million: { input: 3, output: 15 }
    context_window: 1000000
    output_max: 64000`
const EXTRAS = `
    patterns: [m-*]
    per_unit: { web_search_requests: 0.01 }
    variants:
      - { input_above: 200000, per_million: { input: 6, output: 22.50 } }
      - { when: { service_tier: [batch] }, factor: 0.5 }`
const TERMS = `provider_terms:
  - { provider: acme, models: [m*], from: 2026-01-01, discount_percent: 12.5 }
`
const catalogOf = (rate: string, terms = '') => `currency: USD\nfeatures: [{ id: chat, kind: metered }]\nrate_card:\n${rate}\n${terms}gateway: { feature: chat, models: [{ name: m, upstream: acme }] }\n`

function documentOf(source: string) {
  const parsed = parseCatalog(source)
  if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.issues))
  return parsed.document
}

test('numbers keep their digits, and what is left out stays out of the document', () => {
  const document = documentOf(catalogOf(RATE + EXTRAS, TERMS))
  expect(document.rate_card[0]).toMatchObject({
    patterns: ['m-*'], per_unit: { web_search_requests: '0.01' },
    variants: [{ input_above: 200_000, per_million: { input: '6', output: '22.5' } }, { when: { service_tier: ['batch'] }, factor: '0.5' }],
  })
  expect(document.provider_terms).toEqual([{ provider: 'acme', models: ['m*'], from: '2026-01-01', discount_percent: '12.5' }])
  const bare = documentOf(catalogOf(RATE))
  expect(['patterns', 'per_unit', 'variants'].filter((field) => field in bare.rate_card[0]!)).toEqual([])
  expect('provider_terms' in bare).toBe(false)
})

test('a change of a variant or of terms is a change, and neither adds one where it is not', () => {
  const changes = (before: string, after: string) => diffCatalogs(documentOf(before), documentOf(after)).map(({ action, kind, id, fields }) => `${action} ${kind} ${id} ${fields.map(({ field }) => field).join()}`)
  expect(changes(catalogOf(RATE), catalogOf(RATE))).toEqual([])
  expect(changes(catalogOf(RATE + EXTRAS, TERMS), catalogOf(RATE + EXTRAS.replace('22.50', '22.5'), TERMS))).toEqual([])
  expect(changes(catalogOf(RATE + EXTRAS, TERMS), catalogOf(RATE + EXTRAS.replace('22.50', '20'), TERMS.replace('12.5', '15')))).toEqual(['changed rate acme/m@2026-01-01 variants', 'changed provider_terms acme/m*@2026-01-01 discount_percent'])
  expect(changes(catalogOf(RATE), catalogOf(RATE, TERMS))).toEqual(['added provider_terms acme/m*@2026-01-01 provider,models,from,discount_percent'])
})

test('a mistake in a variant is told at its place', () => {
  const parsed = parseCatalog(catalogOf(RATE + EXTRAS.replace('factor: 0.5', 'facter: 0.5')))
  expect(parsed.kind === 'invalid' ? parsed.issues.map(({ line, message }) => [line, message]) : []).toEqual([[14, 'rate variant has no field "facter". Did you mean "factor"?']])
  const unconditional = parseCatalog(catalogOf(RATE + '\n    variants: [{ factor: 0.5 }]'))
  expect(unconditional.kind === 'invalid' ? unconditional.issues.map(({ code }) => code) : []).toEqual(['variant_unconditional'])
})

test('an editor finds nothing wrong with them', () => {
  const published = z.fromJSONSchema(JSON.parse(readFileSync('docs/reference/catalog.schema.json', 'utf8')) as Parameters<typeof z.fromJSONSchema>[0])
  expect(published.safeParse(parse(catalogOf(RATE + EXTRAS, TERMS))).error?.issues ?? []).toEqual([])
})
