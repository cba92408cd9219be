// Clients: they authorize, settle, extend and release at random, sometimes say a thing twice, and note what they were told.

import { instant, makeId, type EntityId, type UsageEvent } from '@tollgate/core'
import type { Authorization, ReservationProblem, Usage } from '../../packages/server/src/hot/contract.ts'
import type { Machine, Machines } from './machines.ts'
import { Unreachable } from './plane.ts'
import { CUSTOMER, EVENT_TYPE, FEATURE, quantitiesOf, TEAM, USER, type Amounts } from './scenario.ts'
import type { Run } from './simulate.ts'
import type { Request } from './traffic.ts'
import type { Process } from './world.ts'

export function createClients(run: Run, machines: Machines) {
  const { world, truth, books, random, counts, problems, isCalm, overruns } = run
  const { openOn } = machines

  const someAmounts = (): Amounts => ({ input: random.integer(0, random.pick([50, 800, 4_000])), output: random.integer(1, random.pick([50, 400, 3_000])) })

  function authorize(machine: Machine): void {
    const { node, process } = machine
    const id = makeId('reservation', random.text(16))
    const entity = random.pick([null, TEAM, USER] as (EntityId | null)[])
    const bound = someAmounts()
    const ttlMs = random.chance(0.1) ? 20_000 : 3_600_000
    const request: Request = {
      id,
      node: machine.name,
      process: process.name,
      entity,
      at: world.now(),
      bound,
      estimate: 0n as never,
      state: 'asking',
      expiresAt: instant(world.now() + ttlMs),
      used: null,
      charge: 0n as never,
      isFinal: false,
      isExtending: false,
      isDispatched: false,
      isWritten: false,
      isSynced: false,
    }
    truth.add(request)
    const answer = world.run(process, () =>
      node!.authorize({
        reservation: id,
        customer: CUSTOMER,
        key: null,
        entity,
        feature: FEATURE,
        model: null,
        run: null,
        type: EVENT_TYPE,
        bound: { quantities: quantitiesOf(bound), dimensions: {} },
        ttlMs,
        repeatable: true,
      }),
    )
    whenAnswered(
      process,
      answer,
      (told) => onAdmitted(request, told, { process, node }),
      () => {
        request.state = 'refused'
        counts['unavailable']! += 1
      },
    )
  }

  function onAdmitted(request: Request, told: Authorization | ReservationProblem, { process, node }: { readonly process: Process; readonly node: Machine['node'] }): void {
    if (told.kind === 'problem' && told.code === 'directory_unavailable') {
      request.state = 'refused'
      counts['unavailable']! += 1
      return
    }
    if (told.kind === 'problem') throw new Error(`authorize answered ${told.code}: ${told.message}`)
    if (told.kind === 'denied') {
      request.state = 'refused'
      counts[told.denial.reason === 'budget_unavailable' ? 'unavailable' : 'denied']! += 1
      if (isCalm && told.denial.reason === 'budget_unavailable')
        throw new Error(`without a fault every budget can be confirmed: ${request.id} was refused as unavailable on ${request.node}`)
      return
    }
    // The node takes its own time as that of the event, at the moment of admission.
    truth.change(request, { state: 'open', estimate: told.estimate, at: world.now(), expiresAt: told.expiresAt })
    counts['authorized']! += 1
    void world
      .run(process, () => node!.written())
      .then(() => {
        if (process.alive) request.isDispatched = true
      })
      .catch(() => undefined)
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
    void settled.written
      .then(() => {
        if (process.alive) request.isWritten = true
      })
      .catch(() => undefined)
    if (random.chance(0.3))
      world.run(
        process,
        () =>
          void settled.written
            .then(() => node!.sync())
            .then(() => {
              if (process.alive) request.isSynced = true
            })
            .catch(() => undefined),
      )
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
    if (request === null || request.isExtending) return
    const bound: Amounts = { input: request.bound.input, output: request.bound.output + random.integer(1, 1_000) }
    request.isExtending = true
    const { process } = machine
    const node = machine.node!
    const answer = world.run(machine.process, () => node.extend(request.id, { quantities: quantitiesOf(bound), dimensions: {} }))
    const ended = () => {
      request.isExtending = false
    }
    whenAnswered(
      machine.process,
      answer,
      (told) => {
        ended()
        if (told.kind !== 'allowed') return
        // The stream goes on beyond its first bound when the journal knows of it.
        void world
          .run(process, () => node.written())
          .then(() => {
            if (process.alive && request.state === 'open') truth.change(request, { bound, estimate: told.estimate })
          })
          .catch(() => undefined)
      },
      ended,
    )
  }

  /** An open request of a node, unless its time is nearly over: a late settle is allowed to exceed what was held. */
  function pickOpen(machine: Machine): Request | null {
    const open = openOn(machine).filter(({ expiresAt, isDispatched }) => isDispatched && expiresAt > world.now())
    return open.length === 0 ? null : random.pick(open)
  }

  function expire(): void {
    for (const machine of [...machines.all, ...machines.zombies]) for (const request of openOn(machine)) if (request.expiresAt <= world.now()) truth.change(request, { state: 'expired' })
    for (const request of truth.lost()) if (request.expiresAt <= world.now()) truth.change(request, { state: 'forgotten' })
  }

  function ingest(): void {
    const event: UsageEvent = {
      id: `evt_${random.text(12)}`,
      source: 'app',
      type: EVENT_TYPE,
      customer: CUSTOMER,
      time: world.now(),
      entity: random.pick([null, USER] as (EntityId | null)[]),
      feature: FEATURE,
      run: null,
      key: null,
      quantities: quantitiesOf({ input: random.integer(0, 300), output: random.integer(0, 100) }),
      dimensions: {},
      cost: null,
      estimated: false,
      catalogVersion: null,
      settled: null,
      context: {},
    }
    books.settle(random.chance(0.3) ? [event, event] : [event])
  }

  return { authorize, settle, settleAgain, release, extend, expire, ingest }
}
