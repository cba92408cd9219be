// Tells one start of the machine from the next. What was written and not synced survives the end of a process, not that of the
// machine, so a node asks after a start which of the two it was.

import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** Linux makes one at each boot. Elsewhere the minute of the boot stands for it: a boot takes longer than clocks wander meanwhile. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    return `booted ${Math.round((Date.now() / 1_000 - uptime()) / 60)}`
  }
}
