// What editors and readers learn of the catalog file, made from its schema alone: the JSON Schema (draft-07, which the YAML
// language server reads) and the reference page. Both are checked in; a test compares them with what is made here.

import * as z from 'zod'
import { catalogSchema } from './schema.ts'

type JsonSchema = {
  type?: string | readonly string[]
  title?: string
  description?: string
  default?: unknown
  examples?: readonly unknown[]
  enum?: readonly string[]
  const?: string
  items?: JsonSchema
  anyOf?: readonly JsonSchema[]
  oneOf?: readonly JsonSchema[]
  properties?: Readonly<Record<string, JsonSchema>>
  required?: readonly string[]
  additionalProperties?: boolean | JsonSchema
}

/** `docs/reference/catalog.schema.json`. */
export function renderCatalogSchema(): string {
  return renderJsonSchema(catalogSchema, 'input')
}

/** The JSON Schema (draft-07) of what is read (`input`) or written (`output`), as the text of a file. */
export function renderJsonSchema(schema: z.ZodType, io: 'input' | 'output'): string {
  return `${JSON.stringify(jsonSchemaOf(schema, io), null, 2)}\n`
}

/** `docs/reference/catalog.md`. */
export function renderCatalogReference(): string {
  const sections = sectionsOf(jsonSchemaOf(catalogSchema, 'input') as JsonSchema)
  return [PREFACE, ...sections.map(renderSection)].join('\n\n') + '\n'
}

function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): unknown {
  return z.toJSONSchema(schema, {
    target: 'draft-07',
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod
      if (def.type === 'object') jsonSchema.additionalProperties = false
      // zod drops both from what it transforms, since they may be of the other type; ours are as written in the file.
      if (def.type === 'default') jsonSchema.default = def.defaultValue
      const examples = z.globalRegistry.get(zodSchema)?.examples
      if (examples !== undefined) jsonSchema.examples = examples as unknown[]
      if (typeof jsonSchema.shorthand === 'string') addShorthand(jsonSchema, jsonSchema.shorthand)
      if (jsonSchema.alone === true) addItemAlone(jsonSchema)
    },
  })
}

/** The whole object, or the value of its most important field alone. */
function addShorthand(jsonSchema: z.core.JSONSchema.BaseSchema, field: string): void {
  const { shorthand: _, ...whole } = jsonSchema
  for (const key of Object.keys(jsonSchema)) delete jsonSchema[key]
  const alone = whole.properties?.[field]
  Object.assign(jsonSchema, { title: whole.title, description: whole.description, anyOf: [alone, whole] })
}

/** A list, or one of its items by itself. */
function addItemAlone(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  const { alone: _, ...whole } = jsonSchema
  for (const key of Object.keys(jsonSchema)) delete jsonSchema[key]
  Object.assign(jsonSchema, { description: whole.description, anyOf: [whole.items, whole] })
}

type Section = { readonly title: string; readonly schema: JsonSchema }

/** Every object of the tree, each once, in the order in which a reader meets it. */
function sectionsOf(root: JsonSchema): Section[] {
  const sections = new Map<string, Section>()
  const visit = (schema: JsonSchema): void => {
    if (schema.properties !== undefined && schema.title !== undefined && !sections.has(schema.title)) {
      sections.set(schema.title, { title: schema.title, schema })
      Object.values(schema.properties).forEach(visit)
    }
    for (const part of [schema.items, typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]) if (part !== undefined) visit(part)
  }
  visit(root)
  return [...sections.values()]
}

const PREFACE = `# The catalog file

<!-- Made from the schema by \`npm run gen\`. Change packages/server/src/app/catalog/schema.ts instead. -->

A catalog is one YAML file: features, meters, plans, prices and rates. \`tollgate catalog validate FILE\` checks it, \`plan\` shows
what it would change, \`apply\` puts it in force ([commands](cli.md), [guide](../guides/write-a-catalog.md)). With this first line an
editor completes and checks it while you type (\`tollgate catalog schema\` prints the schema):

\`\`\`yaml
# yaml-language-server: $schema=./catalog.schema.json
\`\`\`

A **decimal** is written plainly (\`0.015\`, \`49\`), quoted or not, and is exact: its digits are read as text. \`1_000\`, \`500,000\`,
\`1e3\` and \`0x10\` are refused, with what to write instead. Money keeps 12 decimal places, a quantity as many as its meter's \`scale\`;
more are refused, never rounded. An unknown field is an error. Aliases (\`*name\`) work for whole values; merge keys (\`<<\`) and tags do not.`

function renderSection(section: Section): string {
  const { title, schema } = section
  const required = new Set(schema.required ?? [])
  const rows = Object.entries(schema.properties ?? {}).map(
    ([field, of]) => `| \`${field}\` | ${typeOf(of)} | ${required.has(field) ? '**required**' : defaultOf(of)} | ${exampleOf(of)} | ${of.description ?? whole(of).description ?? ''} |`,
  )
  return [`## ${title}`, '', schema.description ?? '', '', '| field | type | default | example | meaning |', '| --- | --- | --- | --- | --- |', ...rows].join('\n')
}

function typeOf(schema: JsonSchema): string {
  const parts = schema.anyOf ?? schema.oneOf
  if (parts !== undefined) return [...new Set(parts.filter(({ type }) => type !== 'null').map(typeOf))].join(' or ')
  if (schema.title !== undefined) return `[${schema.title}](#${schema.title.toLowerCase().replaceAll(' ', '-')})`
  if (schema.const !== undefined) return `\`${schema.const}\``
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(', ')
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`
  if (typeof schema.additionalProperties === 'object') return `text → ${typeOf(schema.additionalProperties)}`
  if (Array.isArray(schema.type)) return schema.type.includes('boolean') ? 'text' : 'decimal'
  return { string: 'text', integer: 'whole number', boolean: '`true`, `false`' }[schema.type as string] ?? String(schema.type)
}

function defaultOf(schema: JsonSchema): string {
  if (schema.default === null) return 'none'
  return schema.default === undefined ? '—' : code(schema.default)
}

function exampleOf(schema: JsonSchema): string {
  const example = whole(schema).examples?.[0]
  return example === undefined ? '' : code(example)
}

/** The part of a nullable field that is not null. */
function whole(schema: JsonSchema): JsonSchema {
  return schema.examples !== undefined || schema.description !== undefined ? schema : (schema.anyOf?.find(({ type }) => type !== 'null') ?? schema)
}

/** A value as it stands in YAML on one line. */
function code(value: unknown): string {
  const flow = (part: unknown): string => {
    if (Array.isArray(part)) return `[${part.map(flow).join(', ')}]`
    if (typeof part === 'object' && part !== null) return Object.keys(part).length === 0 ? '{}' : `{ ${Object.entries(part).map(([key, of]) => `${key}: ${flow(of)}`).join(', ')} }`
    return typeof part === 'string' && /[*:#[\]{}]|^\s|^$/.test(part) ? JSON.stringify(part) : String(part)
  }
  return `\`${flow(value)}\``
}
