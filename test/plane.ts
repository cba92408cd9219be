// A control plane on a database of its own, and nodes that speak to it in process: for tests that need the real
// settlement, authority and journal, but no sockets. The clock can be a virtual one.

import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Authority, Clock, CustomerId, Feed, NodeIdentity } from '@tollgate/core'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { parseCatalog } from '../packages/server/src/app/catalog/parse-yaml.ts'
import { createControlPlane, type ControlPlane } from '../packages/server/src/app/control-plane.ts'
import { topUp } from '../packages/server/src/app/credits.ts'
import { createCustomer } from '../packages/server/src/app/customers.ts'
import { publishCatalog } from '../packages/server/src/app/publish-catalog.ts'
import type { HotNode } from '../packages/server/src/hot/contract.ts'
import { startNode } from '../packages/server/src/hot/start-node.ts'
import { CONNECTORS } from '../packages/server/src/connect/connectors.ts'
import { smtpMailer } from '../packages/server/src/connect/smtp/smtp.ts'
import type { TaxService } from '../packages/server/src/app/invoices/tax-port.ts'
import { receiversOf, USAGE_RECEIVERS } from '../packages/server/src/connect/receivers.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { createLog, silentLog } from '../packages/server/src/platform/log.ts'
import { randomText } from '../packages/server/src/platform/random-id.ts'
import { hashKey } from '../packages/server/src/platform/secrets.ts'
import { testDatabase, type TestDatabase } from '../packages/server/src/platform/test-database.ts'

export const DEMO_CATALOG = join(import.meta.dirname, '..', 'examples', 'catalogs', 'demo.yaml')

export type TestPlane = {
  readonly plane: ControlPlane
  readonly database: TestDatabase
  /** Starts a node; the same name and folder again is its next incarnation. */
  readonly node: (options?: { readonly name?: string; readonly folder?: string; readonly boot?: string; readonly authority?: (authority: Authority) => Authority }) => Promise<HotNode>
  readonly customer: (options: { readonly plan: string; readonly credit?: string; readonly id?: string }) => Promise<CustomerId>
  readonly close: () => Promise<void>
}

export async function testPlane(options: { readonly personal?: readonly string[]; readonly clock?: Clock; readonly catalog?: string; readonly max?: number; readonly taxService?: TaxService } = {}): Promise<TestPlane> {
  const database = await testDatabase({ max: options.max ?? 8 })
  const clock = options.clock ?? systemClock
  const log = process.env['TEST_LOG'] === undefined ? silentLog() : createLog({ level: 'debug', pretty: true })
  const plane = await createControlPlane({
    sql: database.sql, clock, log, links: { topUpUrl: 'http://localhost/top-up', upgradeUrl: 'http://localhost/plans', portalUrl: 'http://localhost/portal/' },
    masterKey: new Uint8Array(32).fill(7), randomText, environmentUpstreams: [], personal: new Set(options.personal ?? []), connectors: CONNECTORS, receivers: receiversOf(mkdtempSync(join(tmpdir(), 'handover-'))), usageReceivers: USAGE_RECEIVERS, mailer: smtpMailer, taxService: options.taxService ?? null,
  })
  await publishSource(plane, options.catalog ?? readFileSync(DEMO_CATALOG, 'utf8'))
  const nodes: HotNode[] = []
  return {
    plane,
    database,
    node: async ({ name = 'node-1', folder = mkdtempSync(join(tmpdir(), 'journal-')), boot = 'first', authority = (same: Authority) => same } = {}) => {
      const node = await startNode({
        node: name, journalFolder: folder, authority: authority(plane.authority), directory: plane.directory, feed: feedOf(plane), clock, randomText, hashKey, boot, warn: (facts, message) => log.warn(facts, message),
      })
      nodes.push(node)
      return node
    },
    customer: async ({ plan, credit, id }) => {
      const row = await createCustomer(plane, SYSTEM, { id: id ?? null, name: 'Test', externalId: null, plan, timeZone: 'UTC', metadata: {}, startsAt: null })
      if (credit !== undefined) await topUp(plane, SYSTEM, row.id, { amount: credit, category: 'paid', priority: 100, expiresAt: null, reference: null })
      return row.id
    },
    close: async () => {
      for (const node of nodes) await node.drain().catch(() => undefined)
      await plane.queue.close()
      await database.drop()
    },
  }
}

export async function publishSource(plane: ControlPlane, source: string): Promise<number> {
  const parsed = parseCatalog(source)
  if (parsed.kind === 'invalid') throw new Error(`the test catalog is not valid: ${JSON.stringify(parsed.issues)}`)
  return (await publishCatalog(plane, SYSTEM, { document: parsed.document, source, baseVersion: null })).version
}

/** The hub's messages without a socket between: as a node reads them, changes one after the other, because an acknowledgement speaks for all before it. */
export function feedOf(plane: ControlPlane): Feed {
  return {
    subscribe: (identity: NodeIdentity, onMessage) => {
      let last: Promise<void> = Promise.resolve()
      const leave = plane.hub.join(identity.node, (message) => {
        if (message.kind === 'recall') void Promise.resolve(onMessage(message)).then(() => plane.hub.acknowledge(identity.node, { recalls: [message.recall] }), () => undefined)
        else last = last.then(() => onMessage(message)).then(() => plane.hub.acknowledge(identity.node, { epoch: message.epoch }), () => undefined)
      })
      return { close: leave }
    },
  }
}
