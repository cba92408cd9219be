// The journal of a node in files: `<folder>/<segment>.log`, appended in groups: all lines of one turn of the event loop share a write. It
// is made at once, because handing it to another thread and back takes ten times as long as the system takes to note it; a
// disk that turns out slow is written to in the background for a while, so that it delays those who wait for it and nobody else. Three classes of durability: written (append resolves; survives kill -9),
// synced (sync resolves; survives power loss), shipped (released by the settlement; survives the disk).
// After a failed write or sync nothing is appended any more: the kernel may have dropped the pages, so a retry would lie.

import { writeSync } from 'node:fs'
import { mkdir, open, readdir, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { JOURNAL_BYTES_MAX, JOURNAL_SEGMENT_BYTES_MAX, type Journal, type JournalPosition, type JournalStretch } from '@tollgate/core'
import { encodeGroups, encodeLine, wholeGroups, type Started } from './journal-line.ts'

/** How long written lines may wait for their group's sync. */
const SYNC_INTERVAL_MS = 5
/** Lines of one group: a group must fit a stretch that is shipped, and the longest line is bounded by LINE_BYTES_MAX. */
const GROUP_LINES_MAX = 256
/** Bytes of the longest line, so that a group always fits. */
const LINE_BYTES_MAX = 128 * 1024

/** As much as mostly comes together in one turn; what comes beyond has a buffer of its own. */
const ROOM_BYTES = 1024 * 1024

/** A write that took so long is one of a slow disk, which is written to in the background for so long. */
const SLOW_MS = 5
const SLOW_FOR_MS = 1_000

export type FileJournal = Journal & {
  /** Bytes on disk that are not released yet. */
  readonly backlogBytes: () => number
  /** Of what was written after it. */
  readonly bytesAfter: (position: JournalPosition) => number
  /** Why nothing can be appended, or null. */
  readonly failure: () => Error | null
  /** Resolves when all lines so far are in the file. */
  readonly written: () => Promise<void>
  /** Resolves when something was appended after `position`, or after `timeoutMs`. */
  readonly appended: (position: JournalPosition, timeoutMs: number) => Promise<void>
  /** All that is still on disk, oldest first: what a start replays. */
  readonly stored: () => AsyncIterable<JournalStretch>
}

export type FileJournalOptions = {
  /** The segment that settlement has seen last; a journal that lost its disk must not write below it. */
  readonly after?: number
  /** Begins each segment, so that whoever reads it later knows whose lines they are. */
  readonly started?: Started
  /** Lines that a new segment repeats, because older segments go when they are settled: the intents of what is still open. */
  readonly carry?: () => Iterable<string>
}

export async function openFileJournal(folder: string, options: FileJournalOptions = {}): Promise<FileJournal> {
  const { after = 0, started = { incarnation: 0, boot: '' }, carry = () => [] } = options
  const heading = encodeLine('started', started)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const segments = await listSegments(folder)
  const sizes = new Map<number, number>()
  for (const segment of segments) sizes.set(segment, (await stat(pathOf(folder, segment))).size)
  // A new start opens a new segment, so that a torn tail of the last one stays where it is and is never written over.
  let segment = Math.max(segments.at(-1) ?? 0, after) + 1
  let file: FileHandle = await open(pathOf(folder, segment), 'a', 0o600)
  sizes.set(segment, 0)

  let failure: Error | null = null
  let backlog = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  /** Where groups are put together. Only one write is on its way at a time, so it is free again for the next. */
  const room = Buffer.allocUnsafe(ROOM_BYTES)
  let queue: string[] = [heading]
  /** Of the group that is being gathered: all who wait for its lines share one promise. */
  let gathered = newGroup()
  let writing: Promise<void> | null = null
  let syncing: Promise<void> | null = null
  let isScheduled = false
  let slowUntil = 0
  let dirty = false
  const onAppended: (() => void)[] = []

  const fail = (error: unknown): Error => (failure ??= error instanceof Error ? error : new Error(String(error)))

  /** Lines of one turn of the event loop go together; while the background writes, it takes them along. */
  function writeSoon(): void {
    if (isScheduled || writing !== null) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      if (queue.length === 0 || writing !== null) return
      if (failure !== null || performance.now() < slowUntil) return writeBehind()
      const group = takeGroup()
      const startedAt = performance.now()
      const at = writeNow(group)
      if (performance.now() - startedAt > SLOW_MS) slowUntil = performance.now() + SLOW_FOR_MS
      if (at < group.bytes.length) return failure === null ? writeBehind({ group, at }) : group.reject(failure)
      finish(group)
      if (isFull()) writeBehind()
    })
  }

  /** How much of it was written: all, unless the system would rather have it in the background, or it failed. */
  function writeNow({ bytes }: Written): number {
    let at = 0
    try {
      while (at < bytes.length) at += writeSync(file.fd, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') fail(error)
    }
    return at
  }

  /** Writes in the background, a new segment where the last one is full, until nothing is left to write. */
  function writeBehind(begun: Begun | null = null): void {
    writing = behind(begun).finally(() => {
      writing = null
      if (queue.length > 0) writeSoon()
    })
  }

  async function behind(begun: Begun | null): Promise<void> {
    if (isFull()) await rotate().catch(fail)
    for (let next = begun; next !== null || queue.length > 0; next = null) {
      const { group, at: from } = next ?? { group: takeGroup(), at: 0 }
      try {
        if (failure !== null) throw failure
        for (let at = from; at < group.bytes.length; ) at += (await file.write(group.bytes, at)).bytesWritten
        finish(group)
        if (isFull()) await rotate()
      } catch (error) {
        group.reject(fail(error))
      }
    }
  }

  function takeGroup(): Written {
    const lines = queue
    const group = gathered
    queue = []
    gathered = newGroup()
    return { ...group, bytes: encodeGroups(cut(lines), room) }
  }

  function finish({ bytes, resolve }: Written): void {
    sizes.set(segment, (sizes.get(segment) ?? 0) + bytes.length)
    backlog += bytes.length
    dirty = true
    resolve()
    for (const listener of onAppended.splice(0)) listener()
  }

  function isFull(): boolean {
    return failure === null && (sizes.get(segment) ?? 0) >= JOURNAL_SEGMENT_BYTES_MAX
  }

  async function rotate(): Promise<void> {
    await file.datasync()
    const full = file
    const next = await open(pathOf(folder, segment + 1), 'a', 0o600)
    segment += 1
    file = next
    sizes.set(segment, 0)
    queue = [heading, ...carry(), ...queue]
    await full.close()
  }

  async function syncNow(): Promise<void> {
    await written()
    if (!dirty) return
    dirty = false
    try {
      await file.datasync()
    } catch (error) {
      throw fail(error)
    }
  }

  const timer = setInterval(() => {
    if (dirty && syncing === null) syncing = syncNow().catch(() => undefined).finally(() => { syncing = null })
  }, SYNC_INTERVAL_MS)
  timer.unref()

  function note(line: string): void {
    if (line.length > LINE_BYTES_MAX) throw new RangeError(`a journal line of ${line.length} characters is too long`)
    queue.push(line)
    writeSoon()
  }

  function written(): Promise<void> {
    if (failure !== null) return Promise.reject(failure)
    if (queue.length > 0) return gathered.promise
    return writing === null ? Promise.resolve() : handled(writing.then(() => (failure === null ? undefined : Promise.reject(failure))))
  }

  writeSoon()
  return {
    append: (line) => {
      if (failure !== null) return handled(Promise.reject(failure))
      note(line)
      return gathered.promise
    },
    note,
    written,
    sync: async () => {
      if (syncing !== null) await syncing
      await syncNow()
    },
    read: (from, bytesMax) => readStretch({ folder, sizes, from, bytesMax }),
    release: async (position) => {
      for (const old of [...sizes.keys()].filter((candidate) => candidate < position.segment && candidate !== segment)) {
        backlog -= sizes.get(old) ?? 0
        sizes.delete(old)
        await rm(pathOf(folder, old), { force: true })
      }
    },
    close: async () => {
      clearInterval(timer)
      await syncNow().catch(() => undefined)
      await file.close()
    },
    backlogBytes: () => backlog,
    bytesAfter: ({ segment: of, offset }) => [...sizes].reduce((sum, [one, bytes]) => sum + (one > of ? bytes : one === of ? bytes - offset : 0), 0),
    failure: () => failure ?? (backlog > JOURNAL_BYTES_MAX ? new Error('the journal is full: its settlement is too far behind') : null),
    appended: (position, timeoutMs) => {
      if (position.segment < segment || position.offset < (sizes.get(segment) ?? 0)) return Promise.resolve()
      return new Promise((resolve) => {
        const timeout = setTimeout(resolve, timeoutMs)
        onAppended.push(() => { clearTimeout(timeout); resolve() })
      })
    },
    stored: () => storedStretches(folder, sizes),
  }
}

type Group = { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (error: Error) => void }

type Written = Group & { readonly bytes: Buffer }
/** A group of which `at` bytes are in the file. */
type Begun = { readonly group: Written; readonly at: number }

function newGroup(): Group {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  return { promise: handled(promise), resolve, reject }
}

/** Most lines are noted and nobody waits, or whoever did is gone; a failed journal is seen by the next admission. */
function handled(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined)
  return promise
}

type ReadInput = { readonly folder: string; readonly sizes: ReadonlyMap<number, number>; readonly from: JournalPosition; readonly bytesMax: number }

/** Groups that are small enough to be shipped, whatever came together. */
function cut(lines: readonly string[]): (readonly string[])[] {
  const groups: string[][] = []
  let group: string[] = []
  let length = 0
  for (const line of lines) {
    if (group.length > 0 && (group.length >= GROUP_LINES_MAX || length + line.length > LINE_BYTES_MAX)) {
      groups.push(group)
      group = []
      length = 0
    }
    group.push(line)
    length += line.length
  }
  groups.push(group)
  return groups
}

/** Whole groups from one segment; at its end the next one. A tail without trailer is left: torn, or still being written. */
async function readStretch(input: ReadInput): Promise<JournalStretch | null> {
  const known = [...input.sizes.keys()].sort((a, b) => a - b)
  let { segment, offset } = input.from
  for (const candidate of known.filter((id) => id >= segment)) {
    if (candidate > segment) {
      segment = candidate
      offset = 0
    }
    const size = input.sizes.get(candidate) ?? 0
    const lines = size > offset ? await readLines(pathOf(input.folder, segment), offset, Math.min(size - offset, input.bytesMax)) : null
    if (lines !== null && lines.length > 0) return { from: { segment, offset }, to: { segment, offset: offset + lines.length }, lines }
  }
  return null
}

async function readLines(path: string, offset: number, length: number): Promise<Uint8Array | null> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(length)
    const { bytesRead } = await file.read(buffer, 0, length, offset)
    return buffer.subarray(0, wholeGroups(buffer, bytesRead))
  } finally {
    await file.close()
  }
}

async function* storedStretches(folder: string, sizes: ReadonlyMap<number, number>): AsyncIterable<JournalStretch> {
  let position: JournalPosition = { segment: 0, offset: 0 }
  for (;;) {
    const stretch = await readStretch({ folder, sizes, from: position, bytesMax: 4 * 1024 * 1024 })
    if (stretch === null) return
    yield stretch
    position = stretch.to
  }
}

async function listSegments(folder: string): Promise<number[]> {
  const names = await readdir(folder)
  return names.filter((name) => /^\d+\.log$/.test(name)).map((name) => Number(name.slice(0, -4))).sort((a, b) => a - b)
}

function pathOf(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, '0')}.log`)
}
