// The entry behind a cost, on a real database: of the card that the event's catalog version is used with, whatever was imported since.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { testPlane, type TestPlane } from '../../../../../test/plane.ts'
import { SYSTEM } from '../actor.ts'
import { applyImport } from './import-rates.ts'
import { rateBehind } from './rate-behind.ts'

let world: TestPlane
/** Before the import, after it, and after another one. */
const versions: number[] = []
beforeAll(async () => {
  world = await testPlane()
  const version = () => versions.push(world.plane.catalogs.current().version)
  version()
  for (const [from, input] of [['2026-11-20', 1], ['2026-11-22', 2]] as const) {
    const content = `source: finance\nrates:\n  - { provider: lab, model: lab-1, from: ${from}, per_million: { input: ${input}, output: 8 }, context_window: 1000, output_max: 100 }\n`
    await applyImport(world.plane, SYSTEM, { lists: [{ name: 'finance.yaml', content }], providers: 'all', prefer: null, from, confirmAbove: '10', isConfirmed: true, baseVersion: null })
    version()
  }
})
afterAll(() => world.close())

const behind = (dimensions: Readonly<Record<string, string>>, more: { readonly source?: string; readonly cost?: null; readonly version?: number; readonly day?: string } = {}) =>
  rateBehind(world.plane, { source: more.source ?? 'tollgate:gateway', cost: more.cost === null ? null : { amount: '1', currency: 'USD' }, dimensions, catalogVersion: more.version ?? versions[1]!, time: Date.parse(`${more.day ?? '2026-11-24'}T12:00:00Z`) as never })

test('the catalog’s own entry, an imported and a shipped one are told apart, the imported one with its version', async () => {
  expect(await behind({ model: 'gpt-5-mini' })).toMatchObject({ entry: expect.stringMatching(/^openai\/gpt-5-mini@/), layer: 'catalog' })
  expect(await behind({ model: 'lab-1' })).toEqual({ entry: 'lab/lab-1@2026-11-20', layer: 'imported', importedVersion: 1 })
  expect(await behind({ model: 'claude-sonnet-4-5' })).toMatchObject({ entry: expect.stringMatching(/^anthropic\/claude-sonnet-4-5@/), layer: 'shipped' })
})

test('the model that answered speaks before the one that was asked for, a dated name by its family', async () => {
  expect(await behind({ model: 'gpt-5-mini', model_returned: 'lab-1-2026-11-01' })).toMatchObject({ entry: 'lab/lab-1@2026-11-20' })
  expect(await behind({ model: 'lab-1', model_returned: 'nobody-knows' })).toMatchObject({ entry: 'lab/lab-1@2026-11-20' })
})

test('a later import changes nothing of what was priced before it', async () => {
  expect(await behind({ model: 'lab-1' }, { version: versions[0]! })).toBeNull()
  expect(await behind({ model: 'lab-1' }, { day: '2026-11-25' })).toMatchObject({ entry: 'lab/lab-1@2026-11-20', importedVersion: 1 })
  expect(await behind({ model: 'lab-1' }, { version: versions[2]! })).toMatchObject({ entry: 'lab/lab-1@2026-11-22', importedVersion: 2 })
})

test('no entry stands behind an unknown cost, one that came with the event, or a stored answer', async () => {
  expect(await Promise.all([behind({ model: 'lab-1' }, { cost: null }), behind({ model: 'lab-1' }, { source: 'app' }), behind({ model: 'lab-1', cache_status: 'hit' }), behind({})])).toEqual([null, null, null, null])
})
