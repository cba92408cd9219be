import { expect, test } from 'vitest'
import { instant } from '../time.ts'
import { observeRun, openPace, openRun, RUNAWAY_DEFAULT } from './runaway.ts'

const at = (seconds: number) => instant(seconds * 1_000)

test('the fifth equal prompt of a run within a minute is suspicious; other prompts and slow repetitions are not', () => {
  const [run, customer] = [openRun(at(0)), openPace(at(0))]
  const ask = (prompt: string, seconds: number) => observeRun(RUNAWAY_DEFAULT, run, customer, { prompt, now: at(seconds) })
  expect([0, 5, 10, 15].map((second) => ask('same', second))).toEqual([null, null, null, null])
  expect([ask('other', 16), ask('same', 20)]).toEqual([null, 'repeats'])
  const slow = openRun(at(0))
  const answers = [0, 30, 61, 90, 122, 150, 183].map((second) => observeRun(RUNAWAY_DEFAULT, slow, customer, { prompt: 'same', now: at(100 + second) }))
  expect(new Set(answers)).toEqual(new Set([null]))
})

test('a jump of the customer’s pace is suspicious of the run that makes it, once the usual pace is known', () => {
  const customer = openPace(at(0))
  const quiet = openRun(at(0))
  for (let second = 0; second < 1_200; second += 10) expect(observeRun(RUNAWAY_DEFAULT, quiet, customer, { prompt: null, now: at(second) })).toBeNull()
  const wild = openRun(at(1_200))
  const verdicts = Array.from({ length: 60 }, (_, index) => observeRun(RUNAWAY_DEFAULT, wild, customer, { prompt: null, now: at(1_200 + index / 10) }))
  expect(verdicts[0]).toBeNull()
  expect(verdicts.at(-1)).toBe('velocity')
  expect(observeRun(RUNAWAY_DEFAULT, quiet, customer, { prompt: null, now: at(1_206) })).toBeNull()
})

test('a new customer that starts at full speed is not suspected: nothing usual is known yet', () => {
  const [run, customer] = [openRun(at(0)), openPace(at(0))]
  for (let index = 0; index < 3_000; index++) expect(observeRun(RUNAWAY_DEFAULT, run, customer, { prompt: null, now: at(index / 10) })).toBeNull()
})
