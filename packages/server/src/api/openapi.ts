// The contract as OpenAPI 3.1, rendered from the table of routes: checked in as docs/reference/openapi.json and served. A test fails
// when the two differ.

import * as z from 'zod'
import { ROUTES, type Operation, type Route } from './contract.ts'
import { ENTRIES } from './contract/errors.ts'
import { scopesOf } from './contract/roles.ts'
import { isWrite, paramNames, TAGS } from './contract/route.ts'

type Json = Record<string, unknown>

const PROBLEM: Json = {
  type: 'object',
  description: 'An error (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string', description: 'Leads to the entry of the code in the docs.', examples: ['/docs#unknown_plan'] },
    title: { type: 'string', description: 'The kind of error, always the same for a code.' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What happened and what to do, for a person.' },
    code: { type: 'string', description: 'Stable, for a program.', examples: Object.keys(ENTRIES).slice(0, 3) },
    field: { type: 'string', description: 'Member or parameter at fault.' },
    request_id: { type: 'string', description: 'Also in the header x-request-id; the log has it.' },
    errors: {
      type: 'array',
      description: 'All that is wrong, where it is more than one thing.',
      items: { type: 'object', properties: { field: { type: ['string', 'null'] }, code: { type: 'string' }, detail: { type: 'string' } } },
    },
  },
}

const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  schema: { type: 'string', maxLength: 255 },
  description: 'The same key with the same request gets the first answer again, for 24 hours; with another request a 422, and while the first runs a 409.',
}

/** docs/reference/openapi.json. */
export function renderOpenApi(version: string): string {
  return `${JSON.stringify(openApiDocument(version), null, 2)}\n`
}

export function openApiDocument(version: string): Json {
  const schemas: Json = { Problem: PROBLEM }
  const paths: Record<string, Json> = {}
  for (const [operation, route] of Object.entries(ROUTES) as [Operation, Route][]) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(operation, route, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tollgate',
      version,
      description:
        'The usage runtime for AI products. Amounts and quantities are decimal text, times RFC 3339, lists `{data, next_cursor}`, errors `application/problem+json` with a stable `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'An API key with the scope that the operation names; `admin` may call everything.' },
      },
      schemas: sorted(schemas),
    },
  }
}

function operationOf(operation: Operation, route: Route, schemas: Json): Json {
  const scopes = route.access === 'public' ? '' : `Scopes: ${scopesOf(operation, route).join(', ')}.`
  return {
    operationId: operation,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, scopes].filter((text) => text !== '').join('\n\n'),
    ...(route.access === 'public' ? { security: [] } : {}),
    parameters: [
      ...parametersOf(route, 'path', schemas),
      ...parametersOf(route, 'query', schemas),
      ...(isWrite(route) && takesIdempotencyKey(operation) ? [IDEMPOTENCY_KEY] : []),
    ],
    ...(route.body === null ? {} : { requestBody: { required: true, content: bodyContent(operation, jsonSchema(route.body, 'input', schemas)) } }),
    responses: { [route.status]: successOf(operation, route, schemas), ...problemResponses(route) },
  }
}

/** Where a repetition is recognised by another id, the header is not read. */
export function takesIdempotencyKey(operation: string): boolean {
  return !['authorize', 'check', 'settle', 'extend', 'release', 'ingestEvents', 'planCatalog'].includes(operation)
}

function parametersOf(route: Route, where: 'path' | 'query', schemas: Json): Json[] {
  const { properties = {}, required = [] } = jsonSchema(where === 'path' ? route.params : route.query, 'input', schemas) as {
    properties?: Record<string, Json>
    required?: string[]
  }
  const names = where === 'path' ? paramNames(route.path) : Object.keys(properties)
  return names.map((name) => {
    const { description, ...schema } = properties[name]!
    return { name, in: where, required: where === 'path' || required.includes(name), description, schema }
  })
}

function bodyContent(operation: Operation, schema: Json): Json {
  if (operation !== 'ingestEvents') return { 'application/json': { schema } }
  const event = { $ref: '#/components/schemas/CloudEvent' }
  return {
    'application/cloudevents+json': { schema: event },
    'application/cloudevents-batch+json': { schema: { type: 'array', items: event } },
    'application/json': { schema },
    'application/x-ndjson': { schema: { type: 'string', description: 'One event a line.' } },
  }
}

const TEXT_ANSWERS: Readonly<Partial<Record<Operation, string>>> = {
  home: 'text/html',
  docs: 'text/html',
  metrics: 'text/plain',
  followStream: 'text/event-stream',
}

function successOf(operation: Operation, route: Route, schemas: Json): Json {
  const description = route.status === 201 ? 'Created.' : 'Done.'
  if (route.answer !== null) return { description, content: { 'application/json': { schema: jsonSchema(route.answer, 'output', schemas) } } }
  return { description, content: { [TEXT_ANSWERS[operation] ?? 'text/plain']: { schema: { type: 'string' } } } }
}

/** One response a status, which lists its codes. */
function problemResponses(route: Route): Json {
  const own = route.problems as readonly (keyof typeof ENTRIES)[]
  const codes = [...own, ...commonProblems(route)]
  const statuses = [...new Set(codes.map((code) => ENTRIES[code].status))].sort((a, b) => a - b)
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: codes
          .filter((code, index) => ENTRIES[code].status === status && codes.indexOf(code) === index)
          .map((code) => `\`${code}\`: ${ENTRIES[code].title}.`)
          .join(' '),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    ]),
  )
}

/** What every route of its kind may answer. */
export function commonProblems(route: Route): (keyof typeof ENTRIES)[] {
  if (route.access === 'public') return []
  return [
    'invalid_api_key',
    'wrong_scope',
    ...(isWrite(route) ? (['invalid_json', 'unknown_field', 'required', 'request_too_large'] as const) : (['unknown_field'] as const)),
    'database_unavailable',
  ]
}

/** A schema in place, with its named parts moved to the components. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { $schema: _, $defs, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12', unrepresentable: 'any' }) as Json
  for (const [name, definition] of Object.entries(($defs ?? {}) as Json)) schemas[name] = relinked(definition)
  return relinked(rest) as Json
}

function relinked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relinked)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(merged(value as Json)).flatMap(([name, member]) => {
      if (name === '$ref' && typeof member === 'string') return [[name, member.replace('#/$defs/', '#/components/schemas/')]]
      return isNoise(name, member) ? [] : [[name, relinked(member)]]
    }),
  )
}

/** `anyOf` of a simple type and null as one schema that may be null: its description and examples stand where they are looked for. */
function merged(schema: Json): Json {
  const [first, second, ...more] = (Array.isArray(schema['anyOf']) ? schema['anyOf'] : []) as Json[]
  if (first === undefined || second?.['type'] !== 'null' || more.length > 0 || typeof first['type'] !== 'string') return schema
  const { anyOf: _, ...rest } = schema
  return { ...first, ...rest, type: [first['type'], 'null'], ...(Array.isArray(first['enum']) ? { enum: [...first['enum'], null] } : {}) }
}

/** What is true of every number and every name, and tells a reader nothing. */
function isNoise(name: string, member: unknown): boolean {
  if (name === 'minimum' || name === 'maximum') return Math.abs(Number(member)) === Number.MAX_SAFE_INTEGER
  return name === 'propertyNames' && JSON.stringify(member) === '{"type":"string"}'
}

function sorted(values: Json): Json {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))
}
