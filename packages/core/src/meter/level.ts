// A level over time as quantities by hour: value × how long it lasted, in hours. The level of a series holds from its reading until the next
// one. Each hour is rounded once, half away from zero, at the meter's scale. Pure: readings and hours are arguments.

import { divideRounded } from '../decimal.ts'
import { quantity, type Quantity } from '../quantity.ts'
import { HOUR_MS, type Instant } from '../time.ts'

export type LevelReading = { readonly time: Instant; readonly value: Quantity }

/**
 * The quantity of each full hour in `[from, to)`, both at full hours. `readings` are of one series, ordered by time, with the last one
 * before `from` where there is one. Hours of nothing are left out.
 */
export function levelHours(readings: readonly LevelReading[], from: Instant, to: Instant): Map<Instant, Quantity> {
  const hours = new Map<Instant, Quantity>()
  let index = 0
  for (let hour: number = from; hour < to; hour += HOUR_MS) {
    const end = hour + HOUR_MS
    let held = 0n
    while (index + 1 < readings.length && readings[index + 1]!.time <= hour) index += 1
    for (let at = index; at < readings.length && readings[at]!.time < end; at++) {
      const begins = Math.max(readings[at]!.time, hour)
      const ends = Math.min(readings[at + 1]?.time ?? end, end)
      if (ends > begins) held += readings[at]!.value * BigInt(ends - begins)
    }
    const used = divideRounded(held, BigInt(HOUR_MS))
    if (used > 0n) hours.set(hour as Instant, quantity(used))
  }
  return hours
}
