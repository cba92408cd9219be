// What a page weighs when it is opened for the first time, and that nothing in it needs a policy wider than the server's.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { buildPages, isBuilt, PAGES_FOLDER } from '../../packages/web/build.ts'

const FIRST_LOAD_BYTES_MAX = 250_000
/** The one face that every page shows. */
const FONT = /geist-latin-wght-normal-[\w-]+\.woff2/

beforeAll(async () => {
  if (!isBuilt()) await buildPages()
}, 120_000)

const read = (path: string) => readFileSync(join(PAGES_FOLDER, path))

/** What the browser loads for an entry before it shows anything: the document, its scripts with all that they import, styles, the font. */
function firstLoad(entry: string): readonly string[] {
  const seen = new Set<string>([entry])
  const waiting = [...read(entry).toString().matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path]) => path!)
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    if (path.endsWith('.js')) for (const [, name] of read(path).toString().matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)) waiting.push(`assets/${name}`)
    if (path.endsWith('.css')) waiting.push(`assets/${FONT.exec(read(path).toString())![0]}`)
  }
  return [...seen]
}

test.each(['console.html', 'portal.html'])('the first load of %s is below 250 kB', (entry) => {
  const files = firstLoad(entry)
  const bytes = files.reduce((sum, path) => sum + (path.endsWith('.woff2') ? read(path).length : gzipSync(read(path)).length), 0)
  expect(files.some((path) => path.endsWith('.js')) && files.some((path) => path.endsWith('.woff2'))).toBe(true)
  expect(bytes).toBeLessThan(FIRST_LOAD_BYTES_MAX)
})

test.each(['console.html', 'portal.html'])('%s has nothing inline', (entry) => {
  const html = read(entry).toString()
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/)
})
