// Chargebee behind our port: basic auth and an address list on webhooks, its HTTP API for reading subscriptions.

import { InputError, instant, PROVIDER_PAGE_SIZE, PROVIDER_PAGES_MAX, type Catalog, type Instant } from '@tollgate/core'
import { isEqualSecret } from '../../platform/secrets.ts'
import { ProviderError, type Account, type Connector, type Shown } from '../../app/providers/connector.ts'
import { askProvider } from '../ask.ts'
import { list, numberOf, record, text, type Json } from '../json.ts'
import { linksOf, ownerOf, readChargebee, subscriptionDraft } from './read.ts'

export const chargebeeConnector: Connector = {
  provider: 'chargebee',
  verify: ({ webhookSecrets, settings }, { headers, address }) => {
    const addresses = settings.addresses ?? []
    if (addresses.length > 0 && !addresses.includes(address)) return `the address ${address} is not one that Chargebee's webhooks may come from`
    const given = typeof headers['authorization'] === 'string' ? headers['authorization'] : ''
    const fits = webhookSecrets.some((secret) => isEqualSecret(given, `Basic ${Buffer.from(`${settings.webhookUser ?? 'tollgate'}:${secret}`).toString('base64')}`))
    return fits ? null : 'user or password of the basic auth do not fit'
  },
  envelope: (body) => {
    const event = parsed(body)
    const [id, kind, occurredAt] = [text(event['id']), text(event['event_type']), numberOf(event['occurred_at'])]
    if (id === null || kind === null || occurredAt === null) throw new InputError({ code: 'invalid_event', field: 'id', message: 'a Chargebee event has id, event_type and occurred_at' })
    return { id, kind, at: instant(occurredAt * 1_000) }
  },
  read: readChargebee,
  fetch: async (account, id, context) => {
    const answer = await ask(account, `/subscriptions/${encodeURIComponent(id.replace(/^chargebee:/, ''))}`)
    return answer === null ? null : shown(answer, context)
  },
  list: async function* (account, context) {
    let offset: string | null = null
    for (let page = 0; page < PROVIDER_PAGES_MAX; page++) {
      const answer: Json | null = await ask(account, `/subscriptions?limit=${PROVIDER_PAGE_SIZE}${offset === null ? '' : `&offset=${encodeURIComponent(offset)}`}`)
      for (const entry of list(answer?.['list'])) yield shown(record(entry), context)
      offset = text(answer?.['next_offset'])
      if (offset === null) return
    }
    throw new ProviderError(`Chargebee has more than ${PROVIDER_PAGES_MAX * PROVIDER_PAGE_SIZE} subscriptions`, false)
  },
}

function shown(entry: Json, context: { readonly catalog: Catalog; readonly now: Instant }): Shown {
  const subscription = record(entry['subscription'])
  const id = `chargebee:${text(subscription['id']) ?? ''}`
  const draft = subscriptionDraft(subscription, { catalog: context.catalog, occurredAt: context.now, stage: 'changed', fetched: true })
  return 'draft' in draft ? { id, owner: ownerOf(record(entry['customer']), entry), links: linksOf(entry), draft: draft.draft } : { id, stopped: draft.reason }
}

/** Null for 404. */
function ask({ apiKey, settings }: Account, path: string): Promise<Json | null> {
  if (apiKey === null || settings.apiUrl === undefined) throw new ProviderError('no API key and address of Chargebee are set: PUT /v1/providers/chargebee with api_key and api_url, such as https://acme.chargebee.com/api/v2', false)
  return askProvider('Chargebee', `${settings.apiUrl}${path}`, { authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}` })
}

function parsed(body: string): Json {
  try {
    const value = record(JSON.parse(body))
    return Object.keys(record(value['event'])).length > 0 ? record(value['event']) : value
  } catch {
    throw new InputError({ code: 'invalid_json', field: null, message: 'the body is not valid JSON' })
  }
}
