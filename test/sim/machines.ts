// Machines: each runs one production node at a time, on its own folder of the disk. A crash ends the process where it is;
// what the journal kept is told apart from what died with it.

import { DOUBT_REQUEST_MS, instant, type UsageEvent } from '@tollgate/core'
import type { HotNode } from '../../packages/server/src/hot/contract.ts'
import { decodeGroups, wholeGroups } from '../../packages/server/src/hot/journal-line.ts'
import { startNode } from '../../packages/server/src/hot/start-node.ts'
import { DISK_ROOT } from './disk.ts'
import type { Run } from './simulate.ts'
import type { Request } from './traffic.ts'
import type { Process } from './world.ts'

export type Machine = {
  readonly name: string
  process: Process
  node: HotNode | null
  boots: number
  /** Where its journal is. A machine that is replaced while it stands still gets another disk. */
  folder: string
  /** Which start of the machine this is: a power cut begins another. */
  power: number
}

export type Machines = ReturnType<typeof createMachines>

export function createMachines(run: Run, count: number) {
  const { world, disk, plane, truth, books, random, counts, problems } = run
  const all: Machine[] = Array.from({ length: count }, (_, index) => ({ name: `node_${index + 1}`, process: { name: '', alive: false }, node: null, boots: 0, folder: `${DISK_ROOT}/node_${index + 1}`, power: 1 }))
  /** Replaced while they stood still; when they wake they do not know it. */
  const zombies: Machine[] = []
  const openOn = (machine: Machine) => truth.openOf(machine.process.name)

  function boot(machine: Machine): void {
    machine.boots += 1
    const process: Process = { name: `${machine.name}#${machine.boots}`, alive: true }
    machine.process = process
    world.run(process, () => {
      startNode({
        node: machine.name,
        journalFolder: machine.folder,
        ...plane.portsOf(process, machine.name),
        clock: { now: world.now },
        monotonic: () => world.monotonic(process),
        boot: `${machine.folder} ${machine.power}`,
        randomText: () => random.text(16),
        hashKey: (key) => key,
        warn: () => undefined,
      }).then(
        (node) => {
          if (process.alive) machine.node = node
        },
        (error: unknown) => problems.push(error),
      )
    })
  }

  function crash(machine: Machine, kind: 'killed' | 'power_lost'): void {
    const { process } = machine
    const settledBefore = [...truth.requests.values()].filter(
      (request) => request.process === process.name && request.state === 'settled' && !books.charges.has(request.id),
    )
    process.alive = false
    machine.node = null
    if (kind === 'power_lost') machine.power += 1
    disk.crash(machine.folder, kind, process)
    counts['crashes']! += 1
    const kept = new Set(survivors(machine))
    for (const request of openOn(machine)) {
      // What was not in the journal was not sent to a provider.
      if (request.isDispatched) lose(request, kind)
      else truth.change(request, { state: 'released' })
    }
    for (const request of settledBefore) {
      if (kept.has(request.id)) continue
      if (request.isSynced || (request.isWritten && kind === 'killed'))
        throw new Error(`what is ${request.isSynced ? 'synced' : 'written'} survives: ${request.id} is gone after the node was ${kind}`)
      lose(request, kind)
    }
    for (const request of truth.requests.values()) if (request.process === process.name && request.state === 'asking') request.state = 'refused'
  }

  function survivors(machine: Machine): string[] {
    return disk.contents(machine.folder).flatMap((bytes) => {
      const { records } = decodeGroups(bytes.subarray(0, wholeGroups(bytes, bytes.length)), new Set(['settled']))
      return records.map(({ body }) => (body as UsageEvent).id)
    })
  }

  /** Its hold stands until nobody may settle it any more; the lost end of a journal is in doubt for a time of its own. */
  function lose(request: Request, kind: 'killed' | 'power_lost'): void {
    const until = kind === 'killed' ? request.expiresAt : Math.min(request.expiresAt, world.now() + DOUBT_REQUEST_MS)
    truth.change(request, { state: 'lost', expiresAt: instant(until) })
    counts['lost']! += 1
  }

  /** Another machine takes over the name of one that stands still, on a disk of its own. */
  function replace(machine: Machine): void {
    zombies.push({ ...machine })
    machine.folder = `${DISK_ROOT}/${machine.name}.${machine.boots}`
    machine.node = null
    boot(machine)
    counts['zombies']! += 1
  }

  return { all, zombies, up: () => all.filter(({ node, process }) => node !== null && (process.pausedAt ?? null) === null), boot, crash, replace, openOn }
}
