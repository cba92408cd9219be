// The key that seals the secrets in the database: from the environment, or from a file that is made once. Invariant: an existing key
// file is never overwritten, because what was sealed with it would be lost.

import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { placeFile } from './place-file.ts'
import { MASTER_KEY_BYTES } from './secrets.ts'
import { StartError } from './start-error.ts'

/** @param options.masterKey base64 of 32 bytes, or null for the file `master.key` in the data folder. */
export function loadMasterKey(options: { readonly masterKey: string | null; readonly dataDir: string }): Uint8Array {
  if (options.masterKey !== null) return decode(options.masterKey, 'TOLLGATE_MASTER_KEY')
  const path = join(options.dataDir, 'master.key')
  try {
    return readKeyFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  createKeyFile(path)
  return readKeyFile(path)
}

function readKeyFile(path: string): Uint8Array {
  const key = decode(readFileSync(path, 'utf8').trim(), path)
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
  return key
}

/** Written aside and put into place whole: of two starts one makes the key, and a power cut leaves all of it or nothing. */
function createKeyFile(path: string): void {
  const fresh = `${path}.${process.pid}`
  const file = openSync(fresh, 'w', 0o600)
  try {
    writeSync(file, `${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`)
    fsyncSync(file)
    placeFile(fresh, path)
  } finally {
    closeSync(file)
    rmSync(fresh, { force: true })
  }
}

function decode(text: string, source: string): Uint8Array {
  const key = Buffer.from(text, 'base64')
  if (key.length === MASTER_KEY_BYTES) return key
  throw new StartError({ code: 'invalid_master_key', message: `${source} must hold ${MASTER_KEY_BYTES} bytes in base64. Restore the key that the database's secrets were sealed with; a new one is made by: openssl rand -base64 32` })
}
