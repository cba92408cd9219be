// Lays files over a catalog file: what an environment has otherwise (a price, an upstream, a hidden plan) stands in a file of its own.
// Fields are laid over fields, items of a list over those of the same id; `remove: true` takes an item out, an empty value a field.
// Every value remembers the file that it is from, so that a mistake is shown where it was written.

import type { CatalogPath } from '@tollgate/core'
import type { YamlPlace, YamlSource, YamlValue } from './yaml-source.ts'

export type NamedSource = { readonly name: string; readonly source: Extract<YamlSource, { kind: 'read' }> }

export type MergedSource = {
  readonly value: YamlValue
  /** `file` null for the first. */
  readonly locate: (path: CatalogPath, atKey: boolean) => YamlPlace & { readonly file: string | null }
  /** Items that are taken out and are not there, and the like. */
  readonly faults: readonly (YamlPlace & { readonly file: string | null; readonly code: string; readonly message: string })[]
}

type Origin = { readonly file: number; readonly path: CatalogPath }
type Fault = { readonly origin: Origin; readonly code: string; readonly message: string }
type Merging = { readonly origins: Map<string, Origin>; readonly faults: Fault[] }

export function mergeSources(files: readonly NamedSource[]): MergedSource {
  let value = files[0]!.source.value
  let origins = new Map<string, Origin>([[keyOf([]), { file: 0, path: [] }]])
  const faults: Fault[] = []
  for (const [file, { source }] of files.entries()) {
    if (file === 0) continue
    const merging: Merging = { origins: new Map([[keyOf([]), { file: 0, path: [] }]]), faults }
    value = merge({ below: value, belowPath: [], above: source.value, abovePath: [], path: [], file, earlier: origins }, merging)
    origins = merging.origins
  }
  const placed = ({ file, path }: Origin, atKey: boolean) => ({ ...files[file]!.source.locate(path, atKey), file: file === 0 ? null : files[file]!.name })
  return { value, locate: (path, atKey) => placed(originOf(origins, path), atKey), faults: faults.map(({ origin, code, message }) => ({ ...placed(origin, false), code, message })) }
}

type Both = {
  readonly below: YamlValue
  /** Where `below` was before this file: items move when one is taken out. */
  readonly belowPath: CatalogPath
  readonly above: YamlValue
  readonly abovePath: CatalogPath
  /** Where the merged value stands. */
  readonly path: CatalogPath
  readonly file: number
  readonly earlier: ReadonlyMap<string, Origin>
}

function merge(both: Both, merging: Merging): YamlValue {
  const { below, above } = both
  if (isFields(below) && isFields(above)) return mergeFields(both, below, above, merging)
  if (isList(below) && isList(above)) return mergeLists(both, below, above, merging)
  const short = SHORT[String(both.path.at(-1))]
  if (isFields(below) && typeof above === 'string' && short !== undefined) return { ...(keep(below, both, merging) as Fields), [short]: take({ ...both, path: [...both.path, short] }, merging) }
  return take(both, merging)
}

/** Fields that may be written as one value, and which of their own that is: `fee: 61` lays an amount over a fee and leaves its name. */
const SHORT: Readonly<Record<string, string>> = { fee: 'amount', trial: 'days' }

/** The value of the file above as it is. */
function take({ above, abovePath, path, file }: Pick<Both, 'above' | 'abovePath' | 'path' | 'file'>, { origins }: Merging): YamlValue {
  origins.set(keyOf(path), { file, path: abovePath })
  return above
}

/** The value from below as it is, with where its parts are from. */
function keep(value: YamlValue, { belowPath, path, earlier }: Pick<Both, 'belowPath' | 'path' | 'earlier'>, { origins }: Merging): YamlValue {
  const own = originOf(earlier, belowPath)
  origins.set(keyOf(path), own)
  const under = `${keyOf(belowPath)}${SEPARATOR}`
  for (const [key, origin] of earlier) if (key.startsWith(under)) origins.set(`${keyOf(path)}${SEPARATOR}${key.slice(under.length)}`, origin)
  return value
}

function mergeFields(both: Both, below: Fields, above: Fields, merging: Merging): YamlValue {
  merging.origins.set(keyOf(both.path), originOf(both.earlier, both.belowPath))
  const merged: Record<string, YamlValue> = Object.create(null)
  for (const key of new Set([...Object.keys(below), ...Object.keys(above)])) {
    const at = { ...both, belowPath: [...both.belowPath, key], abovePath: [...both.abovePath, key], path: [...both.path, key] }
    if (!(key in above)) merged[key] = keep(below[key]!, at, merging)
    else if (!(key in below)) merged[key] = take({ ...at, above: above[key]! }, merging)
    else if (above[key] !== null) merged[key] = merge({ ...at, below: below[key]!, above: above[key]! }, merging)
  }
  return merged
}

/** Items with a name are laid over those of the same name, new ones come after; a list of plain words, whose order means something, stands in place of the other. */
function mergeLists(both: Both, below: readonly YamlValue[], above: readonly YamlValue[], merging: Merging): YamlValue {
  if (above.every((item) => typeof item === 'string')) return take(both, merging)
  const names = [below, above].map((items) => items.map(nameOf))
  if (names.some((of) => of.some((name) => name === null))) return take(both, merging)
  merging.origins.set(keyOf(both.path), originOf(both.earlier, both.belowPath))
  const [olds, news] = names as [string[], string[]]
  const merged: YamlValue[] = []
  const place = (index: { readonly old?: number; readonly now?: number }): Both => ({
    ...both, path: [...both.path, merged.length],
    ...(index.old === undefined ? {} : { below: below[index.old]!, belowPath: [...both.belowPath, index.old] }),
    ...(index.now === undefined ? {} : { above: above[index.now]!, abovePath: [...both.abovePath, index.now] }),
  })
  for (const [old, name] of olds.entries()) {
    const now = news.indexOf(name)
    if (now === -1) merged.push(keep(below[old]!, place({ old }), merging))
    else if (!isRemoval(above[now]!)) merged.push(merge(place({ old, now }), merging))
  }
  for (const [now, name] of news.entries()) {
    if (olds.includes(name)) continue
    if (!isRemoval(above[now]!)) merged.push(take(place({ now }), merging))
    else merging.faults.push({ origin: { file: both.file, path: [...both.abovePath, now] }, code: 'nothing_to_remove', message: `there is no ${name} in the file below to remove.` })
  }
  return merged
}

/** What tells items of a list apart: their id, or what they have in its place. */
function nameOf(item: YamlValue): string | null {
  if (typeof item === 'string') return item
  if (!isFields(item)) return null
  const { id, feature, name, path, provider, model, from } = item
  if (typeof provider === 'string') return [provider, model ?? '', from ?? ''].join(' ')
  const own = id ?? feature ?? path ?? name
  return typeof own === 'string' ? own : null
}

function isRemoval(item: YamlValue): boolean {
  return isFields(item) && item.remove === 'true'
}

type Fields = { readonly [key: string]: YamlValue }

function isFields(value: YamlValue): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value)
}

/** The place in a file of the nearest value above `path` that remembers one. */
function originOf(origins: ReadonlyMap<string, Origin>, path: CatalogPath): Origin {
  for (let length = path.length; ; length--) {
    const found = origins.get(keyOf(path.slice(0, length)))
    if (found !== undefined) return { file: found.file, path: [...found.path, ...path.slice(length)] }
    if (length === 0) return { file: 0, path }
  }
}

/** No text of a file has it: YAML refuses it. */
const SEPARATOR = '\u0000'

function keyOf(path: CatalogPath): string {
  return ['', ...path].join(SEPARATOR)
}
