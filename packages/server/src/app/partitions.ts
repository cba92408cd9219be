// Keeps the event table's partitions ahead of the clock.

import { createPartitions } from '../store/partitions.ts'
import type { ControlPlane } from './control-plane.ts'

export function keepPartitions(plane: ControlPlane): Promise<void> {
  return createPartitions(plane.sql, plane.clock.now())
}
