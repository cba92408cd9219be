// One simulated run: a few nodes of the production data plane on a virtual clock, disk and network, a customer that uses
// them as hard as it can, and faults. After every step the invariants are checked; the same seed gives the same run.

import { instant, makeId, parseUnits, type EntityId, type UsageEvent } from '@tollgate/core'
import type { Authorization, HotNode, ReservationProblem, Usage } from '../../packages/server/src/hot/contract.ts'
import { decodeGroups, wholeGroups } from '../../packages/server/src/hot/journal-line.ts'
import { startNode } from '../../packages/server/src/hot/start-node.ts'
import { budgetsOf } from '../../packages/server/src/app/customer-contexts.ts'
import { createBooks, type Mutation } from './books.ts'
import { checkRest, checkStep, type Checked } from './checks.ts'
import { createDisk, DISK_ROOT } from './disk.ts'
import { createPlane, Unreachable, type Faults } from './plane.ts'
import { seeded } from './random.ts'
import { CUSTOMER, EVENT_TYPE, FEATURE, FIRST_CREDIT, PLANS, quantitiesOf, STARTS, TEAM, USER, type Amounts, type PlanId } from './scenario.ts'
import { createTruth, type Request } from './traffic.ts'
import { createWorld, type Process } from './world.ts'

export type Options = {
  readonly seed: number
  readonly steps: number
  readonly mutation: Mutation
  /** Let some runs cross the customer's midnight or the end of its billing period. */
  readonly rolls: boolean
}

export type Outcome = {
  readonly seed: number
  readonly plan: PlanId
  /** The sentence that was broken, or null. */
  readonly broken: string | null
  readonly step: number
  readonly counts: Readonly<Record<string, number>>
}

type Machine = { readonly name: string; process: Process; node: HotNode | null; boots: number }

const ACTIONS = { authorize: 34, burst: 0.3, settle: 26, settle_again: 2, release: 4, extend: 4, top_up: 1, recall: 1, ingest: 1, kill: 0.5, lose_power: 0.4, boot: 3, cut: 0.6, mend: 2, wait: 2 }

export async function simulate(options: Options): Promise<Outcome> {
  const run = createRun(options)
  let step = 0
  try {
    await run.begin()
    for (step = 1; step <= options.steps; step++) await run.step()
    await run.finish()
    return { seed: options.seed, plan: run.plan, broken: null, step, counts: run.counts }
  } catch (error) {
    return { seed: options.seed, plan: run.plan, broken: error instanceof Error ? `${error.name === 'Error' || error.name === 'BrokenInvariant' ? '' : `${error.name}: `}${error.message}` : String(error), step, counts: run.counts }
  } finally {
    run.close()
  }
}

function createRun({ seed, mutation, rolls }: Options) {
  const random = seeded(seed)
  const world = createWorld(STARTS[rolls ? random.pick(['noon', 'midnight', 'period_end'] as const) : 'noon'])
  const disk = createDisk(world, random)
  const plan = random.pick(PLANS)
  const books = createBooks(plan, world, mutation)
  /** A quarter of the runs has no faults, which shows how often nodes starve each other near the end of a budget. */
  const isCalm = random.chance(0.25)
  const faults: Faults = { lost: isCalm ? 0 : random.pick([0, 0.01, 0.05]), doubled: isCalm ? 0 : random.pick([0, 0.1]), cut: new Set() }
  const plane = createPlane({ world, random, books, faults, mutation })
  const truth = createTruth((at) => {
    const { snapshot } = books.contextAt(at)
    return { snapshot, budgets: budgetsOf(snapshot) }
  })
  /** Some runs use more than they asked for: what happened is booked all the same. */
  const overruns = random.chance(0.2)
  const machines: Machine[] = Array.from({ length: random.integer(2, 3) }, (_, index) => ({ name: `node_${index + 1}`, process: { name: '', alive: false }, node: null, boots: 0 }))
  const counts: Record<string, number> = { authorized: 0, denied: 0, unavailable: 0, unavailable_without_fault: 0, settled: 0, lost: 0, crashes: 0 }
  const problems: unknown[] = []
  const checked: Checked = { books, truth, plan, drift: 0n }

  const folderOf = (machine: Machine) => `${DISK_ROOT}/${machine.name}`
  const up = () => machines.filter(({ node }) => node !== null)
  const openOn = (machine: Machine) => truth.openOf(machine.process.name)

  function boot(machine: Machine): void {
    machine.boots += 1
    const process: Process = { name: `${machine.name}#${machine.boots}`, alive: true }
    machine.process = process
    world.run(process, () => {
      startNode({
        node: machine.name, journalFolder: folderOf(machine), ...plane.portsOf(process, machine.name), clock: { now: world.now },
        randomText: () => random.text(16), hashKey: (key) => key, warn: () => undefined,
      }).then((node) => { if (process.alive) machine.node = node }, (error: unknown) => problems.push(error))
    })
  }

  function crash(machine: Machine, kind: 'killed' | 'power_lost'): void {
    const { process } = machine
    const settledBefore = [...truth.requests.values()].filter((request) => request.process === process.name && request.state === 'settled' && !books.charges.has(request.id))
    process.alive = false
    machine.node = null
    disk.crash(folderOf(machine), kind, process)
    counts['crashes']! += 1
    const kept = new Set(survivors(machine))
    for (const request of openOn(machine)) lose(request)
    for (const request of settledBefore) {
      if (kept.has(request.id)) continue
      if (request.isSynced || (request.isWritten && kind === 'killed')) throw new Error(`what is ${request.isSynced ? 'synced' : 'written'} survives: ${request.id} is gone after the node was ${kind}`)
      lose(request)
    }
    for (const request of truth.requests.values()) if (request.process === process.name && request.state === 'asking') request.state = 'refused'
  }

  function survivors(machine: Machine): string[] {
    return disk.contents(folderOf(machine)).flatMap((bytes) => {
      const { records } = decodeGroups(bytes.subarray(0, wholeGroups(bytes, bytes.length)), new Set(['settled']))
      return records.map(({ body }) => (body as UsageEvent).id)
    })
  }

  function lose(request: Request): void {
    truth.change(request, { state: 'lost' })
    counts['lost']! += 1
  }

  const someAmounts = (): Amounts => ({ input: random.integer(0, random.pick([50, 800, 4_000])), output: random.integer(1, random.pick([50, 400, 3_000])) })

  function authorize(machine: Machine): void {
    const { node, process } = machine
    const id = makeId('reservation', random.text(16))
    const entity = random.pick([null, TEAM, USER] as (EntityId | null)[])
    const bound = someAmounts()
    const ttlMs = random.chance(0.1) ? 20_000 : 3_600_000
    const request: Request = { id, node: machine.name, process: process.name, entity, at: world.now(), bound, estimate: 0n as never, state: 'asking', expiresAt: instant(world.now() + ttlMs), used: null, charge: 0n as never, isFinal: false, isWritten: false, isSynced: false }
    truth.add(request)
    const answer = world.run(process, () => node!.authorize({
      reservation: id, customer: CUSTOMER, key: null, entity, feature: FEATURE, model: null, run: null, type: EVENT_TYPE,
      bound: { quantities: quantitiesOf(bound), dimensions: {} }, ttlMs, repeatable: true,
    }))
    whenAnswered(process, answer, (told) => onAdmitted(request, told), () => {
      request.state = 'refused'
      counts['unavailable']! += 1
    })
  }

  function onAdmitted(request: Request, told: Authorization | ReservationProblem): void {
    if (told.kind === 'problem') throw new Error(`authorize answered ${told.code}: ${told.message}`)
    if (told.kind === 'denied') {
      request.state = 'refused'
      counts[told.denial.reason === 'budget_unavailable' ? 'unavailable' : 'denied']! += 1
      if (isCalm && told.denial.reason === 'budget_unavailable') counts['unavailable_without_fault']! += 1
      return
    }
    // The node takes its own time as that of the event, at the moment of admission.
    truth.change(request, { state: 'open', estimate: told.estimate, at: world.now(), expiresAt: told.expiresAt })
    counts['authorized']! += 1
  }

  function whenAnswered<T>(process: Process, answer: T | Promise<T>, act: (value: T) => void, onUnreachable = () => {}): void {
    const guarded = (value: T) => {
      if (!process.alive) return
      try {
        act(value)
      } catch (error) {
        problems.push(error)
      }
    }
    if (answer instanceof Promise) answer.then(guarded, (error: unknown) => (error instanceof Unreachable ? onUnreachable() : problems.push(error)))
    else guarded(answer)
  }

  function usageOf(used: Amounts): Usage {
    return { quantities: quantitiesOf(used), dimensions: {}, cost: null, estimated: false, context: {} }
  }

  function settle(machine: Machine): void {
    const request = pickOpen(machine)
    if (request === null) return
    const share = () => (overruns && random.chance(0.1) ? 1.5 : random.unit())
    const used: Amounts = { input: Math.floor(request.bound.input * share()), output: Math.floor(request.bound.output * share()) }
    const settled = world.run(machine.process, () => machine.node!.settle(request.id, usageOf(used)))
    if (settled.kind === 'problem') throw new Error(`settle answered ${settled.code}: ${settled.message}`)
    truth.change(request, { state: 'settled', used, charge: settled.charge, isFinal: settled.isFinal })
    counts['settled']! += 1
    const { process, node } = machine
    void settled.written.then(() => { if (process.alive) request.isWritten = true }).catch(() => undefined)
    if (random.chance(0.3)) world.run(process, () => void settled.written.then(() => node!.sync()).then(() => { if (process.alive) request.isSynced = true }).catch(() => undefined))
  }

  function settleAgain(machine: Machine): void {
    const done = [...truth.requests.values()].filter(({ state, process, used }) => state === 'settled' && used !== null && process === machine.process.name)
    if (done.length === 0) return
    const request = random.pick(done)
    const settled = world.run(machine.process, () => machine.node!.settle(request.id, usageOf(request.used!)))
    if (settled.kind === 'settled' && !settled.replayed) throw new Error(`a settlement applies at most once: ${request.id} was settled twice by its node`)
  }

  function release(machine: Machine): void {
    const request = pickOpen(machine)
    if (request === null) return
    const released = world.run(machine.process, () => machine.node!.release(request.id))
    if (released.kind === 'problem') throw new Error(`release answered ${released.code}: ${released.message}`)
    truth.change(request, { state: 'released' })
  }

  function extend(machine: Machine): void {
    const request = pickOpen(machine)
    if (request === null) return
    const bound: Amounts = { input: request.bound.input, output: request.bound.output + random.integer(1, 1_000) }
    const answer = world.run(machine.process, () => machine.node!.extend(request.id, { quantities: quantitiesOf(bound), dimensions: {} }))
    whenAnswered(machine.process, answer, (told) => {
      if (told.kind === 'allowed' && request.state === 'open') truth.change(request, { bound, estimate: told.estimate })
    })
  }

  /** An open request of a node, unless its time is nearly over: a late settle is allowed to exceed what was held. */
  function pickOpen(machine: Machine): Request | null {
    const open = openOn(machine).filter(({ expiresAt }) => expiresAt > world.now())
    return open.length === 0 ? null : random.pick(open)
  }

  function expire(): void {
    for (const machine of machines) for (const request of openOn(machine)) if (request.expiresAt <= world.now()) truth.change(request, { state: 'expired' })
  }

  function ingest(): void {
    const event: UsageEvent = {
      id: `evt_${random.text(12)}`, source: 'app', type: EVENT_TYPE, customer: CUSTOMER, time: world.now(), entity: random.pick([null, USER] as (EntityId | null)[]), feature: FEATURE, run: null, key: null,
      quantities: quantitiesOf({ input: random.integer(0, 300), output: random.integer(0, 100) }), dimensions: {}, cost: null, estimated: false, catalogVersion: null, settled: null, context: {},
    }
    books.settle(random.chance(0.3) ? [event, event] : [event])
  }

  function act(): void {
    const action = random.weighted(isCalm ? { ...ACTIONS, kill: 0, lose_power: 0, cut: 0 } : ACTIONS)
    const running = up()
    const machine = random.pick(machines)
    const node = running.length === 0 ? null : random.pick(running)
    switch (action) {
      case 'authorize': return node === null ? undefined : authorize(node)
      case 'burst': return node === null ? undefined : void Array.from({ length: random.integer(20, 200) }, () => authorize(node))
      case 'settle': return node === null ? undefined : settle(node)
      case 'settle_again': return node === null ? undefined : settleAgain(node)
      case 'release': return node === null ? undefined : release(node)
      case 'extend': return node === null ? undefined : extend(node)
      case 'top_up':
        books.topUp(parseUnits(random.pick(['0.05', '0.2', '0.000001']), 'USD'))
        return void plane.announce()
      case 'recall': return void plane.recall(['wallet:USD', 'allowance:tokens', 'limit:daily', 'cap:team'])
      case 'ingest': return ingest()
      case 'kill': return machine.process.alive ? crash(machine, 'killed') : undefined
      case 'lose_power': return machine.process.alive ? crash(machine, 'power_lost') : undefined
      case 'boot': return machine.process.alive ? undefined : boot(machine)
      case 'cut': return void faults.cut.add(machine.name)
      case 'mend': return faults.cut.clear()
      case 'wait': return undefined
    }
  }

  function check(): void {
    if (problems.length > 0) throw problems[0]
    expire()
    checkStep(checked)
  }

  async function pass(durationMs: number): Promise<void> {
    await world.advance(durationMs)
    check()
  }

  return {
    plan, counts,
    begin: async () => {
      books.topUp(FIRST_CREDIT)
      for (const machine of machines) boot(machine)
      await pass(1_000)
    },
    step: async () => {
      act()
      await world.settle()
      check()
      await pass(random.chance(0.02) ? random.integer(500, 8_000) : random.unit() * 12)
    },
    /** Faults stop, requests end, nodes drain and start once more: nothing may be left over. */
    finish: async () => {
      faults.cut.clear()
      Object.assign(faults, { lost: 0, doubled: 0 })
      for (const machine of machines) if (!machine.process.alive) boot(machine)
      await pass(20_000)
      for (const machine of machines) for (let left = openOn(machine).length; left > 0; left--) random.chance(0.5) ? settle(machine) : release(machine)
      await pass(5_000)
      for (const machine of machines) world.run(machine.process, () => void machine.node!.drain())
      await pass(10_000)
      for (const machine of machines) {
        machine.process.alive = false
        boot(machine)
      }
      await pass(10_000)
      checkRest(checked)
    },
    close: () => {
      for (const machine of machines) machine.process.alive = false
      disk.close()
      world.close()
    },
  }
}
