// How Recurly is asked for what is handed over: its key and version, bounded and repeated as any provider.

import { PROVIDER_PAGES_MAX, type Span } from '@tollgate/core'
import { ProviderError, type Account } from '../../app/providers/connector.ts'
import { askProvider } from '../ask.ts'
import { list, record, text, type Json } from '../json.ts'
import { addressOf, API_VERSION } from './connector.ts'

/** Null for 404. */
export function ask(account: Account, path: string): Promise<Json | null> {
  return askProvider('Recurly', `${addressOf(account)}${path}`, headersOf(account))
}

const PAGE_SIZE = 200

/** Every entry of a list, page by page, in the order of a time and of a span where they are given; `what` names them where there are too many. */
export async function* entries(account: Account, of: { readonly path: string; readonly by: { readonly time: 'created_at' | 'usage_timestamp'; readonly span: Span } | null; readonly what: string }): AsyncGenerator<Json> {
  const time = (at: number): string => new Date(at).toISOString()
  const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(of.by === null ? {} : { sort: of.by.time, order: 'asc', begin_time: time(of.by.span.start), end_time: time(of.by.span.end - 1) }) })
  let next: string | null = `${of.path}?${query}`
  for (let page = 0; page < PROVIDER_PAGES_MAX && next !== null; page++) {
    const answer: Json | null = await ask(account, next)
    for (const entry of list(answer?.['data'])) yield record(entry)
    next = answer?.['has_more'] === true ? text(answer['next']) : null
  }
  if (next !== null) throw new ProviderError(`Recurly has more than ${PROVIDER_PAGES_MAX * PAGE_SIZE} ${of.what}: take a shorter span`, false)
}

/** @throws {ProviderError} where no key is set: tried again when that is mended. */
export function headersOf({ apiKey }: Account): Readonly<Record<string, string>> {
  if (apiKey === null) throw new ProviderError('no API key of Recurly is set: PUT /v1/providers/recurly with api_key', true)
  return { authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`, accept: API_VERSION }
}
