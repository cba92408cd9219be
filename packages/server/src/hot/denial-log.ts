// Records refusals in the journal, bounded: the first few of a key in a second are written in full, the rest are counted
// and the count goes with the next one written. A client that hammers an empty wallet costs a counter, not a disk.

import { DENIALS_RECORDED_PER_SECOND } from '@tollgate/core'
import { encodeLine, type DenialRecord } from './journal-line.ts'

export type DenialLog = { readonly record: (denial: Omit<DenialRecord, 'unrecorded'>) => void }

/** Keys whose windows are remembered; beyond it the oldest is forgotten, which only means that it may write again. */
const WINDOWS_MAX = 10_000

export function denialLog(note: (line: string) => void): DenialLog {
  const windows = new Map<string, { second: number; written: number; unrecorded: number }>()
  return {
    record: (denial) => {
      const key = denial.key ?? denial.customer
      const second = Math.floor(denial.time / 1_000)
      const window = windows.get(key) ?? { second, written: 0, unrecorded: 0 }
      if (window.second !== second) Object.assign(window, { second, written: 0 })
      windows.delete(key)
      windows.set(key, window)
      if (windows.size > WINDOWS_MAX) windows.delete(windows.keys().next().value ?? key)
      if (window.written >= DENIALS_RECORDED_PER_SECOND) {
        window.unrecorded += 1
        return
      }
      window.written += 1
      note(encodeLine('denied', { ...denial, unrecorded: window.unrecorded }))
      window.unrecorded = 0
    },
  }
}
