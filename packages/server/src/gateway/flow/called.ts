// An admitted request with what receives its answer and reads its usage: what its end works on.

import type { UsageReader } from '@tollgate/core'
import type { Admitted } from './admitted.ts'
import type { AnswerCopy } from '../cache/keep.ts'
import type { TargetKey } from '../upstreams.ts'
import type { Answer } from './answer.ts'

export type Called = Admitted & {
  readonly answer: Answer
  readonly reader: UsageReader
  /** The stream as its client gets it, where it is kept. */
  readonly copy?: AnswerCopy
  /** The key that was used, where the upstream has several. */
  readonly upstreamKey: TargetKey | null
}
