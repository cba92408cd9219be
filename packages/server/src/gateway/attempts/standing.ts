// How upstreams stand, told to whoever runs this: which rest, why and until when, at which of their keys, and how many requests run there. The
// gauges read it at each scrape; the control plane is told by a reporter while anything rests, and once when nothing does any more. It
// decides nothing.

import { instant, RESTS_TOLD_EVERY_MS, type Clock, type RestingUpstream, type RestReports } from '@tollgate/core'
import type { Log } from '../../platform/log.ts'
import type { Target } from '../upstreams.ts'

export type Standing = { readonly upstream: string; readonly running: number; readonly waiting: number; readonly rests: readonly RestingUpstream[] }

/** The built-in one has a target for each format: it is told once. */
export function standingOf(targets: readonly Target[], now: number): readonly Standing[] {
  const byName = new Map<string, Standing>()
  for (const target of targets) {
    const { name } = target.config
    const rests = [...(byName.get(name)?.rests ?? []), ...restsOf(target, now)]
    byName.set(name, { upstream: name, running: target.upstream.slots.running(), waiting: target.upstream.slots.waiting(), rests })
  }
  return [...byName.values()]
}

function restsOf({ config, health, keys }: Target, now: number): RestingUpstream[] {
  const own = health.restsUntil > now ? [{ upstream: config.name, key: null, why: health.why, failures: health.failures, until: instant(health.restsUntil), isTried: health.isTried }] : []
  return [...own, ...(keys ?? []).flatMap((key) => (key.restsUntil > now ? [{ upstream: config.name, key: key.name, why: key.why, failures: 1, until: instant(key.restsUntil), isTried: false }] : []))]
}

export type RestReporter = { readonly close: () => void }
type Parts = { readonly standing: () => readonly Standing[]; readonly reports: RestReports; readonly clock: Clock; readonly log: Log; readonly lookEveryMs?: number }

const LOOK_EVERY_MS = 500

/** One report at a time; one that fails is made again with the next look. */
export function createRestReporter({ standing, reports, clock, log, lookEveryMs = LOOK_EVERY_MS }: Parts): RestReporter {
  let told = ''
  let toldAt = 0
  let isTelling = false
  async function look(): Promise<void> {
    const rests = standing().flatMap((one) => one.rests)
    // What changes by itself, such as how often it failed meanwhile, can wait for the next turn.
    const now = rests.map(({ upstream, key, why, isTried }) => JSON.stringify([upstream, key, why, isTried])).join()
    if (isTelling || (now === told && (now === '' || clock.now() - toldAt < RESTS_TOLD_EVERY_MS))) return
    isTelling = true
    try {
      await reports.tell(rests)
      told = now
      toldAt = clock.now()
    } catch (error) {
      log.debug({ err: error }, 'how upstreams stand could not be told')
    } finally {
      isTelling = false
    }
  }
  const timer = setInterval(() => void look(), lookEveryMs)
  timer.unref()
  return { close: () => clearInterval(timer) }
}
