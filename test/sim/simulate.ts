// One simulated run: a few nodes of the production data plane on a virtual clock, disk and network, a customer that uses
// them as hard as it can, and faults. After every step the invariants are checked; the same seed gives the same run.

import { DOUBT_REQUEST_MS, parseUnits } from '@tollgate/core'
import { budgetsOf } from '../../packages/server/src/app/customer-contexts.ts'
import { createBooks } from './books.ts'
import { checkDrained, checkRest, checkStep, type Checked } from './checks.ts'
import { createClients } from './clients.ts'
import { createDisk } from './disk.ts'
import { createMachines, type Machine } from './machines.ts'
import type { Mutation } from './mutations.ts'
import { createPlane, type Faults } from './plane.ts'
import { seeded } from './random.ts'
import { FIRST_CREDIT, PLANS, STARTS, type PlanId } from './scenario.ts'
import { LONG_TERMS, someTerms } from './terms.ts'
import { createTruth } from './traffic.ts'
import { createWorld } from './world.ts'

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

const ACTIONS = {
  authorize: 34,
  burst: 0.3,
  settle: 26,
  settle_again: 2,
  release: 4,
  extend: 4,
  top_up: 1,
  recall: 1,
  ingest: 1,
  kill: 0.5,
  lose_power: 0.4,
  boot: 3,
  cut: 0.6,
  pause: 0.4,
  resume: 2,
  replace: 0.5,
  fail_over: 0.2,
  lower_limit: 0.2,
  mend: 2,
  wait: 2,
}

export async function simulate(options: Options): Promise<Outcome> {
  const run = createRun(options)
  let step = 0
  try {
    await run.begin()
    for (step = 1; step <= options.steps; step++) await run.step()
    await run.finish()
    return { seed: options.seed, plan: run.plan, broken: null, step, counts: run.counts }
  } catch (error) {
    return {
      seed: options.seed,
      plan: run.plan,
      broken: error instanceof Error ? `${error.name === 'Error' || error.name === 'BrokenInvariant' ? '' : `${error.name}: `}${error.message}` : String(error),
      step,
      counts: run.counts,
    }
  } finally {
    run.close()
  }
}

/** What the parts of one run share. */
export type Run = ReturnType<typeof createParts>

function createParts({ seed, mutation, rolls }: Options) {
  const random = seeded(seed)
  const world = createWorld(STARTS[rolls ? random.pick(['noon', 'midnight', 'period_end'] as const) : 'noon'])
  const disk = createDisk(world, random, mutation !== 'sync_lies')
  const plan = random.pick(PLANS)
  const books = createBooks(plan, world, mutation)
  /** A quarter of the runs has no faults: there nobody may be refused because a budget could not be confirmed. */
  const isCalm = random.chance(0.25)
  const faults: Faults = { lost: isCalm ? 0 : random.pick([0, 0.01, 0.05]), doubled: random.pick([0, 0.1]), cut: new Set() }
  const truth = createTruth((at) => {
    const { snapshot } = books.contextAt(at)
    return { snapshot, budgets: budgetsOf(snapshot) }
  })
  /** Some runs use more than they asked for: what happened is booked all the same. */
  const overruns = random.chance(0.2)
  /** Nothing is kept for the requests of that process any more, and its later claims are nobody's charge. */
  const onGivenUp = (process: string) => {
    for (const request of truth.requests.values()) {
      if (request.process === process && !books.charges.has(request.id) && ['open', 'settled', 'lost'].includes(request.state)) truth.change(request, { state: 'given_up' })
    }
    counts['given_up']! += 1
  }
  const counts: Record<string, number> = { authorized: 0, denied: 0, unavailable: 0, settled: 0, lost: 0, crashes: 0, zombies: 0, given_up: 0 }
  /** Errors that came out of promises: thrown at the next check. */
  const problems: unknown[] = []
  const plane = createPlane({ world, random, books, faults, mutation, terms: isCalm ? LONG_TERMS : someTerms(random), onGivenUp })
  return { random, world, disk, plan, books, isCalm, faults, plane, truth, overruns, counts, problems }
}

function createRun(options: Options) {
  const run = createParts(options)
  const { random, world, disk, plan, books, isCalm, faults, plane, counts, problems } = run
  const machines = createMachines(run, random.integer(2, 3))
  const { all, zombies, boot, crash, openOn } = machines
  const { authorize, settle, settleAgain, release, extend, expire, ingest } = createClients(run, machines)
  const checked: Checked = { books, truth: run.truth, plan, overruns: run.overruns, drift: 0n }

  function act(): void {
    const action = random.weighted(isCalm ? { ...ACTIONS, kill: 0, lose_power: 0, cut: 0, pause: 0, replace: 0, fail_over: 0, lower_limit: 0 } : ACTIONS)
    const running = machines.up()
    const machine = random.pick(all)
    const node = running.length === 0 ? null : random.pick(running)
    switch (action) {
      case 'authorize':
        return node === null ? undefined : authorize(node)
      case 'burst':
        return node === null ? undefined : void Array.from({ length: random.integer(20, 200) }, () => authorize(node))
      case 'settle':
        return node === null ? undefined : settle(node)
      case 'settle_again':
        return node === null ? undefined : settleAgain(node)
      case 'release':
        return node === null ? undefined : release(node)
      case 'extend':
        return node === null ? undefined : extend(node)
      case 'top_up':
        books.topUp(parseUnits(random.pick(['0.05', '0.2', '0.000001']), 'USD'))
        return plane.announce()
      case 'recall':
        return void plane.recall(['wallet:USD', 'allowance:tokens', 'limit:daily', 'cap:team'])
      case 'ingest':
        return ingest()
      case 'kill':
        return machine.process.alive ? crash(machine, 'killed') : undefined
      case 'lose_power':
        return machine.process.alive ? crash(machine, 'power_lost') : undefined
      case 'boot':
        return machine.process.alive ? undefined : boot(machine)
      case 'cut':
        return void faults.cut.add(machine.name)
      case 'mend':
        return faults.cut.clear()
      case 'pause':
        return machine.process.alive && (machine.process.pausedAt ?? null) === null ? world.pause(machine.process) : undefined
      case 'resume':
        return wake(random.chance(0.3) ? [...all, ...zombies] : [machine])
      case 'replace':
        return machine.process.alive && (machine.process.pausedAt ?? null) !== null && machine.node !== null ? machines.replace(machine) : undefined
      case 'fail_over':
        return plane.failOver()
      case 'lower_limit':
        return lowerLimit()
      case 'wait':
        return undefined
    }
  }

  function wake(some: readonly Machine[]): void {
    for (const { process } of some) world.resume(process)
  }

  /** A limit is lowered while some of it is lent out, never below what it was for long. */
  function lowerLimit(): void {
    const row = random.pick([...books.lent.budgets.values()])
    if (row === undefined || row.budget.id.startsWith('wallet:')) return
    const { limit, settled } = books.lent.accountOf(row)
    const lowered = (limit * BigInt(random.integer(70, 100))) / 100n
    books.lent.run({ kind: 'limit', account: row.key, limit: lowered })
    const over = settled + books.lent.escrowOf(row) - lowered
    if (over > row.overhang) row.overhang = over
    plane.announce()
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
    plan,
    counts,
    begin: async () => {
      books.topUp(FIRST_CREDIT)
      for (const machine of all) boot(machine)
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
      wake([...all, ...zombies])
      for (const machine of all) if (!machine.process.alive) boot(machine)
      await pass(20_000)
      for (const machine of all) {
        for (let left = openOn(machine).length; left > 0; left--) {
          if (random.chance(0.5)) settle(machine)
          else release(machine)
        }
      }
      await pass(5_000)
      for (const machine of all) world.run(machine.process, () => void machine.node!.drain())
      await pass(10_000)
      if (isCalm) checkDrained(checked)
      for (const machine of [...all, ...zombies]) machine.process.alive = false
      // Nobody runs while the last doubts end.
      await world.advance(DOUBT_REQUEST_MS + 3_600_000)
      for (const machine of all) boot(machine)
      await pass(10_000)
      checkRest(checked)
    },
    close: () => {
      for (const machine of [...all, ...zombies]) machine.process.alive = false
      disk.close()
      world.close()
    },
  }
}
