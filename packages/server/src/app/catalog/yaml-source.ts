// YAML text → plain values whose scalars are all text, plus a look-up from path to line and column. What a text means (a
// number, true, a date) is for the schema to say, so nothing is read as a float, `on` is no boolean and a model named 4.1
// keeps its name. Refused: more than one document, repeated keys, tags, merge keys, aliases that expand without bound.

import { CATALOG_BYTES_MAX, CATALOG_DEPTH_MAX, CATALOG_PROBLEMS_MAX, CATALOG_VALUES_MAX, type CatalogPath } from '@tollgate/core'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Scalar, type YAMLError, type YAMLMap } from 'yaml'

/** Text for every scalar; null for an empty one, `null` or `~`. */
export type YamlValue = string | null | readonly YamlValue[] | { readonly [key: string]: YamlValue }
export type YamlPlace = { readonly line: number; readonly column: number }
type YamlFault = YamlPlace & { readonly code: string; readonly message: string }

export type YamlSource =
  | { readonly kind: 'read'; readonly value: YamlValue; readonly locate: (path: CatalogPath, atKey: boolean) => YamlPlace }
  | { readonly kind: 'faulty'; readonly faults: readonly YamlFault[] }

export function readYaml(text: string): YamlSource {
  const bytes = Buffer.byteLength(text)
  if (bytes > CATALOG_BYTES_MAX) return whole('too_large', `the catalog has ${bytes} bytes; at most ${CATALOG_BYTES_MAX} are read.`)
  const lines = new LineCounter()
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: false, resolveKnownTags: false })
  const place = (offset: number): YamlPlace => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const found = [...document.errors, ...document.warnings].slice(0, CATALOG_PROBLEMS_MAX)
  if (found[0]?.code === 'RESOURCE_EXHAUSTION') return { kind: 'faulty', faults: [{ ...place(found[0].pos[0]), code: 'too_deep', message: TOO_DEEP }] }
  if (found.length > 0) return { kind: 'faulty', faults: found.map((error) => ({ ...place(error.pos[0]), ...explain(error) })) }
  if (document.contents === null || isNull(document.contents)) return whole('empty', 'the catalog is empty. `tollgate catalog pull` prints the one in force.')
  const faults: YamlFault[] = []
  const { value, aliases } = readTree(document.contents, (node, code, message) => void faults.push({ ...place(startOf(node)), code, message }))
  if (faults.length > 0) return { kind: 'faulty', faults }
  const { contents } = document
  return { kind: 'read', value, locate: (path, atKey) => place(startOf(nodeAt(contents, path, { aliases, atKey }))) }
}

type Read = { readonly value: YamlValue; readonly aliases: ReadonlyMap<Node, Node> }

/**
 * Converts the tree once in the order of the text, so that an alias means the last anchor of its name before it. Values
 * behind an alias are counted at each use, because a schema visits them at each use.
 */
function readTree(root: Node, report: (node: Node, code: string, message: string) => void): Read {
  const aliases = new Map<Node, Node>()
  const anchors = new Map<string, { readonly node: Node; readonly value: YamlValue; readonly size: number }>()
  let size = 0
  let isFull = false

  function read(node: Node, depth: number): YamlValue {
    const before = size
    size += 1
    if (size > CATALOG_VALUES_MAX && !isFull) report(node, 'too_large', `more than ${CATALOG_VALUES_MAX} values with aliases expanded.`)
    isFull ||= size > CATALOG_VALUES_MAX
    if (depth > CATALOG_DEPTH_MAX) report(node, 'too_deep', TOO_DEEP)
    if (isFull || depth > CATALOG_DEPTH_MAX) return null
    if (isAlias(node)) return readAlias(node, node.source)
    const value = isMap(node) ? readMap(node, depth) : isSeq(node) ? node.items.map((item) => read(item as Node, depth + 1)) : readScalar(node)
    if ('anchor' in node && typeof node.anchor === 'string') anchors.set(node.anchor, { node, value, size: size - before })
    return value
  }

  function readMap(node: YAMLMap, depth: number): YamlValue {
    // A null prototype, so that no key reaches Object's own; `__proto__` itself is skipped by readers of objects, hence refused.
    const fields: Record<string, YamlValue> = Object.create(null)
    for (const pair of node.items) {
      const key = pair.key as Scalar<string>
      if (key.value === '<<') report(key, 'merge_key', 'merge keys (<<) are not read. Name the values, or use an alias for a whole value: `prices: *prices`.')
      if (key.value === '__proto__') report(key, 'unknown_field', 'no field is named __proto__.')
      // The parser's own check compares each key with all others, which takes seconds for a map of thousands.
      if (key.value in fields) report(key, 'duplicate_key', `${JSON.stringify(key.value)} stands twice here; only one could count. Remove one.`)
      fields[key.value] = pair.value === null ? null : read(pair.value as Node, depth + 1)
    }
    return fields
  }

  function readAlias(node: Node, name: string): YamlValue {
    const target = anchors.get(name)
    if (target === undefined) {
      report(node, 'unknown_anchor', `*${name} stands for nothing: no &${name} has ended before it.`)
      return null
    }
    aliases.set(node, target.node)
    size += target.size
    return target.value
  }

  return { value: read(root, 0), aliases }
}

function readScalar(node: Node): string | null {
  return isScalar(node) && !isNull(node) ? String(node.value) : null
}

function isNull(node: Node): boolean {
  return isScalar(node) && node.type === 'PLAIN' && /^(?:|~|null|Null|NULL)$/.test(String(node.value))
}

/** The node at `path`, or the nearest above it that the file has: defaults and shorthands have no place of their own. */
function nodeAt(root: Node, path: CatalogPath, context: { readonly aliases: ReadonlyMap<Node, Node>; readonly atKey: boolean }): Node {
  let node = root
  for (const [depth, part] of path.entries()) {
    const target = context.aliases.get(node) ?? node
    const pair = isMap(target) ? target.items.find(({ key }) => (key as Scalar).value === String(part)) : undefined
    const isLast = depth === path.length - 1
    const next = pair === undefined ? (isSeq(target) ? target.items[Number(part)] : undefined) : (isLast && context.atKey) || pair.value === null ? pair.key : pair.value
    if (next === undefined || next === null) break
    node = next as Node
  }
  return node
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0
}

function whole(code: string, message: string): YamlSource {
  return { kind: 'faulty', faults: [{ line: 1, column: 1, code, message }] }
}

/** The parser's faults that people make, in our words; the rest as the parser says them. */
function explain(error: YAMLError): { readonly code: string; readonly message: string } {
  const message = WORDS[error.code] ?? `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}.`
  return { code: `yaml_${error.code.toLowerCase()}`, message }
}

const TOO_DEEP = `nested deeper than ${CATALOG_DEPTH_MAX} levels, which no catalog needs.`

const WORDS: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  MULTIPLE_DOCS: 'a second document begins here (---); a catalog is one.',
  TAB_AS_INDENT: 'indented with a tab; YAML wants spaces.',
  TAG_RESOLVE_FAILED: 'tags (!…) are not read: every value is text that its field reads.',
  NON_STRING_KEY: 'a key must be plain text.',
}
