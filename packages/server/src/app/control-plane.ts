// The parts of a control plane put together once: every use case takes this and its input.

import { EVENT_AGE_MS_MAX, EVENT_AHEAD_MS_MAX, type Authority, type Clock, type Directory, type Links, type UpstreamConfig } from '@tollgate/core'
import type { Log } from '../platform/log.ts'
import type { ObjectStore } from '../platform/object-store.ts'
import type { Sql } from '../platform/postgres.ts'
import { createCatalogs, type Catalogs } from './catalogs.ts'
import { createCustomerContexts, type CustomerContexts } from './customer-contexts.ts'
import type { TimeBounds } from './events/read-event.ts'
import { createDirectory } from './directory.ts'
import { createJobBoard, type JobBoard } from './job-board.ts'
import { createNodeHub, type NodeHub } from './node-hub.ts'
import { createPostgresAuthority } from './authority/postgres-authority.ts'
import { createPseudonyms } from './settlement/pseudonyms.ts'
import { createKnownDimensions } from './settlement/known-dimensions.ts'
import type { OperatorIssuer } from './operator-issuer.ts'
import { createRestingUpstreams, type RestingUpstreams } from './resting-upstreams.ts'
import { createAnswerShelf, type AnswerShelf } from './shared-answers.ts'
import { createSharers } from './sharers.ts'
import type { Receivers } from './handover/port.ts'
import type { Mailer } from './mail/port.ts'
import type { UsageReceivers } from './handover/usage-port.ts'
import type { TaxService } from './invoices/tax-port.ts'
import type { Connectors } from './providers/connector.ts'
import { createSettlementQueue, type SettlementQueue } from './settlement/queue.ts'

export type ControlPlane = {
  readonly sql: Sql
  readonly clock: Clock
  readonly log: Log
  /** `portalUrl`: where the portal's page is. */
  readonly links: Links & { readonly portalUrl: string }
  readonly masterKey: Uint8Array
  readonly randomText: () => string
  /** Upstreams of the process's environment, never stored. */
  readonly environmentUpstreams: readonly UpstreamConfig[]
  /** How far from our clock the time of an event may be. */
  readonly eventBounds: TimeBounds
  /** The price list of the daily import; none unless set. */
  readonly rateSource?: { readonly location: string; /** Percent, decimal text. */ readonly confirmAbove: string } | null
  /** Where records of closed days are written; nowhere unless set. */
  readonly exportStore?: ObjectStore | null
  /** Whole months of usage events that are kept beside the running one; null for ever. */
  readonly retention: { readonly eventMonths: number | null }
  /** Dimensions whose values are persons. */
  readonly personal: ReadonlySet<string>
  readonly catalogs: Catalogs
  readonly contexts: CustomerContexts
  readonly hub: NodeHub
  readonly restingUpstreams: RestingUpstreams
  readonly sharedAnswers: AnswerShelf
  readonly queue: SettlementQueue
  /** How the background jobs of this process fare. */
  readonly jobs: JobBoard
  /** Who the operator's people are; null: they sign in with keys. */
  readonly issuer: OperatorIssuer | null
  /** Billing providers; none where they are not wired. */
  readonly connectors: Connectors
  /** Who takes final invoices over; none where they are not wired. */
  readonly receivers: Receivers
  /** Hands mail to a server; where none is wired, mail waits. */
  readonly mailer: Mailer
  readonly usageReceivers: UsageReceivers
  /** Says which tax customers have whose profile leaves it to a service; null: none is set. */
  readonly taxService: TaxService | null
  readonly authority: Authority
  readonly directory: Directory
}

export type ControlPlaneOptions = Partial<Pick<ControlPlane, 'eventBounds' | 'retention' | 'personal' | 'connectors' | 'receivers' | 'usageReceivers' | 'issuer' | 'mailer' | 'taxService'>> & Pick<ControlPlane, 'sql' | 'clock' | 'log' | 'links' | 'masterKey' | 'randomText' | 'environmentUpstreams' | 'rateSource' | 'exportStore'>

export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const catalogs = createCatalogs(options.sql, options.clock)
  await catalogs.refresh()
  const contexts = createCustomerContexts(catalogs, options.links)
  const hub = createNodeHub(options.clock)
  const sharers = createSharers(hub)
  hub.onLeave(sharers.leave)
  const queue = createSettlementQueue({ ...options, catalogs, contexts, dimensions: createKnownDimensions(), pseudonyms: createPseudonyms({ ...options, personal: options.personal ?? new Set() }) })
  return {
    eventBounds: { lateMsMax: EVENT_AGE_MS_MAX, aheadMsMax: EVENT_AHEAD_MS_MAX }, retention: { eventMonths: null }, personal: new Set(), connectors: new Map(), receivers: new Map(), usageReceivers: new Map(), issuer: null, mailer: noMailer, taxService: null, ...options, catalogs, contexts, hub, queue, jobs: createJobBoard(options.clock),
    restingUpstreams: createRestingUpstreams(options.clock),
    sharedAnswers: createAnswerShelf(options),
    authority: createPostgresAuthority({ ...options, contexts, hub, queue }),
    directory: createDirectory({ ...options, catalogs, contexts, sharers }),
  }
}

const noMailer: Mailer = () => Promise.resolve({ kind: 'later', reason: 'this process sends no mail' })
