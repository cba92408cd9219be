// What a command downloads, to standard output or into a file. A file appears under its name when it is whole; a device or a pipe is written
// into, never put in the place of.

import { createWriteStream, statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CliError, say, type CliDeps } from './output.ts'

/** Progress is shown this often on a terminal. */
const SHOWN_EVERY_MS = 200

export async function saveFile(response: Response, { out, deps }: { readonly out: string | null; readonly deps: CliDeps }): Promise<void> {
  const body = Readable.fromWeb(response.body as never)
  if (out === null) return pipeline(body, deps.stdout, { end: false })
  const part = isNoFile(out) ? out : `${out}.part`
  let [bytes, shownAt] = [0, 0]
  const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length
      if (deps.stderr.isTTY === true && performance.now() - shownAt > SHOWN_EVERY_MS) {
        shownAt = performance.now()
        deps.stderr.write(`\r${out}: ${sizeText(bytes)}`)
      }
      yield chunk
    }
  }
  try {
    await pipeline(body, counted, createWriteStream(part, { mode: 0o600 }))
    if (part !== out) await rename(part, out)
  } catch (error) {
    if (part !== out) await rm(part, { force: true })
    throw new CliError(`${out} could not be written: ${error instanceof Error ? error.message : String(error)}.`, 'Nothing was left behind; run it again.')
  }
  say(deps, `${deps.stderr.isTTY === true ? '\r' : ''}${out}: ${sizeText(bytes)}`)
}

/** Something is there, such as `/dev/null` or a named pipe, that is written into: a file in its place would take it away from everybody else. */
export function isNoFile(path: string): boolean {
  const known = statSync(path, { throwIfNoEntry: false })
  return known !== undefined && !known.isFile() && !known.isDirectory()
}

function sizeText(bytes: number): string {
  return bytes < 1_000 ? `${bytes} bytes` : bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}
