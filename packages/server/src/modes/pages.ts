// The built pages for the server: built in a process of their own when they are missing or older than their sources, while the rest
// starts, so that a fresh clone needs no step for them. An installation without the build tools serves what was built into it.

import { spawn } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isBuilt, PAGES_FOLDER } from '@tollgate/web/build'
import type { PageFile, PageFiles } from '../api/page-files.ts'
import { ApiError } from '../api/problems.ts'
import type { Log } from '../platform/log.ts'

const BUILD = join(PAGES_FOLDER, '..', 'build.ts')
const BUILD_TIMEOUT_MS = 120_000

/** Starts the build if one is needed; the returned function waits for it. */
export function preparePages(log: Log): () => Promise<PageFiles> {
  const prepared = ready(log).then(readFiles)
  // Told when a page is asked for.
  prepared.catch(() => undefined)
  return () => prepared
}

async function ready(log: Log): Promise<void> {
  if (isBuilt()) return
  const startedAt = performance.now()
  process.stderr.write('Building the pages, once …\n')
  const failure = await build()
  if (failure === null) log.debug({ seconds: Math.round((performance.now() - startedAt) / 1_000) }, 'the pages were built')
  else if (!existsSync(join(PAGES_FOLDER, 'console.html'))) {
    log.error({ failure }, 'the pages could not be built; the API works without them')
    throw new ApiError('pages_not_built', 'the console and the portal were not built; the log of this server says why, and `node packages/web/build.ts` tries again')
  } else log.warn({ failure }, 'the pages could not be built anew; those of an earlier build are served')
}

/** Null when it went well. */
function build(): Promise<string | null> {
  return new Promise((resolve) => {
    // A colleague of the gateway's: it gets neither keys nor the address of the database.
    const child = spawn(process.execPath, [BUILD], { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'], NODE_ENV: 'production' }, timeout: BUILD_TIMEOUT_MS })
    let output = ''
    child.stderr.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000)
    })
    child.on('error', (error) => resolve(error.message))
    child.on('exit', (code) => resolve(code === 0 ? null : output.trim() || `the build ended with ${code}`))
  })
}

function readFiles(): PageFiles {
  const files = new Map<string, PageFile>()
  const read = (path: string) => (existsSync(path) ? readFileSync(path) : null)
  for (const path of globSync('**/*.*', { cwd: PAGES_FOLDER })) {
    if (/\.(?:gz|br|txt)$/.test(path)) continue
    const file = join(PAGES_FOLDER, path)
    files.set(path.replaceAll('\\', '/'), { bytes: readFileSync(file), gzip: read(`${file}.gz`), brotli: read(`${file}.br`) })
  }
  return { file: (path) => files.get(path) ?? null }
}
