// The time in which a customer lives: ours, unless a test turned its clock.

import { instant, type Clock, type Instant } from '@tollgate/core'

export function nowOf(plane: { readonly clock: Clock }, { clockOffsetMs }: { readonly clockOffsetMs: number }): Instant {
  return instant(plane.clock.now() + clockOffsetMs)
}
