// How columns become events: attributes are named by `--map attribute=column` or come from a column of their own name, constants from
// `--set`, and every other column is a member of `data`. A row without an id gets one that the same row of the same file has always.

import { parseInstant, formatInstant, InputError, instant } from '@tollgate/core'
import { CliError } from './output.ts'
import type { Row } from './import-file.ts'

/** Attributes of an event, and members of its data that have a place of their own. */
const ATTRIBUTES = ['id', 'customer', 'time', 'type', 'source', 'entity', 'feature', 'run'] as const
type Attribute = (typeof ATTRIBUTES)[number]

export type Mapping = {
  readonly columns: ReadonlyMap<string, string>
  readonly constants: ReadonlyMap<string, string>
  /** Columns that become data under their own name. */
  readonly rest: readonly string[]
}

export type MappedRow = { readonly event: Readonly<Record<string, unknown>> } | { readonly fault: { readonly field: string; readonly reason: string } }

/** @throws {CliError} where a mapping names what the file does not have, or an attribute is missing. */
export function mappingOf(columns: readonly string[], options: { readonly map: readonly string[]; readonly set: readonly string[]; readonly ignore: readonly string[] }): Mapping {
  const mapped = new Map(options.map.map((text) => pairOf(text, '--map')))
  const constants = new Map(options.set.map((text) => pairOf(text, '--set')))
  for (const [target, column] of mapped) if (!columns.includes(column)) throw new CliError(`--map ${target}=${column}: the file has no column ${column}.`, `Its columns are ${columns.join(', ')}.`)
  for (const name of options.ignore) if (!columns.includes(name)) throw new CliError(`--ignore ${name}: the file has no such column.`, `Its columns are ${columns.join(', ')}.`)
  for (const attribute of ATTRIBUTES) if (!mapped.has(attribute) && !constants.has(attribute) && columns.includes(attribute)) mapped.set(attribute, attribute)
  for (const attribute of ['customer', 'type', 'time'] as const) {
    if (!mapped.has(attribute) && !constants.has(attribute)) throw new CliError(`Nothing says the ${attribute} of an event.`, `Name its column with --map ${attribute}=<column>${attribute === 'time' ? '' : `, or one for all with --set ${attribute}=<value>`}. Columns are ${columns.join(', ')}.`)
  }
  const used = new Set([...mapped.values(), ...options.ignore])
  return { columns: mapped, constants, rest: columns.filter((column) => !used.has(column)) }
}

export function mapRow(row: Row, mapping: Mapping, defaults: { readonly id: string; readonly source: string }): MappedRow {
  const values = new Map(mapping.constants)
  for (const [target, column] of mapping.columns) if (row[column] !== undefined && row[column] !== '') values.set(target, row[column])
  const time = timeOf(values.get('time') ?? '')
  if (time === null) return { fault: { field: 'time', reason: `${JSON.stringify(values.get('time') ?? '')} is no time: write it as RFC 3339, or as seconds or milliseconds since 1970` } }
  const data: Record<string, string> = {}
  for (const column of mapping.rest) if (row[column] !== undefined && row[column] !== '') data[column] = row[column]
  for (const [target, value] of values) if (!isAttribute(target) || ['entity', 'feature', 'run'].includes(target)) data[target] = value
  return {
    event: { specversion: '1.0', id: values.get('id') ?? defaults.id, source: values.get('source') ?? defaults.source, type: values.get('type') ?? '', subject: values.get('customer') ?? '', time, data },
  }
}

/** RFC 3339, a date with a space, or seconds or milliseconds since 1970. */
function timeOf(text: string): string | null {
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return formatInstant(instant(Math.round(Number(text) * 1_000)))
  if (/^\d{12,13}$/.test(text)) return formatInstant(instant(Number(text)))
  try {
    return formatInstant(parseInstant(/^\d{4}-\d{2}-\d{2} \d/.test(text) ? text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00').replace(/(\d)( UTC)?$/, (_, digit: string, utc) => (utc === undefined && /[+-]\d{2}:\d{2}$/.test(text) ? digit : `${digit}Z`)) : text, 'time'))
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}

function isAttribute(name: string): name is Attribute {
  return (ATTRIBUTES as readonly string[]).includes(name)
}

function pairOf(text: string, flag: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1 || at === text.length - 1) throw new CliError(`${flag} ${text}: write it as ${flag} name=${flag === '--map' ? 'column' : 'value'}.`)
  return [text.slice(0, at), text.slice(at + 1)]
}
