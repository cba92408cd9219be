// What a gateway asks and tells beside the authority: keys, prompts, shared answers, rests. Each port says the same over HTTP as in the process of
// the control plane.

import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CACHE_ANSWER_BYTES_MAX, instant, KEYS_PER_LOOKUP_MAX, PROMPT_TEXT_MAX, PROMPTS_PER_CALL_MAX, type CustomerId, type KeptPrompt, type RestReports, type SharedAnswer } from '@tollgate/core'
import { registerInternal } from '../../packages/server/src/api/internal.ts'
import { SYSTEM } from '../../packages/server/src/app/actor.ts'
import { createKey } from '../../packages/server/src/app/keys.ts'
import { createPrompts, readPrompt } from '../../packages/server/src/app/prompts.ts'
import { createControlClient, type ControlClient } from '../../packages/server/src/platform/control-client.ts'
import { hashKey } from '../../packages/server/src/platform/secrets.ts'
import { testPlane, type TestPlane } from '../plane.ts'

let world: TestPlane
let app: FastifyInstance
let client: ControlClient
let customer: CustomerId
beforeAll(async () => {
  world = await testPlane()
  customer = await world.customer({ plan: 'prepaid' })
  app = Fastify()
  registerInternal(app, world.plane, 'node-token')
  client = createControlClient({ url: await app.listen({ host: '127.0.0.1', port: 0 }), token: 'node-token' })
})
afterAll(async () => {
  await client.close()
  await app.close()
  await world.close()
})

type Ports = Pick<ControlClient, 'directory' | 'prompts' | 'sharedAnswers'> & { readonly rests: RestReports }
const PORTS: readonly (readonly [string, () => Ports])[] = [
  ['in the process', () => ({ directory: world.plane.directory, prompts: createPrompts(world.plane), sharedAnswers: world.plane.sharedAnswers, rests: { tell: async (rests) => world.plane.restingUpstreams.told('node', rests) } })],
  ['over HTTP', () => ({ ...client, rests: client.rests('node') })],
]

describe.each(PORTS)('%s', (name, ports) => {
  test('keys are answered in the order of their hashes, as many as one call may have', async () => {
    const { raw, record } = await createKey(world.plane, SYSTEM, { name, scopes: ['gateway'], customer, entity: null, feature: null, models: null, showsCost: false, expiresAt: null })
    const hashes = Array.from({ length: KEYS_PER_LOOKUP_MAX }, (_, index) => (index === 400 ? hashKey(raw) : hashKey(`none ${index}`)))
    const found = await ports().directory.keys(hashes)
    expect([found.length, found.findIndex((one) => one !== null), found[400]]).toEqual([KEYS_PER_LOOKUP_MAX, 400, expect.objectContaining({ id: record.id, customer, scopes: ['gateway'] })])
  })

  test('prompts are kept once, also where a call is made again, up to the largest that one may be; those of nobody are left out', async () => {
    const text = JSON.stringify('ü'.repeat(PROMPT_TEXT_MAX))
    const prompts = Array.from({ length: PROMPTS_PER_CALL_MAX }, (_, index): KeptPrompt => ({
      id: `res_${name.replaceAll(' ', '')}${index}`, customer: index === 0 ? ('cus_nobody' as CustomerId) : customer, time: instant(Date.now()), expiresAt: instant(Date.now() + 60_000), prompt: index < 8 ? text : '{"a":1}', answer: null, redacted: { email: 1 }, isCut: false,
    }))
    for (let time = 0; time < 2; time++) await ports().prompts.keep(prompts)
    expect(await readPrompt(world.plane, SYSTEM, customer, prompts[1]!.id)).toMatchObject({ prompt: 'ü'.repeat(PROMPT_TEXT_MAX), answer: null, redacted: { email: 1 } })
    expect(await world.plane.sql`select 1 from kept_prompt where request_id = ${prompts[0]!.id}`).toHaveLength(0)
  })

  test('a shared answer is found where it was kept and nowhere else, the largest too', async () => {
    const answer: SharedAnswer = { contentType: 'application/json', body: Buffer.alloc(CACHE_ANSWER_BYTES_MAX, 'ü').toString('base64'), usage: { model: 'm', tier: 'standard', buckets: { input: 1 }, problems: [], elsewhere: [] } as unknown as SharedAnswer['usage'], cost: { amount: '0.1', currency: 'USD' }, at: instant(1), expiresAt: instant(Date.now() + 60_000) }
    const { sharedAnswers } = ports()
    await sharedAnswers.keep(customer, { owner: `${customer} ${name}`, place: 'a"b' }, answer)
    expect(await sharedAnswers.find({ owner: `${customer} ${name}`, place: 'a"b' })).toEqual(answer)
    expect([await sharedAnswers.find({ owner: customer, place: 'a"b' }), await sharedAnswers.find({ owner: `${customer} ${name}`, place: 'a' })]).toEqual([null, null])
  })

  test('what rests at a node is told, and not any more when nothing does', async () => {
    const rest = { upstream: name, key: null, why: '503', failures: 5, until: instant(Date.now() + 60_000), isTried: false }
    await ports().rests.tell([rest])
    expect(world.plane.restingUpstreams.list()).toEqual([{ ...rest, node: 'node' }])
    await ports().rests.tell([])
    expect(world.plane.restingUpstreams.list()).toEqual([])
  })
})
