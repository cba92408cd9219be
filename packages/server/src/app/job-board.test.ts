import { expect, test } from 'vitest'
import { instant } from '@tollgate/core'
import { virtualClock } from '../platform/clock.ts'
import { createJobBoard } from './job-board.ts'

test('a job is running, then done with its times; a failure is kept with its words after a later run succeeds', () => {
  const clock = virtualClock(instant(1_000))
  const board = createJobBoard(clock)
  board.add({ name: 'expire', says: 'Expires.', everyMs: 10 })
  expect(board.jobs()).toMatchObject([{ name: 'expire', isRunning: false, runs: 0, startedAt: null }])
  const end = board.begin('expire')
  expect(board.jobs()).toMatchObject([{ isRunning: true, startedAt: 1_000 }])
  clock.advance(5)
  end(new Error('x'.repeat(1_000)))
  expect(board.jobs()).toMatchObject([{ isRunning: false, runs: 1, failures: 1, endedAt: 1_005, failedAt: 1_005, failure: 'x'.repeat(300) }])
  board.begin('expire')()
  expect(board.jobs()).toMatchObject([{ runs: 2, failures: 1, failure: 'x'.repeat(300) }])
})
