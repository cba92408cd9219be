// The payload of another system's event → the flat numbers and texts of ours. A JSON fraction is taken as its digits say, because
// those clients can send it in no other way; nested members get names joined by dots.

import { InputError } from '@tollgate/core'

/** @throws {InputError} for lists, which no meter reads. */
export function flatData(data: unknown): Record<string, unknown> {
  const flat: Record<string, unknown> = {}
  if (data === null || data === undefined) return flat
  if (typeof data !== 'object' || Array.isArray(data)) throw new InputError({ code: 'invalid_event', field: 'data', message: 'data must be an object' })
  collect(flat, data as Record<string, unknown>, '', 0)
  return flat
}

const DEPTH_MAX = 4

function collect(flat: Record<string, unknown>, data: Readonly<Record<string, unknown>>, prefix: string, depth: number): void {
  for (const [name, value] of Object.entries(data)) {
    const path = prefix + name
    if (typeof value === 'object' && value !== null) {
      if (Array.isArray(value) || depth === DEPTH_MAX) throw new InputError({ code: 'invalid_event', field: `data.${path.slice(0, 64)}`, message: `data.${path.slice(0, 64)} is a list or too deep: an event holds numbers and texts` })
      collect(flat, value as Record<string, unknown>, `${path}.`, depth + 1)
    } else flat[path] = typeof value === 'number' && !Number.isSafeInteger(value) ? plainNumber(value, path) : value
  }
}

function plainNumber(value: number, path: string): string {
  const text = String(value)
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new InputError({ code: 'invalid_quantity', field: `data.${path.slice(0, 64)}`, message: `data.${path.slice(0, 64)} is ${text}: send it as decimal text` })
  return text
}
