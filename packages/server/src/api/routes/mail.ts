// Mail: people who are told, links of mails, and the server. The links stand apart from the other routes because nobody has a key there.

import type { FastifyInstance } from 'fastify'
import { addRecipient, askAgain, changeRecipient, followLink, recipients, removeRecipient } from '../../app/mail/recipients.ts'
import { mailServerView, removeMailServer, setMailServer, testMail } from '../../app/mail/server.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import { mailLinkRoutes, type mailRoutes } from '../contract/mail.ts'
import type { Handlers } from '../handler.ts'
import { readInput } from '../read-input.ts'

export const mailHandlers: Handlers<keyof typeof mailRoutes> = {
  listAlertRecipients: async ({ plane, params }) => {
    const { rows, sendsMail } = await recipients(plane, params.customer)
    return { data: rows.map(recipientBody), next_cursor: null, sends_mail: sendsMail }
  },
  createAlertRecipient: async ({ plane, caller, params, body, idText }) => recipientBody(await addRecipient(plane, caller.actor, params.customer, { ...body, id: `alr_${idText()}` })),
  changeAlertRecipient: async ({ plane, caller, params, body }) => recipientBody(await changeRecipient(plane, caller.actor, params.customer, params.recipient, body)),
  askAlertRecipient: async ({ plane, caller, params }) => recipientBody(await askAgain(plane, caller.actor, params.customer, params.recipient)),
  deleteAlertRecipient: async ({ plane, caller, params }) => {
    await removeRecipient(plane, caller.actor, params.customer, params.recipient)
    return { id: params.recipient, deleted: true }
  },
  getMailServer: async ({ plane }) => {
    const { server: { updatedAt, ...server }, hasPassword, health: { lastError, ...counts } } = await mailServerView(plane)
    return { ...server, has_password: hasPassword, updated_at: timeOf(updatedAt), ...counts, last_error: lastError }
  },
  putMailServer: async ({ plane, caller, body }) => {
    await setMailServer(plane, caller.actor, body)
    return { saved: true }
  },
  deleteMailServer: async ({ plane, caller }) => {
    await removeMailServer(plane, caller.actor)
    return { deleted: true }
  },
  testMailServer: async ({ plane, body }) => {
    const handed = await testMail(plane, body.to)
    return { taken: handed.kind === 'taken', reason: handed.kind === 'taken' ? null : handed.reason }
  },
}

export function registerMailLinks(app: FastifyInstance, plane: ControlPlane): void {
  for (const [operation, act] of [['confirmAlerts', 'confirm'], ['leaveAlerts', 'leave']] as const) {
    const { method, path, body } = mailLinkRoutes[operation]
    app.route({
      method, url: path, config: { operation },
      handler: async (request) => {
        const { email, customerName } = await followLink(plane, act, readInput(body, request.body ?? {}, 'body').token)
        return { email, customer_name: customerName }
      },
    })
  }
  // What a mail program sends when its own button is pressed: a form, of which the address says all (RFC 8058).
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: ONE_CLICK_BYTES_MAX }, (_request, body, done) => done(null, body))
    scope.post('/v1/alert-recipients/one-click', async (request) => {
      const { token } = request.query as { readonly token?: unknown }
      await followLink(plane, 'leave', typeof token === 'string' ? token : '')
      return { left: true }
    })
  })
}

const ONE_CLICK_BYTES_MAX = 4_096

type Recipient = Awaited<ReturnType<typeof addRecipient>>

function recipientBody({ customer: _, askedAt, confirmedAt, createdAt, shares, budgets, ...rest }: Recipient) {
  return { ...rest, shares: [...shares], budgets: budgets === null ? null : [...budgets], asked_at: timeOf(askedAt), confirmed_at: timeOrNull(confirmedAt), created_at: timeOf(createdAt) }
}
