// What a node remembers: keys, customers, catalogs, upstreams. Bounded, filled on a miss, dropped when the feed announces
// a change. While the control plane is away the node goes on with what it has, but never past the end of a period.

import {
  SNAPSHOTS_PER_NODE_MAX, UNKNOWN_KEYS_PER_NODE_MAX,
  type Catalog, type Clock, type CustomerId, type Directory, type FeedMessage, type KeyRecord, type NodeIdentity, type ReturnedLease, type UpstreamConfig,
} from '@tollgate/core'
import { customerState, refreshState, returnEverything, returnIdle, type CustomerState } from './customer-state.ts'
import { compileCatalog } from '../platform/meter-expression.ts'
import type { GivingBack } from './give-back.ts'
import { createKeyLookups } from './key-lookups.ts'
import { createSharedParts } from './shared-parts.ts'

export type Memory = {
  readonly key: (hash: string) => KeyRecord | null | Promise<KeyRecord | null>
  /** Whether the key is in memory and good: nobody need be asked. */
  readonly knowsKey: (hash: string) => boolean
  /** `now`: where the caller has just looked at the clock. */
  readonly customer: (id: CustomerId, now?: number) => CustomerState | null | Promise<CustomerState | null>
  /** What is in memory, stale or not. */
  readonly peek: (id: CustomerId) => CustomerState | undefined
  readonly upstreams: () => readonly UpstreamConfig[]
  /** Acts on a message of the feed. Resolves when requests that start now see the change; of a recall, when what was idle has arrived. */
  readonly apply: (message: FeedMessage) => Promise<void>
  /** Gives idle amounts back; the customer's next acquire waits until they have arrived. */
  readonly bringBack: (state: CustomerState, returned: readonly ReturnedLease[]) => Promise<void>
  readonly size: () => number
  /** Everything idle, of all customers: at a drain. */
  readonly returnAll: () => ReturnedLease[]
}

export type MemoryParts = {
  readonly identity: NodeIdentity
  readonly directory: Directory
  readonly clock: Clock
  readonly giveBack: (returned: readonly ReturnedLease[]) => GivingBack
}

/** Unknown keys are remembered too, for a moment: a client with a bad key in a loop is no flood of queries. */
const UNKNOWN_KEY_MS = 2_000

export function createMemory(parts: MemoryParts): Memory {
  const { directory, clock } = parts
  const keys = new Map<string, { readonly record: KeyRecord; readonly until: number }>()
  /** Keys that are none, until when that is believed. */
  const unknown = new Map<string, number>()
  const lookups = createKeyLookups(directory)
  const customers = new Map<CustomerId, CustomerState>()
  const loading = new Map<CustomerId, Promise<CustomerState | null>>()
  /** Customers that were forgotten a moment ago: what they held is on its way back, and is waited for before they are loaded again. */
  const leaving = new Map<CustomerId, Promise<unknown>>()
  const catalogs = new Map<number, Promise<Catalog>>()
  const shared = createSharedParts()
  /** Changes announced so far: an answer that was asked for before the latest may be older than it. */
  let announced = 0
  /** The same of keys: a revocation must not be overtaken by an answer from before it. */
  let keysAnnounced = 0
  let upstreams: readonly UpstreamConfig[] = []
  let epoch = -1

  function key(hash: string): KeyRecord | null | Promise<KeyRecord | null> {
    const known = inMemory(hash)
    if (known !== undefined) return known
    const before = keysAnnounced
    return lookups.find(hash).then((record) => {
      if (keysAnnounced !== before) return record
      if (record === null) {
        bounded(unknown, UNKNOWN_KEYS_PER_NODE_MAX)
        unknown.set(hash, clock.now() + UNKNOWN_KEY_MS)
      } else {
        bounded(keys, SNAPSHOTS_PER_NODE_MAX)
        keys.set(hash, { record, until: record.expiresAt ?? Infinity })
      }
      return record
    })
  }

  /** Undefined where it must be asked for. */
  function inMemory(hash: string): KeyRecord | null | undefined {
    const known = keys.get(hash)
    if (known !== undefined && clock.now() < known.until) return known.record
    const until = unknown.size === 0 ? undefined : unknown.get(hash)
    if (until !== undefined && clock.now() < until) return null
    if (until !== undefined) unknown.delete(hash)
    return undefined
  }

  function forgetKeys(): void {
    keys.clear()
    unknown.clear()
  }

  /** By the customer's own time, which a test may have turned. */
  function isValid({ validUntil, clockOffsetMs }: CustomerState['snapshot'], now: number = clock.now()): boolean {
    return now + clockOffsetMs < validUntil
  }

  function customer(id: CustomerId, now?: number): CustomerState | null | Promise<CustomerState | null> {
    const known = customers.get(id)
    if (known === undefined) return load(id)
    if (!known.stale && isValid(known.snapshot, now)) return known
    known.refreshing ??= fetchInto(known).finally(() => { known.refreshing = null })
    return known.refreshing.then(() => known, (error: unknown) => {
      if (isValid(known.snapshot)) return known
      throw error
    })
  }

  function load(id: CustomerId): Promise<CustomerState | null> {
    const running = loading.get(id)
    if (running !== undefined) return running
    const announcedBefore = announced
    const promise = (leaving.get(id) ?? Promise.resolve()).then(() => directory.customer(parts.identity, id)).then(async (view) => {
      if (view === null) return null
      const state = customerState({ ...view, snapshot: shared.share(view.snapshot) }, await catalog(view.snapshot.catalogVersion))
      evictIdle()
      state.stale = announced !== announcedBefore
      customers.set(id, state)
      return state
    }).finally(() => loading.delete(id))
    loading.set(id, promise)
    return promise
  }

  async function fetchInto(state: CustomerState): Promise<void> {
    // A change announced while this answer is on its way makes the state stale again.
    state.stale = false
    try {
      const view = await directory.customer(parts.identity, state.snapshot.customer)
      if (view === null) {
        customers.delete(state.snapshot.customer)
        return
      }
      const changedMeanwhile = state.stale
      const returned = refreshState(state, { ...view, snapshot: shared.share(view.snapshot) }, await catalog(view.snapshot.catalogVersion))
      state.stale = changedMeanwhile
      if (returned.length > 0) bringBack(state, returned).catch(() => undefined)
    } catch (error) {
      state.stale = true
      throw error
    }
  }

  /** Until it has arrived, an acquire of this node would be refused for what the node itself has just let go. */
  function bringBack(state: CustomerState, returned: readonly ReturnedLease[]): Promise<void> {
    const { first, arrived } = parts.giveBack(returned)
    const all = Promise.all([state.returning, first]).finally(() => {
      if (state.returning === all) state.returning = null
    })
    state.returning = all
    return arrived
  }

  function catalog(version: number): Promise<Catalog> {
    const known = catalogs.get(version)
    if (known !== undefined) return known
    const promise = directory.catalog(version).then((document) => compileCatalog(document, version))
    promise.catch(() => catalogs.delete(version))
    catalogs.set(version, promise)
    return promise
  }

  /** Forgets the least recently loaded customer that has nothing leased or open. */
  function evictIdle(): void {
    if (customers.size < SNAPSHOTS_PER_NODE_MAX) return
    for (const [id, state] of customers) {
      if (state.open > 0 || state.acquiring.size > 0) continue
      const sent = parts.giveBack(returnEverything(state)).first.finally(() => leaving.delete(id))
      leaving.set(id, sent)
      customers.delete(id)
      return
    }
  }

  /** Resolves when all that is on its way back has arrived, also what was let go before: whoever recalls looks at it next. */
  async function recall({ customer: id, budgets }: Extract<FeedMessage, { kind: 'recall' }>): Promise<void> {
    const state = customers.get(id)
    const returned = state === undefined ? [] : returnIdle(state, budgets)
    if (state !== undefined && returned.length > 0) await bringBack(state, returned)
    else await state?.returning
  }

  async function apply(message: FeedMessage): Promise<void> {
    if (message.kind === 'recall') return recall(message)
    if (message.kind !== 'upstreams') announced += 1
    if (message.kind === 'keys' || message.kind === 'hello') keysAnnounced += 1
    if (message.kind === 'hello' ? message.epoch !== epoch : message.epoch > epoch + 1) {
      forgetKeys()
      keysAnnounced += 1
      for (const state of customers.values()) state.stale = true
      upstreams = await directory.upstreams()
    }
    epoch = message.epoch
    switch (message.kind) {
      case 'hello':
        return
      case 'keys':
        return forgetKeys()
      case 'catalog':
        for (const state of customers.values()) state.stale = true
        return
      case 'upstreams':
        upstreams = await directory.upstreams()
        return
      case 'customer': {
        const state = customers.get(message.customer)
        if (state === undefined) return
        state.stale = true
        for (const slice of state.slices.values()) slice.refused = null
        return
      }
    }
  }

  return {
    key, customer, apply, bringBack,
    knowsKey: (hash) => (inMemory(hash) ?? null) !== null,
    peek: (id) => customers.get(id),
    upstreams: () => upstreams,
    size: () => customers.size,
    returnAll: () => [...customers.values()].flatMap(returnEverything),
  }
}

function bounded(map: Map<string, unknown>, most: number): void {
  if (map.size < most) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}
