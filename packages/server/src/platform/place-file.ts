// Puts a finished file under its name, unless somebody was faster: the way that locks and keys are made, so that nobody
// ever reads a half-written one and of several processes exactly one wins.

import { constants, copyFileSync, linkSync } from 'node:fs'

/** Gives the file `from` the name `to` as well; false when `to` exists already. */
export function placeFile(from: string, to: string): boolean {
  return attempt(() => linkSync(from, to)) ?? attempt(() => copyFileSync(from, to, constants.COPYFILE_EXCL), true) ?? false
}

/** Null when the disk cannot do it: one without hard links (exFAT, some shared folders of containers) gets a copy instead. */
function attempt(place: () => void, isLast = false): boolean | null {
  try {
    place()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    if (isLast) throw error
    return null
  }
}
