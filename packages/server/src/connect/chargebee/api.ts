// How Chargebee is asked: its address and key, bounded and repeated as any provider.

import { PROVIDER_PAGES_MAX } from '@tollgate/core'
import { ProviderError, type Account } from '../../app/providers/connector.ts'
import { askProvider } from '../ask.ts'
import { list, record, text, type Json } from '../json.ts'

/** Null for 404. */
export function ask(account: Account, path: string): Promise<Json | null> {
  return askProvider('Chargebee', `${addressOf(account)}${path}`, headersOf(account))
}

const PAGE_SIZE = 100

/** Every entry of a list, page by page; `what` names them where there are too many. */
export async function* entries(account: Account, of: { readonly path: string; readonly filter: Readonly<Record<string, string>>; readonly what: string }): AsyncGenerator<Json> {
  let offset: string | null = null
  for (let page = 0; page < PROVIDER_PAGES_MAX; page++) {
    const query: URLSearchParams = new URLSearchParams({ limit: String(PAGE_SIZE), ...of.filter, ...(offset === null ? {} : { offset }) })
    const answer = await ask(account, `${of.path}?${query}`)
    for (const entry of list(answer?.['list'])) yield record(entry)
    offset = text(answer?.['next_offset'])
    if (offset === null) return
  }
  throw new ProviderError(`Chargebee has more than ${PROVIDER_PAGES_MAX * PAGE_SIZE} ${of.what}: take a shorter span`, false)
}

/** @throws {ProviderError} where it is not set: tried again when that is mended. */
export function addressOf({ apiKey, settings }: Account): string {
  if (apiKey === null || settings.apiUrl === undefined) throw new ProviderError('no API key and address of Chargebee are set: PUT /v1/providers/chargebee with api_key and api_url, such as https://acme.chargebee.com/api/v2', true)
  return settings.apiUrl
}

export function headersOf({ apiKey }: Account): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${apiKey ?? ''}:`).toString('base64')}` }
}
