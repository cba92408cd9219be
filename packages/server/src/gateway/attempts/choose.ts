// Which of several upstreams, or of several keys of one, a request goes to: the first priority that has one in health, and there by
// weight. Where none is in health the one whose rest ends first is chosen: whether it is asked is for whoever asks to say.

import { UPSTREAM_ROUTING, type UpstreamRouting } from '@tollgate/core'
import { chance } from '../../platform/jitter.ts'
import type { Target, TargetKey } from '../upstreams.ts'

export function routingOf(target: Target): UpstreamRouting {
  return target.config.routing ?? UPSTREAM_ROUTING
}

/** One of at least one. */
export function chooseTarget(targets: readonly Target[], now: number): Target {
  const well = targets.filter(({ health, keys }) => health.restsUntil <= now && (keys === null || keys.some(({ restsUntil }) => restsUntil <= now)))
  if (well.length === 0) return targets.reduce((first, target) => (target.health.restsUntil < first.health.restsUntil ? target : first))
  const first = Math.min(...well.map((target) => routingOf(target).priority))
  return byWeight(well.filter((target) => routingOf(target).priority === first), (target) => routingOf(target).weight)
}

/** One of at least one. */
export function chooseKey(keys: readonly TargetKey[], now: number): TargetKey {
  const well = keys.filter(({ restsUntil }) => restsUntil <= now)
  return well.length === 0 ? keys.reduce((first, key) => (key.restsUntil < first.restsUntil ? key : first)) : byWeight(well, ({ weight }) => weight)
}

function byWeight<T>(all: readonly T[], weightOf: (one: T) => number): T {
  if (all.length === 1) return all[0]!
  let point = chance() * all.reduce((sum, one) => sum + weightOf(one), 0)
  return all.find((one) => (point -= weightOf(one)) < 0) ?? all.at(-1)!
}
