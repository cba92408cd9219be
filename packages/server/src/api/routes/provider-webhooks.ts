// POST /v1/providers/{provider}/webhook: what billing providers send. The body is taken as bytes, whatever it says it is, because signatures
// are over bytes; the answer is given when it is stored.

import { PROVIDER_MESSAGE_BYTES_MAX } from '@tollgate/core'
import type { FastifyInstance } from 'fastify'
import type { ControlPlane } from '../../app/control-plane.ts'
import { receiveMessage } from '../../app/providers/receive.ts'
import { ApiError } from '../problems.ts'

export function registerProviderWebhooks(app: FastifyInstance, plane: ControlPlane): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: PROVIDER_MESSAGE_BYTES_MAX }, (_request, body, done) => done(null, body))
    scope.route({
      method: 'POST',
      url: '/v1/providers/:provider/webhook',
      handler: async (request, reply) => {
        const { provider } = request.params as { readonly provider: string }
        const outcome = await receiveMessage(plane, provider, { body: typeof request.body === 'string' ? request.body : '', headers: request.headers, address: request.ip })
        if (outcome.kind === 'refused') throw new ApiError('invalid_signature', outcome.reason)
        return reply.code(200).send({ received: true, known: outcome.kind === 'known' })
      },
    })
  })
}
