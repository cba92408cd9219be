// Which addresses lead into the network behind us (cloud metadata, databases, the machine itself). An address that somebody
// typed in is checked with this before it is stored; whoever connects must check the resolved name again, because a name may
// point elsewhere by then. Pure: it resolves nothing.

import { BlockList, isIP } from 'node:net'
import { InputError } from '@tollgate/core'

/**
 * Checks the base URL of an upstream. Plain http is accepted for private addresses only: a provider's key never travels unencrypted.
 * @throws {InputError} `invalid_upstream_url` or `private_upstream` with what to do.
 */
export function assertAllowedUpstream(baseUrl: string, options: { readonly allowPrivate: boolean }): URL {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw invalid(`${JSON.stringify(baseUrl.slice(0, 200))} is no address: give one such as https://api.openai.com/v1`)
  }
  if (url.username !== '' || url.password !== '') throw invalid('the address must not hold a user or password: give the secret beside it')
  // Azure's older paths carry the version of its API.
  const isPlain = url.search === '' || (url.searchParams.size === 1 && url.searchParams.has('api-version'))
  if (!isPlain || url.hash !== '') throw invalid('the address must end with its path, such as /v1, without ? or # (but for ?api-version= of Azure)')
  if (options.allowPrivate) return url
  if (isPrivateHost(url.hostname)) {
    throw new InputError({
      code: 'private_upstream',
      field: 'base_url',
      message: `${url.hostname} is a private address. If that is meant, set allow_private for this upstream.`,
    })
  }
  if (url.protocol === 'http:') throw invalid('a public upstream must use https')
  return url
}

/** Names that never leave a machine or a cluster. */
const PRIVATE_NAMES = /(?:^|\.)(?:localhost|local|internal|localdomain|home\.arpa)\.?$/

/** A host as it stands in a URL: an address, or a name that is known to be local. */
export function isPrivateHost(hostname: string): boolean {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return isIP(bare) === 0 ? PRIVATE_NAMES.test(bare) || !bare.replace(/\.$/, '').includes('.') : isPrivateAddress(bare)
}

export function isPrivateAddress(address: string): boolean {
  return PRIVATE.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/** IANA's special-purpose ranges, and the IPv6 ranges that carry any IPv4 address inside. Mapped IPv4 is checked as IPv4. */
const PRIVATE = new BlockList()
for (const range of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
])
  addRange(range, 'ipv4')
for (const range of ['::/127', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001:db8::/32', '2002::/16', 'fc00::/7', 'fe80::/10', 'ff00::/8'])
  addRange(range, 'ipv6')

function addRange(range: string, family: 'ipv4' | 'ipv6'): void {
  const [network = '', bits] = range.split('/')
  PRIVATE.addSubnet(network, Number(bits), family)
}

function invalid(message: string): InputError {
  return new InputError({ code: 'invalid_upstream_url', field: 'base_url', message })
}
