// Machines: each runs one production node at a time, on its own folder of the disk. A crash ends the process where it is;
// what the journal kept is told apart from what died with it.

import type { UsageEvent } from '@tollgate/core'
import type { HotNode } from '../../packages/server/src/hot/contract.ts'
import { decodeGroups, wholeGroups } from '../../packages/server/src/hot/journal-line.ts'
import { startNode } from '../../packages/server/src/hot/start-node.ts'
import { DISK_ROOT } from './disk.ts'
import type { Run } from './simulate.ts'
import type { Request } from './traffic.ts'
import type { Process } from './world.ts'

export type Machine = { readonly name: string; process: Process; node: HotNode | null; boots: number }

export type Machines = ReturnType<typeof createMachines>

export function createMachines(run: Run, count: number) {
  const { world, disk, plane, truth, books, random, counts, problems } = run
  const all: Machine[] = Array.from({ length: count }, (_, index) => ({ name: `node_${index + 1}`, process: { name: '', alive: false }, node: null, boots: 0 }))
  const folderOf = (machine: Machine) => `${DISK_ROOT}/${machine.name}`
  const openOn = (machine: Machine) => truth.openOf(machine.process.name)

  function boot(machine: Machine): void {
    machine.boots += 1
    const process: Process = { name: `${machine.name}#${machine.boots}`, alive: true }
    machine.process = process
    world.run(process, () => {
      startNode({
        node: machine.name,
        journalFolder: folderOf(machine),
        ...plane.portsOf(process, machine.name),
        clock: { now: world.now },
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
    disk.crash(folderOf(machine), kind, process)
    counts['crashes']! += 1
    const kept = new Set(survivors(machine))
    for (const request of openOn(machine)) lose(request)
    for (const request of settledBefore) {
      if (kept.has(request.id)) continue
      if (request.isSynced || (request.isWritten && kind === 'killed'))
        throw new Error(`what is ${request.isSynced ? 'synced' : 'written'} survives: ${request.id} is gone after the node was ${kind}`)
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

  return { all, up: () => all.filter(({ node }) => node !== null), boot, crash, openOn }
}
