// How each background job of this process fares: when it ran, how long it took, what its last failure said. Kept in memory, since the start;
// a failure is in the log, too. It starts and stops nothing.

import type { Clock, Instant } from '@tollgate/core'

/** Longest text of a failure that is shown. */
const FAILURE_LENGTH_MAX = 300

export type JobState = {
  readonly name: string
  /** What it is for, to a person. */
  readonly says: string
  readonly everyMs: number
  readonly isRunning: boolean
  readonly runs: number
  readonly failures: number
  readonly startedAt: Instant | null
  readonly endedAt: Instant | null
  readonly failedAt: Instant | null
  readonly failure: string | null
}

export type JobBoard = {
  /** Said once for each job. */
  readonly add: (job: Pick<JobState, 'name' | 'says' | 'everyMs'>) => void
  /** Notes the start of a run; the returned function notes its end. */
  readonly begin: (name: string) => (error?: unknown) => void
  readonly jobs: () => readonly JobState[]
}

export function createJobBoard(clock: Clock): JobBoard {
  const states = new Map<string, JobState>()
  const change = (name: string, part: (state: JobState) => Partial<JobState>) => {
    const state = states.get(name)
    if (state !== undefined) states.set(name, { ...state, ...part(state) })
  }
  return {
    add: (job) => void states.set(job.name, { ...job, isRunning: false, runs: 0, failures: 0, startedAt: null, endedAt: null, failedAt: null, failure: null }),
    begin: (name) => {
      change(name, () => ({ isRunning: true, startedAt: clock.now() }))
      return (error) => {
        const endedAt = clock.now()
        change(name, ({ runs, failures }) => ({
          isRunning: false, endedAt, runs: runs + 1, ...(error === undefined ? {} : { failures: failures + 1, failedAt: endedAt, failure: textOf(error) }),
        }))
      }
    },
    jobs: () => [...states.values()],
  }
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, FAILURE_LENGTH_MAX)
}
