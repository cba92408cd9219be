// A database that was restored from a backup, under a node that lives on.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { NodeIdentity } from '@tollgate/core'
import { testPlane, type TestPlane } from '../../../../../test/plane.ts'
import { encodeGroup, encodeLine } from '../../hot/journal-line.ts'

let world: TestPlane
beforeAll(async () => { world = await testPlane() })
afterAll(() => world.close())

const lines = encodeGroup([encodeLine('started', { incarnation: 1, boot: 'first' })])
const ship = (identity: NodeIdentity, from: { segment: number; offset: number }, offset: number) => world.plane.authority.ship(identity, { from, to: { segment: from.segment, offset }, lines })

test('a node that was told of more than the database knows is fenced, and its next start ships from where the database stands', async () => {
  const { authority } = world.plane
  const node = await authority.register('restored')
  await ship(node, { segment: 1, offset: 0 }, 100)
  await ship(node, { segment: 1, offset: 100 }, 200)
  // A new segment, and a call that comes again, are no sign of anything.
  await ship(node, { segment: 2, offset: 0 }, 50)
  await ship(node, { segment: 2, offset: 0 }, 50)
  await ship(node, { segment: 1, offset: 100 }, 200)
  await world.database.sql`update node set journal_segment = 1, journal_offset = 100 where id = 'restored'`
  await expect(ship(node, { segment: 2, offset: 50 }, 90)).rejects.toMatchObject({ code: 'node_fenced', message: expect.stringContaining('restored from an older one') })
  expect(await authority.register('restored')).toMatchObject({ incarnation: 2, settled: { segment: 1, offset: 100 } })
})
