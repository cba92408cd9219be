// Builds the pages into `dist/`: two entries, hashed assets, each compressed once. A stamp of everything that goes in tells whether what
// is there is what the sources say, so that a start builds only after a change and a clone needs no step of its own. The new folder
// moves into place whole: two builds at once do no harm, and a reader never sees half of one.

import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const ROOT = import.meta.dirname
export const PAGES_FOLDER = join(ROOT, 'dist')
const STAMP = 'stamp.txt'
const COMPRESSED = /\.(?:js|css|html|svg|json)$/

/** True when `dist/` was built from the sources as they are. */
export function isBuilt(): boolean {
  const file = join(PAGES_FOLDER, STAMP)
  return existsSync(file) && readFileSync(file, 'utf8') === sourceStamp()
}

export async function buildPages(): Promise<void> {
  const stamp = sourceStamp()
  // Whatever the caller's is: React has a slow build for development.
  process.env['NODE_ENV'] = 'production'
  const { build } = await import('vite')
  const folder = mkdtempSync(join(ROOT, 'dist-'))
  try {
    await build({ root: ROOT, configFile: join(ROOT, 'vite.config.ts'), logLevel: 'error', build: { outDir: folder, emptyOutDir: true } })
    for (const path of globSync('**/*', { cwd: folder })) if (COMPRESSED.test(path)) compress(join(folder, path))
    writeFileSync(join(folder, STAMP), stamp)
    const old = `${folder}-old`
    if (existsSync(PAGES_FOLDER)) renameSync(PAGES_FOLDER, old)
    renameSync(folder, PAGES_FOLDER)
    rmSync(old, { recursive: true, force: true })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function compress(file: string): void {
  const bytes = readFileSync(file)
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }))
}

/** Everything that goes into the pages: their sources, core's, and the versions of what they are made with. */
function sourceStamp(): string {
  const hash = createHash('sha256')
  const files = ['packages/web/*.{html,ts,json}', 'packages/web/src/**/*', 'packages/core/src/**/*.ts', 'package-lock.json']
  const repository = join(ROOT, '..', '..')
  for (const path of globSync(files, { cwd: repository }).filter((path) => /\.\w+$/.test(path) && !path.endsWith('.test.ts')).sort()) {
    hash.update(path).update(readFileSync(join(repository, path)))
  }
  return hash.digest('hex')
}

if (import.meta.main) await buildPages()
