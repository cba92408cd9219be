// Whether the control plane can do its work now: the database answers and a node is connected that serves requests.

import { countParked, pingDatabase } from '../store/health.ts'
import type { ControlPlane } from './control-plane.ts'

export type Readiness = { readonly isReady: boolean; readonly database: 'ok' | 'unreachable'; readonly nodes: number }

/** A probe waits no longer: an orchestrator's own timeout is near it. */
const PROBE_TIMEOUT_MS = 2_000

export async function readiness(plane: ControlPlane): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'unreachable'>((resolve) => {
    timer = setTimeout(resolve, PROBE_TIMEOUT_MS, 'unreachable').unref()
  })
  const database = await Promise.race([
    pingDatabase(plane.sql).then(
      () => 'ok' as const,
      () => 'unreachable' as const,
    ),
    late,
  ])
  clearTimeout(timer)
  const nodes = plane.hub.nodes().length
  return { isReady: database === 'ok' && nodes > 0, database, nodes }
}

/** Events that could not be settled and wait for a person. */
export function parkedEvents(plane: ControlPlane): Promise<number> {
  return countParked(plane.sql)
}
