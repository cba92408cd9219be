// Recurly behind our port: its signature on JSON webhooks, basic auth on XML ones, its HTTP API for reading subscriptions.

import { createHash, createHmac } from 'node:crypto'
import { InputError, instant, PROVIDER_PAGE_SIZE, PROVIDER_PAGES_MAX, type Catalog, type Instant } from '@tollgate/core'
import { isEqualSecret } from '../../platform/secrets.ts'
import { ProviderError, type Account, type Connector, type Headers, type Shown } from '../../app/providers/connector.ts'
import { askProvider } from '../ask.ts'
import { list, record, text, type Json } from '../json.ts'
import { linksOf, ownerOf, parseNotification, readRecurly, subscriptionDraft } from './read.ts'

const TOLERANCE_MS = 300_000
const API_URL = 'https://v3.recurly.com'
export const API_VERSION = 'application/vnd.recurly.v2021-02-25'

export const recurlyConnector: Connector = {
  provider: 'recurly',
  verify: ({ webhookSecrets, settings }, { body, headers, now }) => {
    const header = headers['recurly-signature']
    if (typeof header === 'string') return verifySignature(webhookSecrets, { body, header, now })
    const given = typeof headers['authorization'] === 'string' ? headers['authorization'] : ''
    const isXml = body.trimStart().startsWith('<')
    const fits = isXml && webhookSecrets.some((secret) => isEqualSecret(given, `Basic ${Buffer.from(`${settings.webhookUser ?? 'tollgate'}:${secret}`).toString('base64')}`))
    return fits ? null : 'neither the header recurly-signature (JSON) nor a fitting basic auth (XML) came with it'
  },
  envelope: (body, headers) => {
    const { kind, content, isXml } = parsed(body)
    if (kind === '' || kind === '.') throw new InputError({ code: 'invalid_event', field: 'event_type', message: 'a Recurly notification names its kind' })
    const at = isXml ? null : Date.parse(text(content['event_time']) ?? '')
    return { id: idOf(headers, body), kind, at: instant(at === null || Number.isNaN(at) ? 0 : at) }
  },
  read: readRecurly,
  fetch: async (account, id, context) => {
    const answer = await ask(account, `/subscriptions/uuid-${encodeURIComponent(id.replace(/^recurly:/, ''))}`)
    return answer === null ? null : shown(answer, context)
  },
  list: async function* (account, context) {
    let path: string | null = `/subscriptions?limit=${PROVIDER_PAGE_SIZE}`
    for (let page = 0; page < PROVIDER_PAGES_MAX && path !== null; page++) {
      const answer: Json | null = await ask(account, path)
      for (const entry of list(answer?.['data'])) yield shown(record(entry), context)
      path = answer?.['has_more'] === true ? text(answer['next']) : null
    }
    if (path !== null) throw new ProviderError(`Recurly has more than ${PROVIDER_PAGES_MAX * PROVIDER_PAGE_SIZE} subscriptions`, false)
  },
}

/** `<ms>,<hex>[,<hex>]`: any of the signatures under any of our secrets, not older and not newer than five minutes. */
function verifySignature(secrets: readonly string[], { body, header, now }: { readonly body: string; readonly header: string; readonly now: Instant }): string | null {
  const [timestamp = '', ...signatures] = header.split(',').map((part) => part.trim())
  if (!/^\d{1,15}$/.test(timestamp) || Math.abs(now - Number(timestamp)) > TOLERANCE_MS) return 'the time of the signature is more than five minutes from ours'
  const expected = secrets.map((secret) => createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex'))
  return expected.some((own) => signatures.some((given) => isEqualSecret(own, given))) ? null : 'the signature does not fit the body and the secret'
}

/** JSON notifications have an id in a header; one of XML is known by its content. */
function idOf(headers: Headers, body: string): string {
  const given = headers['recurly-notification-id']
  return typeof given === 'string' && given !== '' ? given : `sha256:${createHash('sha256').update(body).digest('hex')}`
}

function shown(subscription: Json, context: { readonly catalog: Catalog; readonly now: Instant }): Shown {
  const id = `recurly:${text(subscription['uuid']) ?? text(subscription['id']) ?? ''}`
  const account = text(record(subscription['account'])['code'])
  const links = linksOf({ customer: account, subscription: id })
  const draft = subscriptionDraft(subscription, { catalog: context.catalog, at: context.now, fetched: true, stage: 'changed' })
  return 'draft' in draft ? { id, owner: ownerOf(account, links), links, draft: draft.draft } : { id, stopped: draft.reason }
}

function ask({ apiKey, settings }: Account, path: string): Promise<Json | null> {
  if (apiKey === null) throw new ProviderError('no API key of Recurly is set: PUT /v1/providers/recurly with api_key', false)
  return askProvider('Recurly', `${addressOf({ settings })}${path}`, { authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`, accept: API_VERSION })
}

export function addressOf({ settings }: Pick<Account, 'settings'>): string {
  return settings.apiUrl ?? API_URL
}

function parsed(body: string): ReturnType<typeof parseNotification> {
  try {
    return parseNotification(body)
  } catch {
    throw new InputError({ code: 'invalid_json', field: null, message: 'the body is neither valid JSON nor XML' })
  }
}
