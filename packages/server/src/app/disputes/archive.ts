// A ZIP archive that is written while it is read: files one after the other, each in pieces, so that an archive of any size takes the memory of a
// piece. The last file is a manifest with the size and SHA-256 of all others.

import { createHash } from 'node:crypto'
import { Zip, ZipDeflate } from 'fflate'

export type ArchiveFile = { readonly name: string; readonly pieces: AsyncIterable<string | Uint8Array> }

export const MANIFEST = 'manifest.json'

export async function* archive(files: AsyncIterable<ArchiveFile>): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = []
  const zip = new Zip((error, data) => {
    if (error !== null) throw error
    ready.push(data)
  })
  const taken = function* () {
    const chunks = ready
    ready = []
    yield* chunks
  }
  const manifest: { file: string; bytes: number; sha256: string }[] = []
  for await (const { name, pieces } of files) {
    const entry = new ZipDeflate(name, { level: 6 })
    zip.add(entry)
    const hash = createHash('sha256')
    let bytes = 0
    for await (const piece of pieces) {
      const data = typeof piece === 'string' ? Buffer.from(piece) : piece
      if (data.length === 0) continue
      hash.update(data)
      bytes += data.length
      entry.push(data)
      yield* taken()
    }
    entry.push(new Uint8Array(0), true)
    manifest.push({ file: name, bytes, sha256: hash.digest('hex') })
    yield* taken()
  }
  const entry = new ZipDeflate(MANIFEST)
  zip.add(entry)
  entry.push(Buffer.from(`${JSON.stringify({ files: manifest }, null, 2)}\n`), true)
  zip.end()
  yield* taken()
}
