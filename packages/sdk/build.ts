// Builds the package as it is published: JavaScript for Node ≥ 20 and other runtimes, type declarations, and a package.json
// without a dependency. In the repository itself the sources are used as they are.

import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Writes the package into `folder`. */
export function buildSdk(folder: string): void {
  const root = import.meta.dirname
  mkdirSync(folder, { recursive: true })
  execFileSync(
    process.execPath,
    [join(root, '..', '..', 'node_modules', 'typescript', 'bin', 'tsc'), '--project', join(root, 'tsconfig.build.json'), '--outDir', folder],
    { stdio: 'inherit' },
  )
  const { name, version, description, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>
  const published = {
    name,
    version,
    description,
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20' },
    exports: { '.': { types: './index.d.ts', default: './index.js' } },
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
  copyFileSync(join(root, 'README.md'), join(folder, 'README.md'))
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2)
  if (folder === undefined) {
    process.stderr.write('Usage: node packages/sdk/build.ts <folder>\n')
    process.exit(1)
  }
  buildSdk(resolve(folder))
}
