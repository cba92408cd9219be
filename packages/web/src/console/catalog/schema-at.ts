// What the schema says about a place in a catalog file: the path of keys that leads to the caret, and the schema there. It reads files that
// are being typed, so a file with errors still has a path; what it cannot place, it says nothing about.

import { isCollection, isMap, isScalar, isSeq, parseDocument, type Node, type ParsedNode } from 'yaml'

export type Schema = {
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly examples?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly default?: unknown
}

type Property = { readonly name: string; readonly isRequired: boolean; readonly schema: Schema }

/** The keys from the root to the caret; items of lists by their id where they have one. */
export function pathAt(text: string, offset: number): readonly (string | number)[] {
  const { contents } = parseDocument(text, { strict: false, logLevel: 'silent' })
  const lineStart = text.lastIndexOf('\n', offset - 1) + 1
  const before = text.slice(lineStart, offset)
  // On a line with nothing before the caret its column says to which level it belongs.
  const column = before.trim() === '' ? before.length : Infinity
  return contents === null ? [] : descend(text, contents, offset, column)
}

function descend(text: string, node: ParsedNode | Node, offset: number, column: number): readonly (string | number)[] {
  if (isMap(node)) {
    const pair = node.items.findLast(({ key }) => (startOf(key) ?? Infinity) <= offset)
    const start = pair === undefined ? null : startOf(pair.key)
    if (pair === undefined || start === null || !isScalar(pair.key) || columnOf(text, start) >= column) return []
    const name = String(pair.key.value)
    return isCollection(pair.value) && (startOf(pair.value) ?? Infinity) <= offset ? [name, ...descend(text, pair.value, offset, column)] : [name]
  }
  if (isSeq(node)) {
    const index = node.items.findLastIndex((item) => (startOf(item) ?? Infinity) <= offset)
    const item = node.items[index]
    // The dash stands before the item.
    if (index < 0 || columnOf(text, startOf(item) ?? 0) - 2 >= column) return []
    return [index, ...descend(text, item as Node, offset, column)]
  }
  return []
}

function startOf(node: unknown): number | null {
  return (node as { readonly range?: readonly number[] | null } | null)?.range?.[0] ?? null
}

function columnOf(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1)
}

/** The schemas at a path: alternatives are all of them that fit it. */
export function schemasAt(root: Schema, path: readonly (string | number)[]): readonly Schema[] {
  return path.reduce<readonly Schema[]>((schemas, step) => schemas.flatMap((schema) => inside(schema, step)), alternatives(root))
}

function inside(schema: Schema, step: string | number): readonly Schema[] {
  if (typeof step === 'number') return schema.items === undefined ? [] : alternatives(schema.items)
  const found = schema.properties?.[step] ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined)
  return found === undefined ? [] : alternatives(found)
}

function alternatives(schema: Schema): readonly Schema[] {
  const branches = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  return branches.length === 0 ? [schema] : branches.flatMap((branch) => alternatives({ ...(schema.description === undefined ? {} : { description: schema.description }), ...branch }))
}

/** What may be written inside of them, required ones first. */
export function propertiesOf(schemas: readonly Schema[]): readonly Property[] {
  const found = new Map<string, Property>()
  for (const schema of schemas.map((one) => (one.items === undefined ? one : one.items)).flatMap(alternatives))
    for (const [name, property] of Object.entries(schema.properties ?? {})) if (!found.has(name)) found.set(name, { name, isRequired: schema.required?.includes(name) ?? false, schema: property })
  return [...found.values()].sort((a, b) => Number(b.isRequired) - Number(a.isRequired))
}

/** The kind of value, in a few words. */
export function kindOf(schemas: readonly Schema[]): string {
  const kinds = schemas.flatMap((schema) => {
    if (schema.const !== undefined) return [String(schema.const)]
    if (schema.enum !== undefined) return schema.enum.map(String)
    if (schema.type === 'array') return ['a list']
    if (schema.type === 'object') return ['fields']
    return schema.type === undefined ? [] : [schema.type].flat().filter((type) => type !== 'null')
  })
  return [...new Set(kinds)].join(', ')
}
