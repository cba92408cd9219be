// How long a node may admit without having heard from its authority. It counts from when it *sent* the call that was answered, by two
// clocks, and either may end it: the wall clock goes on while a machine sleeps, the monotonic one is not set back. The authority
// waits longer, so a node always stops first.

import { LEASE_RENEW_MS, type Authority, type Clock, type Licence, type NodeIdentity, type NodeReport } from '@tollgate/core'

export type NodeLicence = {
  /** `now`: where the caller has just looked at the clock. */
  readonly isValid: (now?: number) => boolean
  /** Asks for it anew, once for all who wait. Rejects when the authority does not answer, or has fenced this node. */
  readonly renew: () => Promise<void>
  readonly close: () => void
}

export type LicenceParts = {
  readonly identity: NodeIdentity
  readonly authority: Pick<Authority, 'renew'>
  readonly clock: Clock
  /** Milliseconds that are never set back. */
  readonly monotonic: () => number
  /** As told at the registration, with when that was sent. */
  readonly first: Licence & { readonly sentAt: number; readonly sentAtMonotonic: number }
  /** What is told with each renewal. */
  readonly report: () => NodeReport
  readonly onProblem: (error: unknown) => void
}

export function startLicence(parts: LicenceParts): NodeLicence {
  const { clock, monotonic } = parts
  let until = parts.first.sentAt + parts.first.validMs
  let untilMonotonic = parts.first.sentAtMonotonic + parts.first.validMs
  let renewing: Promise<void> | null = null

  async function ask(): Promise<void> {
    const sentAt = clock.now()
    const sentAtMonotonic = monotonic()
    const { validMs } = await parts.authority.renew(parts.identity, parts.report())
    until = sentAt + validMs
    untilMonotonic = sentAtMonotonic + validMs
  }

  function renew(): Promise<void> {
    renewing ??= ask().finally(() => {
      renewing = null
    })
    return renewing
  }

  const timer = setInterval(() => void renew().catch(parts.onProblem), LEASE_RENEW_MS)
  timer.unref()
  return { isValid: (now = clock.now()) => now < until && monotonic() < untilMonotonic, renew, close: () => clearInterval(timer) }
}
