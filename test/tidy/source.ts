// The repository as the tidy rules see it: every text file with its path, and TypeScript as a syntax tree. A rule is a function from
// files to findings, so that it can be tried on planted ones.

import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'

export type SourceFile = { readonly path: string; readonly text: string }
/** `path:line what is wrong; what to do instead`. */
export type Finding = string
export type Rule = (files: readonly SourceFile[]) => readonly Finding[]

export type SyntaxNode = { readonly type: string; readonly start: number; readonly end: number; readonly [field: string]: unknown }

export const ROOT = join(import.meta.dirname, '..', '..')
const IGNORED_FOLDERS = new Set(['node_modules', '.git', '.tollgate', 'dist', 'coverage'])
const FILE_BYTES_MAX = 2_000_000

/** Every text file of the repository, sorted by path, with `/` on every system. */
export function readRepository(): readonly SourceFile[] {
  const paths = globSync(['**/*', '.*', '.ci/*', '.github/**/*'], { cwd: ROOT, exclude: (path) => IGNORED_FOLDERS.has(path.split(/[/\\]/).at(-1) ?? '') })
  return [...new Set(paths)]
    .filter((path) => !path.split(/[/\\]/).some((part) => IGNORED_FOLDERS.has(part)))
    .filter((path) => statSync(join(ROOT, path)).isFile() && statSync(join(ROOT, path)).size <= FILE_BYTES_MAX)
    .map((path) => ({ path: path.replaceAll('\\', '/'), text: readFileSync(join(ROOT, path), 'utf8') }))
    .filter(({ text }) => !text.includes('\0'))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

export function isCode(path: string): boolean {
  return /\.(tsx?|mjs)$/.test(path)
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/')
}

/** What somebody wrote, as opposed to what a program writes. */
export function isWritten(path: string): boolean {
  return path !== 'package-lock.json' && path !== 'packages/server/sql/schema.sql' && !/^docs\/reference\/(catalog\.schema\.json|openapi\.json)$/.test(path)
}

const trees = new Map<string, SyntaxNode>()

export function treeOf(file: SourceFile): SyntaxNode {
  const key = `${file.path}\n${file.text}`
  let tree = trees.get(key)
  if (tree === undefined) {
    const { program, errors } = parseSync(file.path, file.text)
    if (errors.length > 0) throw new Error(`${file.path} does not parse: ${errors[0]?.message}`)
    tree = program as unknown as SyntaxNode
    trees.set(key, tree)
  }
  return tree
}

/** Visits every node, outer ones first. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => void): void {
  visit(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit)
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as SyntaxNode).type === 'string' && typeof (value as SyntaxNode).start === 'number'
}

export function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}
