// The demo catalog, published as a start of the program would.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { parseCatalog } from '../packages/server/src/app/catalog/parse-yaml.ts'
import type { ControlPlane } from '../packages/server/src/app/control-plane.ts'
import { publishCatalog } from '../packages/server/src/app/publish-catalog.ts'

export const DEMO_SOURCE = readFileSync(join(import.meta.dirname, '..', 'examples', 'catalogs', 'demo.yaml'), 'utf8')

export async function publishDemo(plane: ControlPlane): Promise<void> {
  const parsed = parseCatalog(DEMO_SOURCE)
  if (parsed.kind === 'invalid') throw new Error('the demo catalog is not valid')
  await publishCatalog(plane, SYSTEM, { document: parsed.document, source: DEMO_SOURCE, baseVersion: null })
}
