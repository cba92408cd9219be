// Routes on mail: who of a customer's people is told, the links in mails, and the server that takes them.

import { ALERT_SHARES_MAX } from '@tollgate/core'
import * as z from 'zod'
import { choice, customerParam, id, locale, nothing, text, time } from './fields.ts'
import { route } from './route.ts'

const BUDGETS_MAX = 100
const recipientParam = customerParam.extend({ recipient: id('alr', 'Id of the recipient.') })
const email = z.string().min(1).max(300).meta({ description: 'One address of mail.', examples: ['ada@example.com'] })

const terms = {
  shares: z.array(z.int().min(1).max(1_000)).max(ALERT_SHARES_MAX).meta({ description: 'Percent of a limit at which the person is told, once a period. Told is what the rule of the budget names (`thresholds`).', examples: [[80, 100]] }),
  budgets: z.array(z.string().min(1).max(200)).max(BUDGETS_MAX).nullable().meta({ description: 'Ids of the budgets that count; null for all.', examples: [['cap:monthly']] }),
  credits: z.boolean().meta({ description: 'Told of credits that run low or expire, as the notices of the wallet say.' }),
  locale: locale.nullable().meta({ description: 'Language of the mails; null for that of the customer.' }),
}
const inTerms = { shares: terms.shares.default([50, 80, 100]), budgets: terms.budgets.default(null), credits: terms.credits.default(true), locale: terms.locale.default(null) }

const recipient = z
  .strictObject({
    id: id('alr', 'Id of the recipient.'),
    email,
    ...terms,
    state: choice(['waiting', 'confirmed', 'left', 'refused'], '`waiting`: has not confirmed. `left`: wants no more. `refused`: its mail server takes nothing.'),
    reason: z.string().nullable().meta({ description: 'In the words of the server that refused it.' }),
    asked_at: time('When it was asked last.'),
    confirmed_at: time('When it said yes.').nullable(),
    created_at: time('When it was added.'),
  })
  .meta({ id: 'AlertRecipient', description: 'A person who is told of budgets and credits by mail.' })

export const mailRoutes = {
  listAlertRecipients: route({
    method: 'GET', path: '/v1/customers/{customer}/alert-recipients', tag: 'live', summary: 'List who is told by mail', description: 'The people of a customer, in the order in which they were added.', access: ['tenant_admin'],
    params: customerParam, query: nothing, body: null, status: 200,
    answer: z.strictObject({ data: z.array(recipient), next_cursor: z.null().meta({ description: 'There are a few at most.' }), sends_mail: z.boolean().meta({ description: 'Whether a mail server is set: without one nobody is told.' }) }),
    problems: ['not_found'],
  }),
  createAlertRecipient: route({
    method: 'POST', path: '/v1/customers/{customer}/alert-recipients', tag: 'live', summary: 'Tell somebody by mail',
    description: 'The address is asked first, by one mail; nothing else is sent to it until it confirms, and every mail has a link that ends them. Asked at most three times a day, whoever asks. An address that is known gets the new terms.',
    access: ['tenant_admin'], params: customerParam, query: nothing, body: z.strictObject({ email, ...inTerms }), status: 201, answer: recipient,
    problems: ['not_found', 'invalid_email', 'invalid_locale', 'out_of_range', 'mail_not_set', 'too_many_asks'],
  }),
  changeAlertRecipient: route({
    method: 'PUT', path: '/v1/customers/{customer}/alert-recipients/{recipient}', tag: 'live', summary: 'Change what somebody is told of', description: '', access: ['tenant_admin'],
    params: recipientParam, query: nothing, body: z.strictObject(inTerms), status: 200, answer: recipient, problems: ['not_found', 'invalid_locale'],
  }),
  askAlertRecipient: route({
    method: 'POST', path: '/v1/customers/{customer}/alert-recipients/{recipient}/ask', tag: 'live', summary: 'Ask an address again', description: 'The link of the question before ends.', access: ['tenant_admin'],
    params: recipientParam, query: nothing, body: null, status: 200, answer: recipient, problems: ['not_found', 'out_of_range', 'mail_not_set', 'too_many_asks'],
  }),
  deleteAlertRecipient: route({
    method: 'DELETE', path: '/v1/customers/{customer}/alert-recipients/{recipient}', tag: 'live', summary: 'Tell somebody no more', description: '', access: ['tenant_admin'],
    params: recipientParam, query: nothing, body: null, status: 200, answer: z.strictObject({ id: id('alr', 'Id of the recipient.'), deleted: z.literal(true) }), problems: ['not_found'],
  }),
  getMailServer: route({
    method: 'GET', path: '/v1/mail-server', tag: 'system', summary: 'Get the mail server', description: 'With how mail stands. The password is never answered.', access: [], params: nothing, query: nothing, body: null, status: 200,
    answer: z.strictObject({
      host: z.string(), port: z.int(), security: choice(['tls', 'starttls', 'none'], 'How the connection is secured.'), username: z.string().nullable(), has_password: z.boolean(), sender: z.string(), updated_at: time('When it was set.'),
      waiting: z.int().meta({ description: 'Mails that wait to be sent.' }), failed: z.int().meta({ description: 'Mails that were given up in the last week.' }), last_error: z.string().nullable().meta({ description: 'What the server said last, of the last week.' }),
    }),
    problems: ['not_found'],
  }),
  putMailServer: route({
    method: 'PUT', path: '/v1/mail-server', tag: 'system', summary: 'Set the mail server',
    description: 'An SMTP server that takes mail for your sender’s address. The password is sealed; it goes over TLS only, except to a private host with `security` none.', access: [], params: nothing, query: nothing,
    body: z.strictObject({
      host: text('Name or address of the server.', 'smtp.example.com'), port: z.int().min(1).max(65_535).default(587).meta({ description: 'Its port.' }),
      security: choice(['tls', 'starttls', 'none'], '`tls` from the first byte (port 465), `starttls` or nothing is sent (587), or `none`.').default('starttls'),
      username: text('User of the server.', 'billing').nullable().default(null), password: z.string().min(1).max(500).nullable().default(null).meta({ description: 'Its password; null keeps what is set.', writeOnly: true }),
      sender: text('Whom mails come from.', 'Acme Billing <billing@example.com>'),
    }),
    status: 200, answer: z.strictObject({ saved: z.literal(true) }), problems: ['invalid_email', 'invalid_value'],
  }),
  deleteMailServer: route({
    method: 'DELETE', path: '/v1/mail-server', tag: 'system', summary: 'Send no mail any more', description: 'What waits is given up after two days.', access: [], params: nothing, query: nothing, body: null, status: 200,
    answer: z.strictObject({ deleted: z.literal(true) }), problems: ['not_found'],
  }),
  testMailServer: route({
    method: 'POST', path: '/v1/mail-server/test', tag: 'system', summary: 'Send a mail to try the server', description: 'Sent at once; the answer is what the server said.', access: [], params: nothing, query: nothing,
    body: z.strictObject({ to: email }), status: 200, answer: z.strictObject({ taken: z.boolean().meta({ description: 'Whether the server took it.' }), reason: z.string().nullable().meta({ description: 'Why not.' }) }), problems: ['not_found', 'invalid_email'],
  }),
} as const

const link = (summary: string, path: string) =>
  route({
    method: 'POST', path, tag: 'live', summary, description: 'With the word that a mail’s link carries: it lets who has it do this and nothing else. Twice is once.', access: 'public', params: nothing, query: nothing,
    body: z.strictObject({ token: z.string().min(1).max(200).meta({ description: 'Of the link.' }) }), status: 200,
    answer: z.strictObject({ email, customer_name: z.string().meta({ description: 'Whose alerts they are.' }) }), problems: ['link_ended', 'invalid_json', 'required'],
  })

export const mailLinkRoutes = {
  confirmAlerts: link('Confirm an address', '/v1/alert-recipients/confirm'),
  leaveAlerts: link('End the mails to an address', '/v1/alert-recipients/leave'),
} as const
