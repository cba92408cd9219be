// How far an import has come, in a file beside the one that is imported: written after each batch that was answered, so that a run that
// was killed goes on where it was. Sending a batch again would be safe, too: its events are known by their ids.

import { closeSync, ftruncateSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

export type Progress = {
  /** Of the file and how it is mapped: another one starts anew. */
  readonly fingerprint: string
  rows: number
  accepted: number
  duplicate: number
  refused: number
  /** Length of the errors file when this was written. */
  errorBytes: number
}

export type RowError = { readonly row: number; readonly id: string | null; readonly status: string; readonly field: string | null; readonly reason: string; readonly values: Readonly<Record<string, string>> }

export function readProgress(path: string, fingerprint: string): Progress | null {
  try {
    const known = JSON.parse(readFileSync(path, 'utf8')) as Progress
    return known.fingerprint === fingerprint ? known : null
  } catch {
    return null
  }
}

/** In one step: a kill leaves the one before or this one. */
export function writeProgress(path: string, progress: Progress): void {
  writeFileSync(`${path}.new`, JSON.stringify(progress))
  renameSync(`${path}.new`, path)
}

export function forgetProgress(path: string): void {
  rmSync(path, { force: true })
}

export type ErrorsFile = { readonly add: (errors: readonly RowError[]) => void; readonly bytes: () => number; readonly close: () => void }

/** One JSON line a row that was refused. What was written after the last progress is cut off: those rows come again. */
export function openErrors(path: string, from: number): ErrorsFile {
  const file = openSync(path, 'a')
  if (statSync(path).size > from) ftruncateSync(file, from)
  let bytes = from
  return {
    add: (errors) => {
      if (errors.length === 0) return
      bytes += writeSync(file, errors.map((error) => `${JSON.stringify(error)}\n`).join(''))
    },
    bytes: () => bytes,
    close: () => {
      closeSync(file)
      if (bytes === 0) rmSync(path, { force: true })
    },
  }
}

/** Hash of the whole file: the same name with other content is another import. */
export async function fingerprintOf(path: string, mapping: unknown): Promise<{ readonly file: string; readonly whole: string }> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  const file = hash.digest('hex').slice(0, 16)
  return { file, whole: createHash('sha256').update(file + JSON.stringify(mapping)).digest('hex').slice(0, 32) }
}
