// The demo: a catalog, a customer with a small prepaid wallet, a key for the gateway and one for the operator. Loaded once;
// later starts find it and only refresh the addresses. The keys stand in demo.json (mode 0600), which scripts read.

import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCatalog } from '../app/catalog/parse-yaml.ts'
import { SYSTEM } from '../app/actor.ts'
import type { ControlPlane } from '../app/control-plane.ts'
import { topUp } from '../app/credits.ts'
import { createCustomer } from '../app/customers.ts'
import { createKey } from '../app/keys.ts'
import { publishCatalog } from '../app/publish-catalog.ts'
import { hashKey } from '../platform/secrets.ts'
import { StartError } from '../platform/start-error.ts'
import type { CustomerId } from '@tollgate/core'

export type Demo = {
  readonly url: string
  readonly gateway_url: string
  readonly key: string
  readonly admin_key: string
  readonly customer: string
  readonly model: string
}

export const DEMO_CATALOG = join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'catalogs', 'demo.yaml')
const DEMO_CUSTOMER = 'cus_demo' as CustomerId
/** Enough for some dozens of small requests, little enough to see the refusal in a minute. */
const DEMO_CREDIT = '0.05'

export async function loadDemo(plane: ControlPlane, options: { readonly dataDir: string; readonly url: string; readonly gatewayUrl: string; readonly hasProvider: boolean }): Promise<Demo & { readonly isNew: boolean }> {
  const path = join(options.dataDir, 'demo.json')
  const known = readDemo(path)
  const isNew = plane.catalogs.current().version === 0
  if (isNew) await seed(plane)
  const demo: Demo = {
    url: options.url,
    gateway_url: options.gatewayUrl,
    key: (await keptKey(plane, known?.key)) ?? (await mint(plane, 'gateway')),
    admin_key: (await keptKey(plane, known?.admin_key)) ?? (await mint(plane, 'admin')),
    customer: DEMO_CUSTOMER,
    model: options.hasProvider ? 'gpt-5-mini' : 'sandbox-small',
  }
  writePrivate(path, `${JSON.stringify(demo, null, 2)}\n`)
  return { ...demo, isNew }
}

async function seed(plane: ControlPlane): Promise<void> {
  const source = readFileSync(DEMO_CATALOG, 'utf8')
  const parsed = parseCatalog(source)
  if (parsed.kind === 'invalid') throw new StartError({ code: 'demo_catalog_invalid', message: `The demo catalog ${DEMO_CATALOG} is not valid. See: npm run tollgate -- catalog validate ${DEMO_CATALOG}` })
  await publishCatalog(plane, SYSTEM, { document: parsed.document, source, baseVersion: null })
  await createCustomer(plane, SYSTEM, { id: DEMO_CUSTOMER, name: 'Demo Company', externalId: null, plan: 'prepaid', timeZone: 'UTC', metadata: {}, startsAt: null })
  await topUp(plane, SYSTEM, DEMO_CUSTOMER, { amount: DEMO_CREDIT, category: 'paid', priority: 100, expiresAt: null, reference: 'demo' })
}

async function mint(plane: ControlPlane, scope: 'gateway' | 'admin'): Promise<string> {
  const { raw } = await createKey(plane, SYSTEM, {
    name: `demo ${scope}`, scopes: scope === 'gateway' ? ['gateway', 'ingest', 'customer'] : ['admin'], customer: scope === 'gateway' ? DEMO_CUSTOMER : null,
    entity: null, feature: null, models: null, showsCost: false, expiresAt: null,
  })
  return raw
}

/** The key of an earlier start, if this database still knows it. */
async function keptKey(plane: ControlPlane, raw: string | undefined): Promise<string | null> {
  return raw !== undefined && (await plane.directory.keys([hashKey(raw)]))[0] !== null ? raw : null
}

function readDemo(path: string): Partial<Demo> | null {
  if (!existsSync(path)) return null
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<Demo>
  } catch {
    return null
  }
}

/** Whole or not at all, and never readable by others, not even for a moment. */
function writePrivate(path: string, text: string): void {
  const next = `${path}.next`
  writeFileSync(next, text, { mode: 0o600 })
  chmodSync(next, 0o600)
  renameSync(next, path)
}
