// The API for tests: the real one on a real control plane, every answer held against the contract. Most calls go through the
// server without a socket; `listen` gives it one.

import type { FastifyInstance } from 'fastify'
import type { AddressInfo } from 'node:net'
import type { CustomerId, KeyScope } from '@tollgate/core'
import { createApi } from '../packages/server/src/api/server.ts'
import { SYSTEM } from '../packages/server/src/app/actor.ts'
import { createKey } from '../packages/server/src/app/keys.ts'
import { testPlane, type TestPlane } from './plane.ts'

/** JSON of whatever shape: a test says what it expects of it. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Json = any
export type Reply = { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: Json; readonly text: string }
export type CallOptions = { readonly key?: string | null; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>>; readonly raw?: string | Buffer }

export type TestApi = {
  readonly world: TestPlane
  readonly app: FastifyInstance
  readonly admin: string
  /** `POST /v1/…`; with the admin key unless another is named, null for none. */
  readonly call: (target: string, options?: CallOptions) => Promise<Reply>
  readonly key: (scopes: readonly KeyScope[], customer?: CustomerId | null) => Promise<string>
  /** Listens on loopback and tells the address. */
  readonly listen: () => Promise<string>
  readonly close: () => Promise<void>
}

export async function testApi(options: { readonly gatewayUrl?: () => string; readonly world?: TestPlane } & Parameters<typeof testPlane>[0] = {}): Promise<TestApi> {
  const { gatewayUrl = () => '', world = await testPlane(options) } = options
  const app = createApi({ plane: world.plane, gatewayUrl, version: '0.0.0-test', assertAnswers: true })
  const key = async (scopes: readonly KeyScope[], customer: CustomerId | null = null) => {
    const { raw } = await createKey(world.plane, SYSTEM, { name: '', scopes, customer, entity: null, feature: null, models: null, showsCost: false, expiresAt: null })
    return raw
  }
  const admin = await key(['admin'])
  return {
    world, app, admin, key,
    call: async (target, { key: used = admin, body, headers = {}, raw } = {}) => {
      const [method, url] = target.split(' ') as ['GET', string]
      const answer = await app.inject({
        method, url, headers: { ...(used === null ? {} : { authorization: `Bearer ${used}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(raw !== undefined ? { payload: raw } : body !== undefined ? { payload: JSON.stringify(body) } : {}),
      })
      const isJson = /[/+]json\b/.test(String(answer.headers['content-type'] ?? ''))
      return { status: answer.statusCode, headers: answer.headers, body: isJson ? answer.json() : null, text: answer.body }
    },
    listen: async () => {
      await app.listen({ port: 0, host: '127.0.0.1' })
      return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
    },
    close: async () => {
      await app.close()
      await world.close()
    },
  }
}
