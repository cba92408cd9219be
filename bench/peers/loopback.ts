// Loaded before a peer that listens on all addresses: it listens on the loopback address instead.

import { Server } from 'node:net'

type Listen = (this: Server, ...args: unknown[]) => Server

const { listen } = Server.prototype as unknown as { readonly listen: Listen }
const onLoopback: Listen = function (...args) {
  const [first, second] = args
  if (typeof first === 'object' && first !== null) return listen.call(this, { ...first, host: '127.0.0.1' }, ...args.slice(1))
  return listen.call(this, first, '127.0.0.1', ...(typeof second === 'string' ? args.slice(2) : args.slice(1)))
}
Object.assign(Server.prototype, { listen: onLoopback })
