// The import arrows of the architecture: which folder may know which. Everything not named here is forbidden. Tests may import all.

import { posix } from 'node:path'
import { isCode, isNode, isTest, lineAt, treeOf, walk, type Finding, type SourceFile, type SyntaxNode } from './source.ts'

const ALL = '*'
/** Zone → zones that it may import, beside itself. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  sdk: ['core'],
  web: ['sdk', 'core'],
  platform: ['core'],
  store: ['platform', 'core'],
  hot: ['platform', 'core'],
  app: ['store', 'hot', 'platform', 'core'],
  api: ['app', 'platform', 'core'],
  connect: ['app', 'platform', 'core'],
  jobs: ['app', 'platform', 'core'],
  gateway: ['hot', 'platform', 'core'],
  sidecar: ['hot', 'sdk', 'platform', 'core'],
  modes: [ALL],
  cli: [ALL],
  main: [ALL],
  test: [ALL],
  bench: [ALL],
  scripts: [ALL],
  examples: [ALL],
}

/** What the calendar files of core use, and what the SDK and a page must not load. */
const CALENDAR = 'Temporal'

export function importArrows(files: readonly SourceFile[]): Finding[] {
  return files.filter(({ path }) => isCode(path)).flatMap((file) => {
    const from = zoneOf(file.path)
    if (from === null) return [`${file.path} lies in no folder of the architecture; see test/tidy/imports.ts`]
    const allowed = ARROWS[from]!
    if (allowed.includes(ALL) || isTest(file.path)) return []
    return importsOf(file).flatMap(({ target, line }): Finding[] => {
      const to = zoneOfImport(file.path, target)
      if (to === 'foreign') return from === 'core' ? [`${file.path}:${line} core imports ${target}; core imports nothing but core: pass it in`] : []
      if (to === null) return [`${file.path}:${line} imports ${target}, which lies outside of its package; import it by the package's name`]
      return to === from || allowed.includes(to) ? [] : [`${file.path}:${line} ${from} must not import ${to} (${target}); ${from} → ${allowed.join(', ') || 'nothing'}`]
    })
  })
}

/** What packages/core/src/index.ts reaches loads in a browser and on Node 20: no calendar, no node: module. */
export function coreEntry(files: readonly SourceFile[]): Finding[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const reached = new Map<string, string>()
  const waiting = [['packages/core/src/index.ts', '']] as [string, string][]
  const findings: Finding[] = []
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [path, by] = next
    const file = byPath.get(path)
    if (reached.has(path) || file === undefined) continue
    reached.set(path, by)
    walk(treeOf(file), (node) => {
      if (node.type === 'Identifier' && node['name'] === CALENDAR) findings.push(`${path}:${lineAt(file.text, node.start)} uses ${CALENDAR} and is reached from core's index${by === '' ? '' : ` through ${by}`}; import it by its own entry of core's package.json`)
    })
    // Types are erased before anything loads.
    for (const { target, isType } of importsOf(file)) if (target.startsWith('.') && !isType) waiting.push([posix.join(posix.dirname(path), target), path])
  }
  return findings
}

export type Import = { readonly target: string; readonly line: number; readonly isType: boolean }

/** Every module that a file names, types included. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = []
  walk(treeOf(file), (node) => {
    const literal = moduleOf(node)
    if (literal !== null) found.push({ target: String(literal['value']), line: lineAt(file.text, node.start), isType: isErased(node) })
  })
  return found
}

function isErased(node: SyntaxNode): boolean {
  return node.type === 'TSImportType' || node['importKind'] === 'type' || node['exportKind'] === 'type'
}

function moduleOf(node: SyntaxNode): SyntaxNode | null {
  if (!['ImportDeclaration', 'ExportAllDeclaration', 'ExportNamedDeclaration', 'ImportExpression', 'TSImportType'].includes(node.type)) return null
  const source = node['source'] ?? node['argument']
  const literal = isNode(source) && source.type === 'TSLiteralType' ? source['literal'] : source
  return isNode(literal) && typeof literal['value'] === 'string' ? literal : null
}

/** Null for a file in no known folder. */
export function zoneOf(path: string): string | null {
  const server = /^packages\/server\/src\/(?:([a-z-]+)\/|main\.ts)/.exec(path)
  const zone = server === null ? (/^packages\/([a-z-]+)\//.exec(path)?.[1] ?? (/^([a-z-]+)\//.exec(path)?.[1] ?? (/^[^/]+$/.test(path) ? 'scripts' : null))) : (server[1] ?? 'main')
  return zone !== null && zone in ARROWS ? zone : null
}

/** `foreign`: a package of somebody else or of Node. Null: a path that leaves its package. */
function zoneOfImport(from: string, target: string): string | null {
  const own = /^@tollgate\/([a-z-]+)/.exec(target)?.[1]
  if (own !== undefined) return own in ARROWS ? own : null
  if (!target.startsWith('.')) return 'foreign'
  const path = posix.join(posix.dirname(from), target)
  return packageOf(path) === packageOf(from) ? zoneOf(path) : null
}

function packageOf(path: string): string {
  return path.split('/').slice(0, 2).join('/')
}
