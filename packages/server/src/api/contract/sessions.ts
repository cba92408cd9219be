// Routes on the sessions of people: the operator's in the console (a cookie that no script reads) and a tenant's in the portal (a
// short-lived token). Everything else that the pages do goes through the same routes as everybody's.

import * as z from 'zod'
import { choice, cursor, customerParam, id, limit, listOf, locale, nothing, text, time } from './fields.ts'
import { route } from './route.ts'

const ORIGINS_MAX = 10
export const PORTAL_LIFETIME_SECONDS = { default: 3_600, max: 7 * 86_400 } as const

const role = choice(['viewer', 'support', 'finance', 'admin'], 'What the person may do.')
const consoleSession = z
  .strictObject({
    kind: z.literal('console'),
    role,
    key: id('key', 'The key that it stands on; null for a person whom the issuer named.').nullable(),
    subject: z.string().nullable().meta({ description: 'What the issuer calls the person; null for a key.', examples: ['248289761001'] }),
    name: z.string().meta({ description: 'Name of the key or person.', examples: ['Ada, finance'] }),
    csrf_token: z.string().meta({ description: 'Send it as `x-csrf-token` with every write that the cookie authorizes.' }),
    expires_at: time('When the person must sign in again.'),
  })
  .meta({ id: 'ConsoleSession' })

const portalFields = {
  id: id('pts', 'Id of the session; no secret.'),
  customer: id('cus', 'The one customer that it shows.'),
  admin: z.boolean().meta({ description: 'Whether it may set the customer’s own caps; else it only reads.' }),
  plan_changes: z.boolean().meta({ description: 'Whether it may change the plan and the seats, among the public plans.' }),
  allowed_origins: z.array(z.string()).meta({ description: 'Origins that may show it in a frame.', examples: [['https://app.example.com']] }),
  theme: choice(['auto', 'light', 'dark'], 'Colours of the page.'),
  return_url: z.string().nullable().meta({ description: 'Where its link back leads.' }),
  locale: locale.nullable().meta({ description: 'Language, numbers and dates of the page: the session’s own, else the customer’s; null for those of the browser.' }),
  time_zone: z.string().meta({ description: 'Zone of the customer, in which its days begin.', examples: ['Europe/Berlin'] }),
  created_at: time('When it was made.'),
  expires_at: time('When its token ends.'),
  revoked_at: time('When it was ended before; null while it works.').nullable(),
}
const portalSession = z.strictObject(portalFields).meta({ id: 'PortalSession', description: 'What lets a tenant’s people see their customer, and nothing else.' })

export const signInRoute = route({
  method: 'POST',
  path: '/v1/session',
  tag: 'sessions',
  summary: 'Sign in to the console',
  description: 'Takes a key of the operator with a role and sets a cookie that no script can read. Ten failures a minute from one address, then it waits.',
  access: 'public',
  params: nothing,
  query: nothing,
  body: z.strictObject({ key: z.string().min(1).max(200).meta({ description: 'The key.', writeOnly: true }) }),
  status: 201,
  answer: consoleSession,
  problems: ['invalid_api_key', 'too_many_sign_ins', 'invalid_json', 'required'],
})

export const signOutRoute = route({
  method: 'DELETE',
  path: '/v1/session',
  tag: 'sessions',
  summary: 'Sign out of the console',
  description: 'Ends the session of the cookie. Without one it does nothing.',
  access: 'public',
  params: nothing,
  query: nothing,
  body: null,
  status: 200,
  answer: z.strictObject({ signed_out: z.literal(true) }),
  problems: [],
})

export const sessionRoutes = {
  getSession: route({
    method: 'GET',
    path: '/v1/session',
    tag: 'sessions',
    summary: 'Get the session in use',
    description: 'Of a person: the console’s, by its cookie, or the portal’s, by its token.',
    access: ['customer'],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: z.union([consoleSession, z.strictObject({ kind: z.literal('portal'), ...portalFields })]),
    problems: ['no_session'],
  }),
  createPortalSession: route({
    method: 'POST',
    path: '/v1/customers/{customer}/portal-sessions',
    tag: 'sessions',
    summary: 'Open the portal for a customer',
    description:
      'Answers a link that shows this customer’s portal until it expires: send a person there, or put it into a frame of an allowed origin. Ask for it from your backend, for a person that you have authenticated; whoever has the link sees the customer.',
    access: [],
    params: customerParam,
    query: nothing,
    body: z.strictObject({
      admin: z.boolean().default(false).meta({ description: 'May set the customer’s own caps.' }),
      plan_changes: z.boolean().default(false).meta({ description: 'May change the plan and the seats, among the public plans: more at once, less at the end of the period. Needs `admin`.' }),
      lifetime_seconds: z
        .int()
        .min(60)
        .max(PORTAL_LIFETIME_SECONDS.max)
        .default(PORTAL_LIFETIME_SECONDS.default)
        .meta({ description: 'How long it lasts.' }),
      allowed_origins: z
        .array(text('An origin.', 'https://app.example.com'))
        .max(ORIGINS_MAX)
        .default([])
        .meta({ description: 'Origins that may show it in a frame; none unless stated.' }),
      theme: choice(['auto', 'light', 'dark'], 'Colours of the page.').default('auto'),
      return_url: z
        .url({ protocol: /^https?$/ })
        .max(500)
        .nullable()
        .default(null)
        .meta({ description: 'Where a link back leads.', examples: ['https://app.example.com/settings'] }),
      locale: locale.nullable().default(null).meta({ description: 'Language, numbers and dates of the page; the customer’s unless stated.' }),
    }),
    status: 201,
    answer: z.strictObject({
      ...portalFields,
      token: z.string().meta({ description: 'Send it as Authorization: Bearer. Shown once.' }),
      url: z.string().meta({ description: 'The page. Its token is after the #, which no server and no log sees.' }),
    }),
    problems: ['not_found', 'invalid_value', 'invalid_locale'],
  }),
  listPortalSessions: route({
    method: 'GET',
    path: '/v1/customers/{customer}/portal-sessions',
    tag: 'sessions',
    summary: 'List portal sessions',
    description: 'Newest first, ended ones too, for a week.',
    access: [],
    params: customerParam,
    query: z.strictObject({ limit, cursor }),
    body: null,
    status: 200,
    answer: listOf(portalSession),
    problems: ['not_found', 'invalid_cursor'],
  }),
  endPortalSession: route({
    method: 'DELETE',
    path: '/v1/customers/{customer}/portal-sessions/{session}',
    tag: 'sessions',
    summary: 'End a portal session',
    description: 'Its token is refused when this answers.',
    access: [],
    params: customerParam.extend({ session: id('pts', 'Id of the session.') }),
    query: nothing,
    body: null,
    status: 200,
    answer: portalSession,
    problems: ['not_found'],
  }),
} as const
