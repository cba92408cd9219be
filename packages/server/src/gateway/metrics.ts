// What the gateway counts, as a port: the program's metrics implement it, tests and small set-ups use the plain counts below.
// Names are a closed list, so that a dashboard never meets one that it does not know.

import type { Standing } from './attempts/standing.ts'

export type GatewayEvent =
  | 'upstream_retry'
  | 'upstream_resting'
  | 'cache_hit'
  | 'answer_shared'
  | 'answer_not_shared'
  | 'shared_answers_away'
  | 'prompt_kept'
  | 'prompt_not_kept'
  | 'upstream_failed'
  | 'upstream_account_refused'
  | 'stream_broken'
  | 'client_gone'
  | 'shed'
  | 'usage_estimated'
  | 'usage_odd'
  | 'cost_unknown'
  | 'hold_exceeded'
  | 'settle_failed'

export type GatewayMetrics = {
  /** A finished request of the surface (of the closed list of surfaces.ts, `hot_api` or `other`), by the status it was answered with. */
  readonly answered: (surface: string, status: number, durationMs: number) => void
  readonly happened: (event: GatewayEvent) => void
  /** Where how upstreams stand can be read. */
  readonly watches?: (standing: () => readonly Standing[]) => void
}

/** Text for a scrape, and the values of it: those of `others` are put beside this process's own. */
export type MetricsPage = { readonly contentType: string; readonly render: (others: readonly unknown[]) => Promise<string>; readonly values: () => Promise<unknown> }

export type GatewayCounts = GatewayMetrics & { readonly counts: ReadonlyMap<string, number> }

/** Counts in memory: `answered:chat:200`, `upstream_retry`, … */
export function countingMetrics(): GatewayCounts {
  const counts = new Map<string, number>()
  const add = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1)
  return { counts, happened: add, answered: (surface, status) => add(`answered:${surface}:${status}`) }
}
