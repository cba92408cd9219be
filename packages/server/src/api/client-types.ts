// The contract as TypeScript for the pages: each operation with its method, path and the types of what it takes and answers. Generated
// from the OpenAPI document, so that a page that asks for what the API does not have fails to compile.

import { openApiDocument } from './openapi.ts'

type Json = Readonly<Record<string, unknown>>
type Parameter = { readonly name: string; readonly in: string; readonly required: boolean; readonly schema: Json }

/** packages/web/src/api/operations.ts. */
export function renderClientTypes(version: string): string {
  const document = openApiDocument(version)
  const schemas = (document['components'] as { schemas: Readonly<Record<string, Json>> }).schemas
  const operations = Object.entries(document['paths'] as Readonly<Record<string, Readonly<Record<string, Json>>>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation, id: String(operation['operationId']) })),
  )
  return [
    '// Generated from the contract by `npm run gen`: the operations of the API and the shapes that they take and answer. Longer than 500 lines because it holds a line for each of them.',
    '',
    ...Object.entries(schemas).map(([name, schema]) => `export type ${name} = ${typeOf(schema)}`),
    '',
    'export type Operations = {',
    ...operations.map(({ id, operation }) => `  readonly ${id}: ${operationType(operation)}`),
    '}',
    '',
    'export const OPERATIONS = {',
    ...operations.map(({ id, method, path }) => `  ${id}: ['${method}', '${path}'],`),
    '} as const satisfies Readonly<Record<keyof Operations, readonly [method: string, path: string]>>',
    '',
  ].join('\n')
}

function operationType(operation: Json): string {
  const parameters = (operation['parameters'] ?? []) as Parameter[]
  const members = (where: string) =>
    parameters.filter((parameter) => parameter.in === where).map(({ name, required, schema }) => `readonly ${name}${required ? '' : '?'}: ${where === 'query' ? queryType(schema) : 'string'}`)
  const body = contentOf(operation['requestBody'] as Json | undefined)
  const [, answer] = Object.entries(operation['responses'] as Readonly<Record<string, Json>>).find(([status]) => status.startsWith('2'))!
  const part = (name: string, given: readonly string[]) => (given.length === 0 ? [] : [`readonly ${name}${given.every((member) => /^readonly \w+\?/.test(member)) ? '?' : ''}: ${object(given)}`])
  const input = [...part('params', members('path')), ...part('query', members('query')), ...(body === null ? [] : [`readonly body: ${typeOf(body)}`])]
  return `{ readonly input: ${object(input)}; readonly answer: ${typeOf(contentOf(answer) ?? {})} }`
}

function contentOf(holder: Json | undefined): Json | null {
  const content = holder?.['content'] as Readonly<Record<string, { readonly schema: Json }>> | undefined
  return content?.['application/json']?.schema ?? null
}

/** What stands in an address is text, whatever it is read as. */
function queryType(schema: Json): string {
  return Array.isArray(schema['enum']) ? typeOf(schema) : 'string | number'
}

function object(members: readonly string[]): string {
  return members.length === 0 ? 'Readonly<Record<string, never>>' : `{ ${members.join('; ')} }`
}

function typeOf(schema: Json): string {
  const { $ref, anyOf, oneOf, type } = schema as { $ref?: string; anyOf?: Json[]; oneOf?: Json[]; type?: string | string[] }
  if ($ref !== undefined) return $ref.slice($ref.lastIndexOf('/') + 1)
  if ('const' in schema) return JSON.stringify(schema['const'])
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' | ')
  const choices = anyOf ?? oneOf
  if (choices !== undefined) return choices.map((choice) => typeOf(choice)).join(' | ')
  if (Array.isArray(type)) return type.map((one) => simpleType(one, schema)).join(' | ')
  return type === undefined ? 'unknown' : simpleType(type, schema)
}

function simpleType(type: string, schema: Json): string {
  switch (type) {
    case 'integer':
      return 'number'
    case 'array':
      return `readonly (${typeOf((schema['items'] ?? {}) as Json)})[]`
    case 'object':
      return objectType(schema)
    default:
      return type
  }
}

function objectType(schema: Json): string {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Json>>)
  const required = new Set((schema['required'] ?? []) as string[])
  if (properties.length > 0) return object(properties.map(([name, member]) => `readonly ${name}${required.has(name) ? '' : '?'}: ${typeOf(member)}`))
  const rest = schema['additionalProperties']
  return typeof rest === 'object' && rest !== null ? `Readonly<Record<string, ${typeOf(rest as Json)}>>` : 'Readonly<Record<string, unknown>>'
}
