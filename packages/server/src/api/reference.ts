// docs/reference/api.md, rendered from the contract: what every operation takes and answers, for people.

import { scopesOf } from './contract/roles.ts'
import { ROUTES, type Operation, type Route } from './contract.ts'
import { TAGS, type Tag } from './contract/route.ts'
import { openApiDocument } from './openapi.ts'

type Json = Readonly<Record<string, unknown>>
type Parameter = { readonly name: string; readonly in: string; readonly required: boolean; readonly description?: string; readonly schema: Json }

export function renderApiReference(version: string): string {
  const document = openApiDocument(version)
  const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Json>>>>
  const sections = (Object.keys(TAGS) as Tag[]).flatMap((tag) => [
    `## ${tag}`,
    '',
    TAGS[tag],
    '',
    ...(Object.entries(ROUTES) as [Operation, Route][])
      .filter(([, route]) => route.tag === tag)
      .flatMap(([, route]) => operationText(route, paths[route.path]![route.method.toLowerCase()]!)),
  ])
  return [
    '# API',
    '',
    `Version ${version}. JSON over HTTP below \`/v1\`.`,
    'Send a key as `Authorization: Bearer <key>`; the scope `admin` may call everything, the others what is said at each',
    'operation, and a key that belongs to a customer sees that customer only: all else does not exist for it.',
    '',
    '- Amounts and quantities are decimal text (`"12.50"`), times RFC 3339, ids prefixed by their kind. A member that is not known is an error.',
    '- Lists are `{data, next_cursor}`: ask again with `cursor` until `next_cursor` is null.',
    '- Writes take an `Idempotency-Key`: the same key with the same request gets the first answer again, for 24 hours. Events and reservations are recognised by their own ids.',
    '- Errors are `application/problem+json` with a stable `code`: see [errors](errors.md).',
    '- The same as a document for programs: [openapi.json](openapi.json), served at `/openapi.json`.',
    '',
    ...sections,
    ...shapesText((document['components'] as { readonly schemas: Readonly<Record<string, Json>> }).schemas),
  ].join('\n')
}

/** The shapes that several operations share. */
function shapesText(schemas: Readonly<Record<string, Json>>): string[] {
  return [
    '## Shapes',
    '',
    ...Object.entries(schemas).flatMap(([name, schema]) => [
      `### ${name}`,
      '',
      ...(typeof schema['description'] === 'string' ? [schema['description'], ''] : []),
      ...members('member', schema),
    ]),
  ]
}

function operationText(route: Route, operation: Json): string[] {
  const parameters = (operation['parameters'] as Parameter[]).filter(({ in: where }) => where === 'query')
  const body = contentSchema((operation['requestBody'] as Json | undefined)?.['content'])
  const answer = contentSchema((operation['responses'] as Readonly<Record<string, Json>>)[String(route.status)]?.['content'])
  const scopes = route.access === 'public' ? 'no key' : scopesOf(String(operation['operationId']), route).map((scope) => `\`${scope}\``).join(', ')
  return [
    `### ${route.method} ${route.path}`,
    '',
    `${route.summary}. Key: ${scopes}.`,
    '',
    ...(route.description === '' ? [] : [route.description, '']),
    ...(parameters.length === 0
      ? []
      : [
          '| parameter | type | meaning |',
          '| --- | --- | --- |',
          ...parameters.map(({ name, schema, description }) => `| \`${name}\` | ${typeOf(schema)} | ${cell(description)} |`),
          '',
        ]),
    ...members('member of the body', body),
    ...members(`member of the answer (${route.status})`, answer),
    ...(route.problems.length === 0 ? [] : [`Errors: ${[...new Set(route.problems)].map((code) => `\`${code}\``).join(', ')}.`, '']),
  ]
}

function contentSchema(content: unknown): Json | null {
  return (content as Readonly<Record<string, { readonly schema: Json }>> | undefined)?.['application/json']?.schema ?? null
}

function members(title: string, schema: Json | null): string[] {
  if (schema === null) return []
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Json>>)
  if (properties.length === 0)
    return typeOf(schema) === 'object' ? [] : [`${title.startsWith('member of the body') ? 'Body' : 'Answer'}: ${typeOf(schema)}.`, '']
  const required = new Set((schema['required'] ?? []) as string[])
  return [
    `| ${title} | type | meaning |`,
    '| --- | --- | --- |',
    ...properties.map(([name, member]) => `| \`${name}\`${required.has(name) ? '' : '?'} | ${typeOf(member)} | ${cell(member['description'])} |`),
    '',
  ]
}

/** A type in a word or two; named ones are in openapi.json. */
function typeOf(schema: Json): string {
  if (typeof schema['$ref'] === 'string') return `[${nameOf(schema['$ref'])}](#${nameOf(schema['$ref']).toLowerCase()})`
  const options = (schema['anyOf'] ?? schema['oneOf']) as Json[] | undefined
  if (options !== undefined) return options.map(typeOf).join(' or ')
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => `\`${String(value)}\``).join(', ')
  if (schema['const'] !== undefined) return `\`${String(schema['const'])}\``
  if (schema['type'] === 'array') return `list of ${typeOf((schema['items'] ?? {}) as Json)}`
  if (schema['format'] === 'decimal') return orNull('decimal text', schema)
  if (schema['format'] === 'date-time') return orNull('time', schema)
  const types = [schema['type'] ?? 'anything'].flat() as string[]
  return types.map((type) => (type === 'string' ? 'text' : type)).join(' or ')
}

function orNull(word: string, schema: Json): string {
  return Array.isArray(schema['type']) && schema['type'].includes('null') ? `${word} or null` : word
}

function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

function cell(text: unknown): string {
  return typeof text === 'string' ? text.replaceAll('|', '\\|').replaceAll('\n', ' ') : ''
}
