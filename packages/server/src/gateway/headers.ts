// Which headers pass through the gateway, by allow-list in both directions. A client's key, cookies and account headers never
// reach a provider; a provider's account, cookies and connection headers never reach a client.

import type { IncomingHttpHeaders } from 'node:http'

const TO_UPSTREAM = ['accept', 'traceparent', 'tracestate', 'openai-beta', 'anthropic-version', 'anthropic-beta', 'x-goog-api-client'] as const
const TO_CLIENT = ['content-type', 'content-disposition', 'cache-control', 'openai-processing-ms', 'openai-version', 'openai-model', 'retry-after', 'retry-after-ms', 'x-should-retry'] as const
const TO_CLIENT_PREFIXES = ['x-ratelimit-', 'anthropic-ratelimit-'] as const
const SANDBOX_PREFIX = 'x-sandbox-'

/** Names and values in turn. `x-sandbox-…` steers the built-in upstream and goes to no other. */
export function upstreamHeaders(client: IncomingHttpHeaders, target: { readonly headers: readonly string[]; readonly defaults: readonly string[]; readonly isSandbox: boolean }, contentType: string): string[] {
  const headers = [...target.headers, 'content-type', contentType]
  for (const name of TO_UPSTREAM) {
    const value = client[name]
    if (typeof value === 'string') headers.push(name, value)
  }
  for (let index = 0; index < target.defaults.length; index += 2) if (client[target.defaults[index]!] === undefined) headers.push(target.defaults[index]!, target.defaults[index + 1]!)
  if (!target.isSandbox) return headers
  for (const name in client) {
    const value = client[name]
    if (name.startsWith(SANDBOX_PREFIX) && typeof value === 'string') headers.push(name, value)
  }
  return headers
}

/** Names and values in turn, ready for the client's response. */
export function clientHeaders(upstream: IncomingHttpHeaders): string[] {
  const headers: string[] = []
  for (const name of TO_CLIENT) {
    const value = upstream[name]
    if (typeof value === 'string') headers.push(name, value)
  }
  for (const name in upstream) {
    const value = upstream[name]
    if ((name.startsWith(TO_CLIENT_PREFIXES[0]) || name.startsWith(TO_CLIENT_PREFIXES[1])) && typeof value === 'string') headers.push(name, value)
  }
  return headers
}
