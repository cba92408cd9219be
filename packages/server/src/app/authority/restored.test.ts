// A database that was restored from a backup, under a node that lives on.

import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Authority, NodeIdentity, NodeReport } from '@tollgate/core'
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

test('a node that was lent what the database does not know is fenced before its licence is renewed, also when it has settled nothing since', async () => {
  const customer = await world.customer({ plan: 'prepaid', credit: '1.00' })
  let [identity, report]: [NodeIdentity | null, NodeReport | null] = [null, null]
  const watched = (authority: Authority): Authority => ({
    ...authority,
    renew: (node, told) => {
      ;[identity, report] = [node, told ?? null]
      return authority.renew(node, told)
    },
  })
  const node = await world.node({ name: 'lent-since', authority: watched })
  const admitted = await node.authorize({
    reservation: null, customer, key: null, entity: null, feature: 'chat', model: 'sandbox-small', run: null, type: 'ai.request',
    bound: { quantities: { input_tokens: '4000' }, dimensions: { model: 'sandbox-small' } }, ttlMs: 60_000, repeatable: true,
  })
  expect(admitted.kind).toBe('allowed')
  // The feed says hello at the start, and each time it is connected anew.
  await expect.poll(() => identity).not.toBeNull()
  const { authority } = world.plane
  const told = { ...report!, answered: 1 }
  expect(await authority.renew(identity!, told)).toMatchObject({ validMs: expect.any(Number) })
  await world.database.sql`delete from lease where node_id = 'lent-since'`
  await world.database.sql`delete from lease_answer where node_id = 'lent-since'`
  await expect(authority.renew(identity!, told)).rejects.toMatchObject({ code: 'node_fenced', message: expect.stringContaining('restored from an older one') })
})
