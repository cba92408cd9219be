// A simulated disk behind node:fs/promises and writeSync, for paths under its root. What was written survives the death of a process,
// what was synced survives the loss of power; a write in flight may leave a part of itself behind, and no file is ever
// read by a process that is dead.

import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Random } from './random.ts'
import type { Process, World } from './world.ts'

export const DISK_ROOT = '/simulated'
/** How long one write and one sync take, at most: a cloud disk on an ordinary day. */
const WRITE_MS_MAX = 2
const SYNC_MS_MAX = 8
/** How often it is too busy to write at once, so that the write is made in the background and may be torn by a death. */
const BUSY = 0.5
/** File descriptors of its own, beyond all that the system gives out. */
const FD_MIN = 1_000_000_000

type File = { data: Buffer; synced: number; pending: { readonly process: Process; readonly bytes: Buffer }[] }

export type Disk = {
  /** What a death leaves behind of the files under `folder`. */
  readonly crash: (folder: string, kind: 'killed' | 'power_lost', process: Process) => void
  /** The files under `folder`, oldest name first. */
  readonly contents: (folder: string) => Buffer[]
  readonly close: () => void
}

const require = createRequire(import.meta.url)

/** @param syncs false: it says that it has synced, and has not. */
export function createDisk(world: World, random: Random, syncs = true): Disk {
  const files = new Map<string, File>()
  const promises = require('node:fs/promises') as Record<string, unknown>
  const sync = require('node:fs') as Record<string, unknown>
  const { writeSync } = sync as { writeSync: (...values: unknown[]) => number }
  const opened: File[] = []
  const saved = { mkdir: promises['mkdir'], open: promises['open'], readdir: promises['readdir'], rm: promises['rm'], stat: promises['stat'] }
  const isOurs = (path: unknown): path is string => typeof path === 'string' && path.startsWith(DISK_ROOT)
  /** Takes virtual time; never returns to a process that died meanwhile. */
  const taking = <T>(delayMs: number, action: () => T): Promise<T> => {
    const process = world.current()
    return new Promise((resolve, reject) =>
      world.after(process, delayMs, () => {
        try {
          resolve(action())
        } catch (error) {
          reject(error)
        }
      }),
    )
  }
  const fileAt = (path: string): File => {
    const file = files.get(path)
    if (file === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' })
    return file
  }

  function handleOf(path: string) {
    const file = fileAt(path)
    return {
      fd: FD_MIN + opened.push(file) - 1,
      write: (bytes: Buffer, at: number) => {
        const write = { process: world.current(), bytes: Buffer.from(bytes.subarray(at)) }
        file.pending.push(write)
        return taking(random.unit() * WRITE_MS_MAX, () => {
          file.pending.splice(file.pending.indexOf(write), 1)
          file.data = Buffer.concat([file.data, write.bytes])
          return { bytesWritten: write.bytes.length, buffer: bytes }
        })
      },
      datasync: () => {
        const { length } = file.data
        return taking(random.unit() * SYNC_MS_MAX, () => {
          if (syncs) file.synced = Math.max(file.synced, length)
        })
      },
      read: (buffer: Buffer, offset: number, length: number, position: number) =>
        Promise.resolve({ bytesRead: file.data.copy(buffer, offset, position, position + length), buffer }),
      close: () => Promise.resolve(),
    }
  }

  const ours: Record<string, (...values: never[]) => unknown> = {
    mkdir: () => Promise.resolve(undefined),
    open: (path: string, flags: string) => {
      if (flags === 'a' && !files.has(path)) files.set(path, { data: Buffer.alloc(0), synced: 0, pending: [] })
      return Promise.resolve().then(() => handleOf(path))
    },
    readdir: (folder: string) =>
      Promise.resolve(
        [...files.keys()]
          .filter((path) => path.startsWith(`${folder}/`))
          .map((path) => path.slice(folder.length + 1))
          .sort(),
      ),
    rm: (path: string) => Promise.resolve(files.delete(path)).then(() => undefined),
    stat: (path: string) => Promise.resolve().then(() => ({ size: fileAt(path).data.length })),
  }
  sync['writeSync'] = (...values: unknown[]) => {
    const [fd, bytes, at = 0] = values as [number, Buffer, number?]
    if (fd < FD_MIN) return writeSync(...values)
    if (random.unit() < BUSY) throw Object.assign(new Error('EAGAIN: the disk is busy'), { code: 'EAGAIN' })
    const file = opened[fd - FD_MIN]!
    const written = Buffer.from(bytes.subarray(at))
    file.data = Buffer.concat([file.data, written])
    return written.length
  }
  for (const [name, ourOwn] of Object.entries(ours)) {
    const original = saved[name as keyof typeof saved] as (...values: unknown[]) => unknown
    promises[name] = (...values: unknown[]) => (isOurs(values[0]) ? ourOwn(...(values as never[])) : original(...values))
  }
  syncBuiltinESMExports()

  function crash(folder: string, kind: 'killed' | 'power_lost', process: Process): void {
    for (const [path, file] of files) {
      if (!path.startsWith(`${folder}/`)) continue
      for (const write of file.pending.filter((candidate) => candidate.process === process)) {
        const arrived = random.pick([0, write.bytes.length, random.integer(0, write.bytes.length)])
        file.data = Buffer.concat([file.data, write.bytes.subarray(0, arrived)])
      }
      file.pending = file.pending.filter((candidate) => candidate.process !== process)
      if (kind === 'power_lost') file.data = file.data.subarray(0, random.integer(Math.min(file.synced, file.data.length), file.data.length))
      // Whoever reads the file from now on reads what has reached the disk.
      file.synced = file.data.length
    }
  }

  return {
    crash,
    contents: (folder) =>
      [...files]
        .filter(([path]) => path.startsWith(`${folder}/`))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, file]) => file.data),
    close: () => {
      Object.assign(promises, saved)
      sync['writeSync'] = writeSync
      syncBuiltinESMExports()
    },
  }
}
