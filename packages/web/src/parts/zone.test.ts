import { expect, test } from 'vitest'
import { nextDay, startOfDay } from './zone.ts'

const at = (text: string) => Date.parse(text)
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')

test.each([
  ['UTC', '2026-03-29T15:00:00Z', '2026-03-29T00:00:00Z', '2026-03-30T00:00:00Z'],
  // Clocks go forward: a day of 23 hours; and back: one of 25.
  ['Europe/Berlin', '2026-03-29T15:00:00Z', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  ['Europe/Berlin', '2026-10-25T15:00:00Z', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  ['America/New_York', '2026-06-01T02:00:00Z', '2026-05-31T04:00:00Z', '2026-06-01T04:00:00Z'],
  ['Asia/Kolkata', '2026-06-01T18:45:00Z', '2026-06-01T18:30:00Z', '2026-06-02T18:30:00Z'],
  ['Pacific/Auckland', '2026-09-26T20:00:00Z', '2026-09-26T12:00:00Z', '2026-09-27T11:00:00Z'],
])('in %s the day of %s begins at %s and the next at %s', (zone, moment, start, next) => {
  expect([iso(startOfDay(at(moment), zone)), iso(nextDay(startOfDay(at(moment), zone), zone))]).toEqual([start, next])
})
