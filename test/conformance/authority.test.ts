import { afterAll, beforeAll, describe } from 'vitest'
import Fastify, { type FastifyInstance } from 'fastify'
import { registerInternal } from '../../packages/server/src/api/internal.ts'
import { createControlClient, type ControlClient } from '../../packages/server/src/platform/control-client.ts'
import { testPlane, type TestPlane } from '../plane.ts'
import { authorityContract } from './authority.contract.ts'

let world: TestPlane
let app: FastifyInstance
let client: ControlClient
beforeAll(async () => {
  world = await testPlane()
  app = Fastify()
  registerInternal(app, world.plane, 'node-token')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  client = createControlClient({ url, token: 'node-token' })
})
afterAll(async () => {
  await client.close()
  await app.close()
  await world.close()
})

describe('the authority on PostgreSQL', () => authorityContract('postgres', { world: () => world, authority: () => world.plane.authority }))
describe('the authority over HTTP', () => authorityContract('http', { world: () => world, authority: () => client.authority }))
