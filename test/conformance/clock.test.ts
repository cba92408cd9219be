import { expect, test } from 'vitest'
import { instant, type Clock } from '@tollgate/core'
import { systemClock, virtualClock } from '../../packages/server/src/platform/clock.ts'

for (const [name, make] of [['system', () => systemClock], ['virtual', () => virtualClock(instant(Date.UTC(2026, 0, 1)))]] as const) {
  const clock: Clock = make()

  test(`the ${name} clock tells whole milliseconds of our time`, () => {
    expect(Number.isSafeInteger(clock.now())).toBe(true)
    expect(new Date(clock.now()).getUTCFullYear()).toBeGreaterThanOrEqual(2026)
  })

  test(`the ${name} clock does not go back while nobody sets it`, () => {
    let last = clock.now()
    for (let index = 0; index < 10_000; index++) {
      const next = clock.now()
      expect(next >= last).toBe(true)
      last = next
    }
  })
}

test('the virtual clock moves when it is told and refuses to go back', () => {
  const clock = virtualClock(instant(1_000))
  clock.advance(500)
  expect(clock.now()).toBe(1_500)
  expect(() => clock.set(instant(1_499))).toThrow(RangeError)
})
