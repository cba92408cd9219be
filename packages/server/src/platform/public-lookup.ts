// A look-up of names for sockets that lead to public addresses only. The address of an upstream is checked when it is configured;
// this checks it again at each connect, because a name may point elsewhere by then.

import { lookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { isPrivateAddress } from './private-address.ts'

/** Fails with the code `EPRIVATE` where any address of the name is private: which of them a socket takes is not ours to say. */
export function publicLookup(hostname: string, options: LookupOptions, callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void): void {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, '')
    const [first] = addresses
    if (first === undefined || addresses.some(({ address }) => isPrivateAddress(address))) {
      return callback(Object.assign(new Error(`${hostname} leads to a private address`), { code: 'EPRIVATE' }), '')
    }
    if (options.all === true) callback(null, addresses)
    else callback(null, first.address, first.family)
  })
}
