// The simulated control plane behind the ports of a node: authority, directory and feed, over a network that delays,
// loses and repeats what it may repeat. Its rules are those of the PostgreSQL authority; its records are in books.ts.

import {
  afterRecall,
  assert,
  AUTHORITY_TIMEOUT_MS,
  DOUBT_REQUEST_MS,
  formatUnits,
  holderOf,
  RECALL_WAIT_MS,
  restOf,
  units,
  type Authority,
  type AuthorityRefusal,
  type CustomerView,
  type Directory,
  type Feed,
  type FeedMessage,
  type JournalPosition,
  type Lease,
  type LeaseRequest,
  type LeftBehind,
  type Licence,
  type NodeIdentity,
  type ReturnedLease,
  type UsageEvent,
} from '@tollgate/core'
import { resolveSnapshot } from '@tollgate/core/resolve'
import { decodeGroups } from '../../packages/server/src/hot/journal-line.ts'
import type { Books } from './books.ts'
import type { Mutation } from './mutations.ts'
import type { Random } from './random.ts'
import { CATALOG, CATALOG_DOCUMENT, CUSTOMER, LINKS } from './scenario.ts'
import type { Terms } from './terms.ts'
import type { Process, World } from './world.ts'

export type Faults = {
  /** Probability that a request or an answer is lost. */
  lost: number
  /** Probability that a request arrives twice. */
  doubled: number
  /** Nodes that reach nobody now. */
  readonly cut: Set<string>
}

type NodeRow = { incarnation: number; settled: JournalPosition; readonly answers: Map<string, Lease[] | AuthorityRefusal | 'given back'> }
/** A start of a node: when it was heard of last, and the process behind it. */
type Life = { readonly identity: NodeIdentity; readonly process: string; heardAt: number }
type Member = {
  readonly identity: NodeIdentity
  readonly process: Process
  readonly receive: (message: FeedMessage) => void | Promise<void>
}

const DELAY_MS_MAX = 6
const ATTEMPTS_MAX = 3

/** What a node sees of a partition or of a lost message: its deadline has passed. */
export class Unreachable extends Error {}

export function createPlane(input: {
  readonly world: World
  readonly random: Random
  readonly books: Books
  readonly faults: Faults
  readonly mutation: Mutation
  readonly terms: Terms
  /** Told when the leases of a process are given up: nothing that it does is kept room for any more. */
  readonly onGivenUp: (process: string) => void
}) {
  const { world, random, books, faults, mutation, terms } = input
  const control: Process = { name: 'control', alive: true }
  const nodes = new Map<string, NodeRow>()
  const members = new Map<string, Member>()
  const lives: Life[] = []
  const endsAt = new Map<string, number>()
  let epoch = 1
  let recalls = 0
  /** The control plane is restarting: nobody reaches it. */
  let isAway = false

  /** One call over the network. `mayRepeat` says that the receiver tells a second delivery from a second call. */
  function call<T>(from: Process, node: string, mayRepeat: boolean, handle: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let answered = false
      const passes = () => !isAway && !faults.cut.has(node) && !random.chance(faults.lost)
      const deliver = () => {
        if (!passes()) return
        world.after(control, random.unit() * DELAY_MS_MAX, () => {
          const answer = (act: () => void) => {
            if (!passes()) return
            world.after(from, random.unit() * DELAY_MS_MAX, () => {
              if (answered) return
              answered = true
              act()
            })
          }
          void Promise.resolve()
            .then(handle)
            .then(
              (value) => answer(() => resolve(value)),
              (error: unknown) => answer(() => reject(error)),
            )
        })
      }
      deliver()
      if (mayRepeat && random.chance(faults.doubled)) deliver()
      world.after(from, AUTHORITY_TIMEOUT_MS, () => {
        if (answered) return
        answered = true
        reject(new Unreachable('the control plane does not answer'))
      })
    })
  }

  async function attempted<T>(once: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once()
      } catch (error) {
        if (attempt >= ATTEMPTS_MAX) throw error
      }
    }
  }

  function rowOf(node: string): NodeRow {
    const row = nodes.get(node) ?? { incarnation: 0, settled: { segment: 0, offset: 0 }, answers: new Map() }
    nodes.set(node, row)
    return row
  }

  function fence(identity: NodeIdentity): void {
    const standing = books.lent.standingOf(identity)
    if (standing !== 'active' && standing !== 'silent') throw new Error(`node ${identity.node} is ${standing}`)
  }

  const licence = { validMs: terms.validMs }

  function register(process: Process, node: string): NodeIdentity & Licence & { readonly settled: JournalPosition } {
    const row = rowOf(node)
    const answer = books.lent.run({ kind: 'register', node })
    assert(answer.kind === 'registered', 'a node registers')
    row.incarnation = answer.incarnation
    const identity = { node, incarnation: row.incarnation }
    lives.push({ identity, process: process.name, heardAt: world.now() })
    if (mutation === 'skip_replay') books.lent.close(node, { kept: everyIncarnation(row.incarnation), inFlight: [] })
    return { ...identity, ...licence, settled: row.settled }
  }

  function heard(identity: NodeIdentity): void {
    const life = lives.find((one) => one.identity.node === identity.node && one.identity.incarnation === identity.incarnation)
    if (life !== undefined) life.heardAt = world.now()
  }

  function renew(identity: NodeIdentity): Licence {
    fence(identity)
    books.lent.run({ kind: 'renew', holder: holderOf(identity.node, identity.incarnation) })
    heard(identity)
    return mutation === 'no_margin' ? { validMs: terms.silentMs + terms.giveUpMs + 60_000 } : licence
  }

  function closeEarlier(identity: NodeIdentity, left: LeftBehind): void {
    fence(identity)
    const told: LeftBehind = mutation === 'forget_in_flight' ? { ...left, inFlight: [] } : mutation === 'believe_tail' ? { ...left, kept: everyIncarnation(identity.incarnation) } : left
    if (mutation === 'never_close') return
    books.lent.close(identity.node, told)
    for (const { reservation, endsAt: at } of told.inFlight) endsAt.set(reservation, at)
    for (const { identity: earlier } of lives) if (earlier.node === identity.node && earlier.incarnation < identity.incarnation) {
      const rest = restOf(holderOf(earlier.node, earlier.incarnation))
      if (!endsAt.has(rest)) endsAt.set(rest, world.now() + DOUBT_REQUEST_MS)
    }
  }

  const everyIncarnation = (latest: number) => Array.from({ length: latest }, (_, index) => index + 1)

  /** The job of the control plane: nodes that went silent, doubts whose time is over. */
  function endOverdue(): void {
    const now = world.now()
    for (const { identity, process, heardAt } of lives) {
      const holder = holderOf(identity.node, identity.incarnation)
      const standing = books.lent.standingOf(identity)
      if (standing === 'active' && now - heardAt >= terms.silentMs) books.lent.run({ kind: 'lapse', holder })
      if (standing !== 'silent' && standing !== 'replaced') continue
      const releaseMs = mutation === 'release_on_lapse' ? 0 : terms.giveUpMs
      if (now - heardAt < terms.silentMs + releaseMs || !books.lent.isOpen(identity)) continue
      books.lent.run(mutation === 'release_on_lapse' ? { kind: 'release', holder, accounts: [...books.lent.budgets.keys()] } : { kind: 'give_up', holder })
      if (mutation !== 'release_on_lapse') input.onGivenUp(process)
    }
    const over = [...endsAt].filter(([, at]) => at <= now).map(([reservation]) => reservation)
    for (const reservation of over) endsAt.delete(reservation)
    books.lent.run({ kind: 'resolve', reservations: over })
  }

  async function acquire(identity: NodeIdentity, request: LeaseRequest): Promise<Lease[] | AuthorityRefusal> {
    let { budgets } = request
    fence(identity)
    if (books.lent.isRecallable(identity, budgets)) {
      const before = books.lent.grantedTo(identity, budgets)
      await recall(budgets.map(({ budget }) => budget.id), identity.node)
      const now = books.lent.grantedTo(identity, budgets)
      budgets = budgets.map((need, index) => afterRecall(need, need.budget.unit, { before: before[index]!, now: now[index]! }))
    }
    fence(identity)
    // A second delivery of this call gets the first one's answer, also when both waited for the recall.
    const { answers } = rowOf(identity.node)
    const key = `${identity.incarnation}/${request.sequence}`
    const known = answers.get(key)
    if (known !== undefined && known !== 'given back' && mutation !== 'lend_twice') return known
    const answer = books.lent.acquire(identity, budgets)
    if (answer === 'fenced') throw new Error(`node ${identity.node} is fenced`)
    answers.set(key, answer)
    if (!Array.isArray(answer) && mutation === 'keep_partial') for (const one of budgets.slice(0, -1)) books.lent.acquire(identity, [one])
    return mutation === 'grant_double' && Array.isArray(answer) ? answer.map((lease) => ({ ...lease, granted: lease.granted * 2 })) : answer
  }

  function ship(identity: NodeIdentity, lines: Uint8Array, to: JournalPosition): JournalPosition {
    const { records, torn } = decodeGroups(lines, new Set(['settled']))
    if (torn) throw new Error(`node ${identity.node} ships a damaged journal`)
    books.settle(records.map((record) => record.body as UsageEvent))
    const row = rowOf(identity.node)
    // The journal of a process that was replaced is another one.
    if (row.incarnation !== identity.incarnation) return to
    if (to.segment > row.settled.segment || (to.segment === row.settled.segment && to.offset > row.settled.offset)) row.settled = to
    return to
  }

  function giveBack(identity: NodeIdentity, sequence: number, returned: readonly ReturnedLease[]): void {
    fence(identity)
    const { answers } = rowOf(identity.node)
    const key = `${identity.incarnation}/${sequence}`
    if (answers.has(key) && mutation !== 'give_back_twice') return
    books.lent.giveBack(identity, returned)
    answers.set(key, 'given back')
  }

  /** Tells every node; resolves when those that can be reached have acted on it. */
  function announce(): void {
    epoch += 1
    for (const member of members.values()) void send(member, { kind: 'customer', customer: CUSTOMER, epoch })
  }

  /** Resolves when the nodes that can be reached have given back what they hold idle, at the latest after the recall's wait. */
  async function recall(budgets: readonly string[], except: string | null): Promise<void> {
    if (mutation === 'close_in_flight') books.lent.stripOthers(except)
    const told = [...members.values()].filter(({ identity, process }) => identity.node !== except && process.alive)
    const answers = told.map((member) => send(member, { kind: 'recall', recall: (recalls += 1), customer: CUSTOMER, budgets }))
    await Promise.race([Promise.all(answers), new Promise<void>((resolve) => world.after(control, RECALL_WAIT_MS, resolve))])
  }

  /** Resolves when the node has acted on it and said so; never when either is lost. */
  function send(member: Member, message: FeedMessage): Promise<void> {
    return new Promise((resolve) => {
      if (isAway || faults.cut.has(member.identity.node) || random.chance(faults.lost)) return
      world.after(member.process, random.unit() * DELAY_MS_MAX, () => {
        void Promise.resolve(member.receive(message)).then(
          () => world.after(control, random.unit() * DELAY_MS_MAX, resolve),
          () => undefined,
        )
      })
    })
  }

  function portsOf(process: Process, node: string): { readonly authority: Authority; readonly directory: Directory; readonly feed: Feed } {
    const reach = <T>(mayRepeat: boolean, handle: () => T | Promise<T>) => call(process, node, mayRepeat, handle)
    return {
      authority: {
        register: (name) => reach(false, () => register(process, name)),
        renew: (identity) => reach(true, () => renew(identity)),
        closeEarlier: (identity, left) => reach(true, () => closeEarlier(identity, left)),
        acquire: (identity, request) => attempted(() => reach(true, () => acquire(identity, request))),
        giveBack: (identity, sequence, returned) => reach(true, () => giveBack(identity, sequence, returned)),
        ship: (identity, stretch) => reach(true, () => ship(identity, stretch.lines, stretch.to)),
      },
      directory: {
        keys: (hashes) => Promise.resolve(hashes.map(() => null)),
        customer: (identity) => reach(true, () => viewFor(identity)),
        catalog: () => reach(true, () => CATALOG_DOCUMENT),
        upstreams: () => Promise.resolve([]),
      },
      feed: {
        subscribe: (identity, onMessage) => {
          const member: Member = { identity, process, receive: onMessage }
          members.set(node, member)
          void send(member, { kind: 'hello', epoch })
          return {
            close: () => {
              if (members.get(node) === member) members.delete(node)
            },
          }
        },
      },
    }
  }

  function viewFor(identity: NodeIdentity): CustomerView {
    const positions: Record<string, string> = {}
    const snapshot = resolveSnapshot({ ...books.facts, positions, walletChangesAt: null }, CATALOG, world.now(), LINKS)
    return { snapshot, balanceBases: { 'wallet:USD': formatUnits(units(books.posted() + books.lent.usedBy(identity, 'wallet:USD', 0)), 'USD') } }
  }

  function every(delayMs: number, action: () => void): void {
    world.after(control, delayMs, () => {
      action()
      every(delayMs, action)
    })
  }
  every(500, endOverdue)

  return {
    portsOf,
    rowOf,
    control,
    endOverdue,
    /** Away for a while, and back on another machine: epochs begin higher, and the feeds come back by themselves. */
    failOver: () => {
      if (isAway) return
      isAway = true
      const lost = [...members.values()]
      members.clear()
      world.after(control, random.integer(200, 4_000), () => {
        isAway = false
        epoch += 1_000
        for (const member of lost) {
          if (!member.process.alive || members.has(member.identity.node)) continue
          members.set(member.identity.node, member)
          void send(member, { kind: 'hello', epoch })
        }
      })
    },
    announce,
    recall: (budgets: readonly string[]) => recall(budgets, null),
  }
}
