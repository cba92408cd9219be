// Who calls on the routes of other systems: the same keys and scopes as everywhere, sent as their clients send them.

import type { FastifyRequest } from 'fastify'
import { OPERATOR_ROLES, type KeyScope } from '@tollgate/core'
import { authenticate, type Caller } from '../../app/authenticate.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { ApiError } from '../problems.ts'

/** Who may read: the customer itself, and every role of the operator. */
export const READERS: readonly KeyScope[] = ['customer', ...OPERATOR_ROLES]

/** @throws {ApiError} without a key that has one of `scopes`, or `admin`. */
export async function compatCaller(plane: ControlPlane, request: FastifyRequest, scopes: readonly KeyScope[]): Promise<Caller> {
  const header = request.headers.authorization ?? ''
  const caller = /^bearer /i.test(header) ? await authenticate(plane, header.slice(7).trim()) : null
  if (caller === null) throw new ApiError('invalid_api_key', 'send Authorization: Bearer <key> with a key of Tollgate that is neither revoked nor expired')
  if (!caller.key.scopes.some((scope) => scope === 'admin' || scopes.includes(scope))) throw new ApiError('wrong_scope', `the key ${caller.key.hint} has the scope ${caller.key.scopes.join(', ')}; this needs ${['admin', ...scopes].join(' or ')}`)
  return caller
}
