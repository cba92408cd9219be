// Reads JSON of others: whatever is not of the expected kind is absent, so that a provider's new field or missing one never breaks a
// whole message.

export type Json = Readonly<Record<string, unknown>>

export function record(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Text that says something; numbers count as their digits. */
export function text(value: unknown): string | null {
  if (typeof value === 'string' && value !== '') return value
  return typeof value === 'number' ? String(value) : null
}

export function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
}

/** The id of what is either an id or the object itself. */
export function expandableId(value: unknown): string | null {
  return typeof value === 'string' ? text(value) : text(record(value)['id'])
}
