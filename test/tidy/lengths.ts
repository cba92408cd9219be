// How long files and functions may be. A function is measured without the functions inside of it, which are measured by
// themselves: a factory that returns methods is as long as its own lines, as a class would be.

import { isCode, isWritten, lineAt, treeOf, type Finding, type SourceFile, type SyntaxNode, isNode } from './source.ts'

export const FILE_LINES_MAX = 500
/** Above this a file is listed, for whoever splits one next. */
export const FILE_LINES_NOTED = 300
export const FUNCTION_LINES_MAX = 70

/** A longer file says why in its opening comment, with these words. */
const EXCUSE = /^(?:\/\/|--|#)[^\n]*\bLonger than \d+ lines because\b/m

export function fileLengths(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => isMeasured(file) && linesOf(file) > FILE_LINES_MAX && !EXCUSE.test(openingOf(file.text)))
    .map((file) => `${file.path} has ${linesOf(file)} lines; split it, or say in its opening comment: Longer than ${FILE_LINES_MAX} lines because …`)
}

/** No violations: for the eye. */
export function longFiles(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => isMeasured(file) && linesOf(file) > FILE_LINES_NOTED)
    .toSorted((a, b) => linesOf(b) - linesOf(a))
    .map((file) => `${file.path} ${linesOf(file)}`)
}

export function functionLengths(files: readonly SourceFile[]): Finding[] {
  return files.filter(({ path }) => isCode(path)).flatMap((file) => functionsOf(file).filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(({ name, line, lines }) => `${file.path}:${line} ${name} has ${lines} lines of its own; split it below ${FUNCTION_LINES_MAX}`))
}

type Measured = { readonly name: string; readonly line: number; readonly lines: number }

function functionsOf(file: SourceFile): Measured[] {
  const found: Measured[] = []
  const starts = lineStarts(file.text)
  const line = (offset: number) => starts.findLastIndex((start) => start <= offset) + 1
  /** Lines of the functions that lie directly in `node`. */
  const visit = (node: SyntaxNode, name: string): number => {
    let inner = 0
    for (const [field, value] of Object.entries(node)) {
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) inner += visit(child, nameOf(child) ?? (field === 'value' || field === 'init' ? (nameOf(node) ?? name) : name))
    }
    if (!isFunction(node)) return inner
    const whole = line(node.end) - line(node.start) + 1
    found.push({ name, line: lineAt(file.text, node.start), lines: whole - inner })
    // What stands on one line belongs to the function around it.
    return whole === 1 ? 0 : whole
  }
  visit(treeOf(file), '(anonymous)')
  return found
}

function isFunction(node: SyntaxNode): boolean {
  return ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'].includes(node.type)
}

function nameOf(node: SyntaxNode): string | null {
  const id = node['id'] ?? node['key']
  return isNode(id) && typeof id['name'] === 'string' ? id['name'] : null
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

function isMeasured({ path }: SourceFile): boolean {
  return isWritten(path) && /\.(ts|mjs|md|sql|ya?ml)$/.test(path) && !path.startsWith('docs/reference/')
}

function linesOf({ text }: SourceFile): number {
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

function openingOf(text: string): string {
  return text.slice(0, 2_000)
}
