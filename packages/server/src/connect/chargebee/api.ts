// How Chargebee is asked: its address and key, bounded and repeated as any provider.

import { ProviderError, type Account } from '../../app/providers/connector.ts'
import { askProvider } from '../ask.ts'
import type { Json } from '../json.ts'

/** Null for 404. */
export function ask(account: Account, path: string): Promise<Json | null> {
  return askProvider('Chargebee', `${addressOf(account)}${path}`, headersOf(account))
}

/** @throws {ProviderError} where it is not set: tried again when that is mended. */
export function addressOf({ apiKey, settings }: Account): string {
  if (apiKey === null || settings.apiUrl === undefined) throw new ProviderError('no API key and address of Chargebee are set: PUT /v1/providers/chargebee with api_key and api_url, such as https://acme.chargebee.com/api/v2', true)
  return settings.apiUrl
}

export function headersOf({ apiKey }: Account): Readonly<Record<string, string>> {
  return { authorization: `Basic ${Buffer.from(`${apiKey ?? ''}:`).toString('base64')}` }
}
