// Whether two values of plain data are the same: order counts in lists, not in the members of an object, because a database keeps
// those in an order of its own.

export function isSameData(a: unknown, b: unknown): boolean {
  return dataText(a) === dataText(b)
}

/** The same text for the same data. */
export function dataText(value: unknown): string {
  return JSON.stringify(value, sortedKeys)
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
