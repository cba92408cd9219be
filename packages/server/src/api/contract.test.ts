// The contract as a whole: that it refers to nothing which is not there, that it describes all that it has, and that the table of
// errors knows every code that any part of the program throws.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROUTES } from './contract.ts'
import { ENTRIES } from './contract/errors.ts'
import { paramNames } from './contract/route.ts'
import { openApiDocument } from './openapi.ts'

type OperationText = {
  readonly summary: string
  readonly parameters: readonly { readonly name: string; readonly description?: string }[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: unknown } } }
}
const root = join(import.meta.dirname, '..', '..', '..', '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('no two routes share an address, and each names the parameters of its path', () => {
  const routes = Object.values(ROUTES)
  expect(new Set(routes.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`)).size).toBe(routes.length)
  for (const { path, params } of routes) expect(paramNames(path)).toEqual(Object.keys(params.shape))
})

test('every code that a route may answer is in the table of errors', () => {
  const codes = Object.values(ROUTES).flatMap(({ problems }) => problems)
  expect(codes.filter((code) => !(code in ENTRIES))).toEqual([])
})

test('every code that core and the use cases throw is in the table of errors', () => {
  // What is wrong with a catalog is told as its issues, and a command tells on the terminal: those have codes of their own.
  const files = globSync('packages/{core,server}/src/**/*.ts', { cwd: root }).filter((path) => !path.endsWith('.test.ts') && !/core\/src\/(catalog|rating)\/|server\/src\/cli\//.test(path))
  const thrown = files.flatMap((path) =>
    [...read(path).matchAll(/(?:new InputError\(\{ code: |new Problem\(|new ApiError\()'(\w+)'/g)].map(([, code]) => code!),
  )
  expect(new Set(thrown).size).toBeGreaterThan(20)
  expect([...new Set(thrown)].filter((code) => !(code in ENTRIES))).toEqual([])
})

test('every reference of the OpenAPI document leads somewhere and every operation has its own id', () => {
  const document = openApiDocument('1')
  const text = JSON.stringify(document)
  const schemas = (document['components'] as { schemas: Record<string, unknown> }).schemas
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) expect(schemas).toHaveProperty(name!)
  expect(text).not.toContain('$defs')
  const ids = [...text.matchAll(/"operationId":"(\w+)"/g)].map(([, id]) => id)
  expect(ids.toSorted()).toEqual(Object.keys(ROUTES).toSorted())
})

test('every operation and every member of a body or query is described', () => {
  const bare: string[] = []
  const visit = (schema: unknown, path: string): void => {
    const { properties = {}, required: _ = [] } = schema as { properties?: Record<string, Record<string, unknown>>; required?: string[] }
    for (const [name, member] of Object.entries(properties)) {
      if (member['description'] === undefined && member['const'] === undefined && member['$ref'] === undefined) bare.push(`${path}.${name}`)
    }
  }
  for (const [path, operations] of Object.entries(openApiDocument('1')['paths'] as Record<string, Record<string, OperationText>>)) {
    for (const [method, operation] of Object.entries(operations)) {
      expect([path, method, operation.summary.length > 3]).toEqual([path, method, true])
      for (const parameter of operation.parameters) if (parameter.description === undefined) bare.push(`${path}?${parameter.name}`)
      visit(operation.requestBody?.content['application/json'].schema ?? {}, `${method} ${path}`)
    }
  }
  expect(bare).toEqual([])
})
