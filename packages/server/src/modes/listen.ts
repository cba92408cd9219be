// Listening, with the message that a person needs when the port is taken.

import type { FastifyInstance } from 'fastify'
import { createServer, type Server } from 'node:http'
import { StartError } from '../platform/start-error.ts'

export type Address = { readonly host: string; readonly port: number; readonly setting: string; readonly flag: string }

/**
 * Listens and returns the port: the one asked for, or the one that the system picked for 0. With `isShared` other processes may
 * listen on the same port in the same way, and the system spreads connections over them.
 */
export async function listen(server: FastifyInstance | Server, address: Address, isShared = false): Promise<number> {
  const { host, port } = address
  try {
    if ('inject' in server) await server.listen({ host, port })
    else await new Promise<void>((resolve, reject) => server.once('error', reject).listen({ port, host, reusePort: isShared }, resolve))
  } catch (error) {
    throw explained(error, address)
  }
  const bound = ('inject' in server ? server.server : server).address()
  return typeof bound === 'object' && bound !== null ? bound.port : port
}

function explained(error: unknown, address: Address): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'EADDRINUSE') {
    return new StartError({ code: 'port_in_use', message: `Port ${address.port} on ${address.host} is taken by another program. Choose another with ${address.flag} or ${address.setting}, for example: ${address.setting}=${address.port + 100} npm start`, cause: error })
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    return new StartError({ code: 'cannot_listen', message: `Tollgate may not listen on ${address.host}:${address.port} (${code}). Choose another port with ${address.flag} or ${address.setting}, or another address with --host or TOLLGATE_HOST.`, cause: error })
  }
  if (code === 'ENOTSUP') {
    return new StartError({ code: 'cannot_share_port', message: 'This system does not spread the connections of one port over several processes. Start with --gateways 1, or start gateways of their own on ports of their own.', cause: error })
  }
  return error
}

/** @throws {StartError} `port_in_use` when another program listens there: a port that is shared would be shared with it, too. */
export async function mustBeFree(address: Address): Promise<void> {
  const probe = createServer()
  await listen(probe, address)
  await new Promise((resolve) => probe.close(resolve))
}
