// Virtual time and processes. While a world is in force, the timers of Node (global ones and those of timers/promises) run
// on its clock, and belong to the process that set them: a killed process never runs again, whatever it was waiting for.
// One event at a time, and all of its promises settle before the next: the same seed gives the same run.

import { AsyncLocalStorage } from 'node:async_hooks'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Instant } from '@tollgate/core'

/** A simulated process: one incarnation of a node, or the control plane. */
export type Process = {
  readonly name: string
  alive: boolean
  /** Since when it stands still, as a suspended machine does: nothing of it runs, and its monotonic clock stops. */
  pausedAt?: number | null
  /** For how long it stood still so far. */
  pausedMs?: number
}

export type World = {
  /** Milliseconds of virtual time. */
  readonly now: () => Instant
  /** Runs `action` of `process` after `delayMs`, unless the process is dead by then. */
  readonly after: (process: Process, delayMs: number, action: () => void) => () => void
  readonly sleep: (process: Process, delayMs: number) => Promise<void>
  /** Runs `action` as `process`: its timers and files belong to it. */
  readonly run: <T>(process: Process, action: () => T) => T
  /** The process whose code runs now. */
  readonly current: () => Process
  readonly pause: (process: Process) => void
  /** What fell due meanwhile happens now. */
  readonly resume: (process: Process) => void
  /** Milliseconds of a clock that stops with the process. */
  readonly monotonic: (process: Process) => number
  /** Lets `durationMs` pass, with all that falls due. */
  readonly advance: (durationMs: number) => Promise<void>
  /** Lets everything settle that needs no time. */
  readonly settle: () => Promise<void>
  /** Gives the timers back to Node. */
  readonly close: () => void
}

export const OUTSIDE: Process = { name: 'outside', alive: true }

type Due = { readonly at: number; readonly order: number; readonly process: Process; readonly action: () => void; cancelled: boolean }

const require = createRequire(import.meta.url)
const realImmediate = globalThis.setImmediate
/** One for all worlds: a context keeps the store of every instance that it ever ran under. */
const owner = new AsyncLocalStorage<Process>()

export function createWorld(startAt: Instant): World {
  const queue: Due[] = []
  let now: number = startAt
  let order = 0

  /** Due for processes that stand still. */
  const waiting: Due[] = []

  const current = () => owner.getStore() ?? OUTSIDE
  const isPaused = (process: Process) => process.pausedAt !== undefined && process.pausedAt !== null

  function after(process: Process, delayMs: number, action: () => void): () => void {
    const due: Due = { at: now + Math.max(0, delayMs), order: order++, process, action, cancelled: false }
    push(queue, due)
    return () => {
      due.cancelled = true
    }
  }

  async function advance(durationMs: number): Promise<void> {
    const until = now + durationMs
    for (let next = queue[0]; next !== undefined && next.at <= until; next = queue[0]) {
      pop(queue)
      if (next.cancelled || !next.process.alive) continue
      if (isPaused(next.process)) {
        waiting.push(next)
        continue
      }
      now = Math.max(now, next.at)
      owner.run(next.process, next.action)
      await settle()
    }
    now = until
  }

  function resume(process: Process): void {
    if (!isPaused(process)) return
    process.pausedMs = (process.pausedMs ?? 0) + (now - process.pausedAt!)
    process.pausedAt = null
    for (const due of waiting.splice(0)) push(queue, due)
  }

  const settle = () => new Promise<void>((resolve) => realImmediate(resolve))

  function sleep(process: Process, delayMs: number): Promise<void> {
    return new Promise((resolve) => after(process, delayMs, resolve))
  }

  const restore = replaceTimers({
    start: (delayMs, action) => after(current(), delayMs, action),
    repeat: (delayMs, action) => {
      const process = current()
      let cancel = () => {}
      const again = () => {
        cancel = after(process, delayMs, () => {
          again()
          action()
        })
      }
      again()
      return () => cancel()
    },
    sleep: (delayMs) => sleep(current(), delayMs),
  })

  return { now: () => Math.floor(now) as Instant, after, sleep, run: (process, action) => owner.run(process, action), current, advance, settle, close: restore,
    pause: (process) => {
      process.pausedAt = now
    },
    resume,
    monotonic: (process) => (isPaused(process) ? process.pausedAt! : now) - (process.pausedMs ?? 0),
  }
}

type Timers = {
  readonly start: (delayMs: number, action: () => void) => () => void
  readonly repeat: (delayMs: number, action: () => void) => () => void
  readonly sleep: (delayMs: number) => Promise<void>
}

function replaceTimers(timers: Timers): () => void {
  const saved = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    clearTimeout: globalThis.clearTimeout,
    clearInterval: globalThis.clearInterval,
    setImmediate: globalThis.setImmediate,
  }
  const promises = require('node:timers/promises') as { setTimeout: unknown }
  const savedSleep = promises.setTimeout
  const cancels = new WeakMap<object, () => void>()
  const handleOf = (cancel: () => void): object => {
    const handle = { unref: () => handle, ref: () => handle }
    cancels.set(handle, cancel)
    return handle
  }
  const clear = (original: (handle: never) => void) => (handle: unknown) => {
    const cancel = typeof handle === 'object' && handle !== null ? cancels.get(handle) : undefined
    if (cancel !== undefined) cancel()
    else original(handle as never)
  }
  Object.assign(globalThis, {
    setTimeout: (action: (...values: unknown[]) => void, delayMs = 0, ...values: unknown[]) => handleOf(timers.start(delayMs, () => action(...values))),
    setInterval: (action: (...values: unknown[]) => void, delayMs = 0, ...values: unknown[]) => handleOf(timers.repeat(delayMs, () => action(...values))),
    clearTimeout: clear(saved.clearTimeout),
    clearInterval: clear(saved.clearInterval),
    setImmediate: (action: (...values: unknown[]) => void, ...values: unknown[]) => handleOf(timers.start(0, () => action(...values))),
  })
  promises.setTimeout = (delayMs = 0, value?: unknown) => timers.sleep(delayMs).then(() => value)
  syncBuiltinESMExports()
  return () => {
    Object.assign(globalThis, saved)
    promises.setTimeout = savedSleep
    syncBuiltinESMExports()
  }
}

/** A binary heap by time, then by the order of insertion. */
function before(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Due[], due: Due): void {
  let index = heap.length
  heap.push(due)
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!before(due, heap[parent]!)) break
    heap[index] = heap[parent]!
    index = parent
  }
  heap[index] = due
}

function pop(heap: Due[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    let child = index * 2 + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1
    if (!before(heap[child]!, last)) break
    heap[index] = heap[child]!
    index = child
  }
  heap[index] = last
}
