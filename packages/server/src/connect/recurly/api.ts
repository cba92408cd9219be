// How Recurly is asked for what is handed over: its key and version, bounded and repeated as any provider.

import { ProviderError, type Account } from '../../app/providers/connector.ts'
import { askProvider } from '../ask.ts'
import type { Json } from '../json.ts'
import { addressOf, API_VERSION } from './connector.ts'

/** Null for 404. */
export function ask(account: Account, path: string): Promise<Json | null> {
  return askProvider('Recurly', `${addressOf(account)}${path}`, headersOf(account))
}

/** @throws {ProviderError} where no key is set: tried again when that is mended. */
export function headersOf({ apiKey }: Account): Readonly<Record<string, string>> {
  if (apiKey === null) throw new ProviderError('no API key of Recurly is set: PUT /v1/providers/recurly with api_key', true)
  return { authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`, accept: API_VERSION }
}
