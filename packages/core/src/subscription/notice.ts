// What a tenant is told about its subscription where something is not as it should be: the banner of the portal, the warning of an
// answer's header. One text for all of them.

import type { Instant } from '../time.ts'
import type { Segment } from './timeline.ts'

export type SubscriptionNotice = {
  readonly level: 'info' | 'warning' | 'blocked'
  /** For a person: what is, until when, what to do. */
  readonly message: string
  /** When it changes by itself; null for never. */
  readonly until: Instant | null
}

export function noticeOf(segment: Pick<Segment, 'state' | 'reason' | 'graceEndsAt' | 'trialEndsAt' | 'cancelAt' | 'resumesAt'>, links: { readonly topUpUrl: string; readonly upgradeUrl: string }): SubscriptionNotice | null {
  const { graceEndsAt, resumesAt, cancelAt } = segment
  switch (segment.state) {
    case 'grace':
      return { level: 'warning', message: `A payment failed. Everything goes on${graceEndsAt === null ? '' : ` until ${day(graceEndsAt)}`}. Settle the open invoice before then: ${links.topUpUrl}`, until: graceEndsAt }
    case 'suspended':
      return { level: 'blocked', message: `The subscription is suspended: ${segment.reason}. It goes on as soon as what is owed is settled: ${links.topUpUrl}`, until: null }
    case 'disputed':
      return { level: 'blocked', message: `A payment is disputed, so the subscription waits until the dispute is closed. Contact support or withdraw the dispute.`, until: null }
    case 'paused':
      return { level: 'blocked', message: `The subscription is paused${resumesAt === null ? '' : ` until ${day(resumesAt)}`}: resume it to go on.`, until: resumesAt }
    case 'incomplete':
      return { level: 'blocked', message: `The subscription waits for its first payment: ${links.topUpUrl}`, until: null }
    case 'cancelled':
    case 'expired':
      return { level: 'blocked', message: `The subscription has ended. Choose a plan to go on: ${links.upgradeUrl}`, until: null }
    default:
      return cancelAt === null ? null : { level: 'info', message: `The subscription ends on ${day(cancelAt)}. Reactivate it before then to keep it.`, until: cancelAt }
  }
}

function day(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
