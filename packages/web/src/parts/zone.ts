// Days in a time zone, where the browser's own may be another: when the day of an instant begins there, and the next one.

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far the zone's clocks are ahead of UTC at an instant. */
function offsetMs(at: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (format === undefined) formats.set(timeZone, (format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' })))
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return Date.UTC(parts['year']!, parts['month']! - 1, parts['day'], parts['hour'], parts['minute'], parts['second']) - Math.floor(at / 1_000) * 1_000
}

const DAY_MS = 86_400_000

/** The first instant of the day of `at`. Looked at twice: clocks may have been turned since. */
export function startOfDay(at: number, timeZone: string): number {
  const midnight = Math.floor((at + offsetMs(at, timeZone)) / DAY_MS) * DAY_MS
  const near = midnight - offsetMs(at, timeZone)
  return midnight - offsetMs(near, timeZone)
}

/** The first instant of the day after. No day has thirty hours, or fewer than twenty. */
export function nextDay(start: number, timeZone: string): number {
  return startOfDay(start + DAY_MS + DAY_MS / 4, timeZone)
}

/** The same time of day, days before. */
export function daysBefore(at: number, days: number, timeZone: string): number {
  const near = at - days * DAY_MS
  return near + offsetMs(at, timeZone) - offsetMs(near, timeZone)
}
