// Mode `serve`: the whole of Tollgate on one machine. This process is the control plane (API, settlement, jobs); the gateway
// is a child of its own, or several, so that no settlement or report is ever seen in a request's latency. PostgreSQL is embedded
// unless DATABASE_URL says otherwise. Everything starts in order and stops in the reverse order.

import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { DAY_MS, MINUTE_MS } from '@tollgate/core'
import { createApi } from '../api/server.ts'
import { registerInternal } from '../api/internal.ts'
import { createControlPlane, type ControlPlane } from '../app/control-plane.ts'
import type { OperatorIssuer } from '../app/operator-issuer.ts'
import { createIssuer } from '../connect/oidc/issuer.ts'
import { keepPartitions } from '../app/partitions.ts'
import { startJobs } from '../jobs/schedule.ts'
import type { Config } from '../platform/config.ts'
import { acquireDataDirLock } from '../platform/data-dir-lock.ts'
import { startEmbeddedPostgres } from '../platform/embedded-postgres.ts'
import { createLog, type Log } from '../platform/log.ts'
import { loadMasterKey } from '../platform/master-key.ts'
import { migrate } from '../platform/migrate.ts'
import { connect, type Sql } from '../platform/postgres.ts'
import { randomText } from '../platform/random-id.ts'
import { systemClock } from '../platform/clock.ts'
import { StartError } from '../platform/start-error.ts'
import { openObjectStore } from '../platform/object-store.ts'
import { loadDemo } from './demo.ts'
import { startGatewaySet, type GatewaySet } from './gateway-set.ts'
import { listen } from './listen.ts'
import { preparePages } from './pages.ts'
import { goBehindTheGateway } from './priority.ts'
import { printWelcome } from './welcome.ts'
import { CONNECTORS } from '../connect/connectors.ts'
import { smtpMailer } from '../connect/smtp/smtp.ts'
import { httpTaxService } from '../connect/tax/http-tax-service.ts'
import type { TaxService } from '../app/invoices/tax-port.ts'
import { receiversOf, USAGE_RECEIVERS } from '../connect/receivers.ts'
import { environmentUpstreams } from './environment-upstreams.ts'

export type ServeOptions = { readonly config: Config; readonly demo: boolean; readonly version: string }

/** Connections of the control plane: settlement, API and jobs share them; the embedded server allows 60. */
const CONNECTIONS = 20

/** Starts and returns how to stop. Throws StartError when something is in the way; then nothing is left running. */
export async function serve(options: ServeOptions): Promise<{ readonly stop: () => Promise<void>; readonly url: string; readonly gatewayUrl: string }> {
  const { config } = options
  const log = createLog({ level: config.logLevel })
  const undo: (() => Promise<void> | void)[] = []
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const pages = preparePages(log)
    const lock = acquireDataDirLock(config.dataDir)
    undo.push(() => lock.release())
    const links = { ...linksOf(config, config.port) }
    const { sql, pid } = await openDatabase(config, log, undo)
    const plane = await createControlPlane({
      sql, log, clock: systemClock, randomText, masterKey: loadMasterKey(config),
      environmentUpstreams: environmentUpstreams(config),
      retention: { eventMonths: config.keepEventMonths },
      personal: new Set(config.personalDimensions),
      eventBounds: { lateMsMax: Math.min(config.eventLateDays, (config.keepEventMonths ?? Infinity) * 28) * DAY_MS, aheadMsMax: config.eventAheadMinutes * MINUTE_MS },
      rateSource: config.ratesUrl === null ? null : { location: config.ratesUrl, confirmAbove: config.ratesConfirmAbove },
      exportStore: config.exportTo === null ? null : openObjectStore(config.exportTo, { keyId: config.exportKeyId, secret: config.exportSecret }),
      connectors: CONNECTORS,
      issuer: issuerOf(config),
      receivers: receiversOf(join(config.dataDir, 'handover')),
      mailer: smtpMailer,
      taxService: taxServiceOf(config),
      usageReceivers: USAGE_RECEIVERS,
      links,
    })
    await keepPartitions(plane)
    undo.push(() => plane.queue.close())
    undo.push(startJobs(plane))
    const nodeToken = config.nodeToken ?? randomBytes(32).toString('base64url')
    let gateway: GatewaySet | null = null
    const api = createApi({ plane, pages, version: options.version, invoiceFont: config.invoiceFont, gatewayUrl: () => gateway?.url() ?? '', register: (app) => registerInternal(app, plane, nodeToken) })
    const port = await listen(api, { host: config.host, port: config.port, setting: 'TOLLGATE_PORT', flag: '--port' })
    undo.push(() => api.close())
    // With port 0 the address is known only now; no snapshot was compiled before.
    Object.assign(links, linksOf(config, port))
    gateway = await startGatewaySet({ config, log, nodeToken, controlUrl: `http://127.0.0.1:${port}`, alone: config.nodeId ?? 'local-1', base: config.nodeId ?? 'local' })
    const gateways = gateway
    goBehindTheGateway(pid)
    undo.push(() => gateways.stop())
    const url = `http://${shownHost(config.host)}:${port}`
    if (options.demo) {
      const demo = await loadDemo(plane, { dataDir: config.dataDir, url, gatewayUrl: gateway.url(), hasProvider: config.openaiApiKey !== null })
      printWelcome(demo)
    } else {
      log.info({ url, gateway_url: gateway.url() }, 'Tollgate is ready')
    }
    return { stop, url, gatewayUrl: gateway.url() }
  } catch (error) {
    await stop()
    throw error
  }
}

function taxServiceOf({ taxUrl: url, taxSecret: secret }: Config): TaxService | null {
  if (url === null) return null
  if (secret === null || !/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/.test(secret)) throw new StartError({ code: 'tax_service_incomplete', message: 'TOLLGATE_TAX_URL is set and TOLLGATE_TAX_SECRET is not a secret to sign with: set whsec_ and 24 to 64 bytes in base64, such as `echo whsec_$(openssl rand -base64 32)` makes' })
  return httpTaxService({ url, secret, clock: systemClock })
}

type Database = { readonly sql: Sql; /** Of the embedded server. */ readonly pid: number | null }

async function openDatabase(config: Config, log: Log, undo: (() => Promise<void> | void)[]): Promise<Database> {
  let url = config.databaseUrl
  let pid: number | null = null
  if (url === null) {
    const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir, log })
    undo.push(() => embedded.stop())
    url = embedded.url
    pid = embedded.pid
  }
  const sql = connect({ url, applicationName: 'tollgate', max: CONNECTIONS })
  undo.push(() => sql.end({ timeout: 5 }))
  const applied = await migrate(sql)
  if (applied.length > 0) log.debug({ applied }, 'the database was brought up to date')
  return { sql, pid }
}

function issuerOf({ oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecret: clientSecret, oidcName: name, oidcScopes: scopes, oidcRolesClaim: claim, oidcRoles: roles }: Config): OperatorIssuer | null {
  if (issuer === null) return null
  if (clientId === null) throw new StartError({ code: 'oidc_incomplete', message: 'TOLLGATE_OIDC_ISSUER is set without TOLLGATE_OIDC_CLIENT_ID: set the id of the client that is registered there' })
  if (roles.size === 0) throw new StartError({ code: 'oidc_incomplete', message: 'TOLLGATE_OIDC_ISSUER is set without TOLLGATE_OIDC_ROLES: nobody could sign in. Set which group has which role, such as platform=admin' })
  return createIssuer({ issuer, clientId, clientSecret, name, scopes, roles: { claim, roles } })
}

function linksOf(config: Config, port: number): ControlPlane['links'] {
  const base = config.publicUrl ?? `http://${shownHost(config.host)}:${port}`
  return { topUpUrl: `${base}/top-up`, upgradeUrl: `${base}/plans`, portalUrl: `${base}/portal/` }
}

/** An address that a person can open: a server on all addresses is reachable on loopback. */
function shownHost(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
}
