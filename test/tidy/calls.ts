// Calls that are banned somewhere, each with what to use instead.

import { isCode, isNode, isTest, lineAt, treeOf, walk, type Finding, type SourceFile, type SyntaxNode } from './source.ts'

type Ban = {
  readonly what: string
  readonly instead: string
  /** Where it is banned. */
  readonly applies: (path: string) => boolean
  readonly finds: (node: SyntaxNode) => boolean
}

const isCore = (path: string) => path.startsWith('packages/core/src/') && !isTest(path)
const isServer = (path: string) => path.startsWith('packages/server/src/') && !isTest(path)
/** The shell's own clock is platform/; the sandbox stands for a provider elsewhere, which has its own. */
const readsClock = (path: string) => path.startsWith('packages/server/src/platform/') || path.startsWith('packages/server/src/gateway/sandbox/')
const prints = (path: string) => /^(scripts|bench|examples)\//.test(path) || path.startsWith('packages/server/src/cli/') || /^test\/(sim|siege|siege\/outage)\/run\.ts$/.test(path)

export const BANS: readonly Ban[] = [
  { what: 'Date.now()', instead: 'core has no clock: take the instant as an argument', applies: isCore, finds: (node) => isCall(node, 'Date', 'now') },
  { what: 'Date.now()', instead: 'clock.now() of platform/clock.ts, which a test can turn; performance.now() for a duration', applies: (path) => isServer(path) && !readsClock(path), finds: (node) => isCall(node, 'Date', 'now') },
  { what: 'new Date()', instead: 'core has no clock: take the instant as an argument', applies: isCore, finds: isNow },
  { what: 'new Date()', instead: 'clock.now() of platform/clock.ts, which a test can turn', applies: (path) => isServer(path) && !readsClock(path), finds: isNow },
  { what: 'Math.random()', instead: 'core has no random: take the number or id as an argument', applies: isCore, finds: (node) => isCall(node, 'Math', 'random') },
  { what: 'Math.random()', instead: 'platform/random-id.ts for what must not be guessed; jitter belongs into platform/', applies: (path) => isServer(path) && !path.startsWith('packages/server/src/platform/'), finds: (node) => isCall(node, 'Math', 'random') },
  { what: 'Math.random()', instead: 'test/sim/random.ts: the seed must replay the run', applies: (path) => path.startsWith('test/sim/'), finds: (node) => isCall(node, 'Math', 'random') },
  { what: 'console', instead: 'the log of platform/log.ts; a command prints through cli/output.ts', applies: (path) => !prints(path), finds: (node) => isCall(node, 'console', null) },
  { what: '.only', instead: 'run one test by name: vitest run <file> -t <name>', applies: () => true, finds: (node) => isTestCall(node, 'only') },
  { what: '.skip', instead: 'delete the test, or runIf with a condition that the machine answers', applies: () => true, finds: (node) => isTestCall(node, 'skip') },
  { what: '.todo', instead: 'write the test', applies: () => true, finds: (node) => isTestCall(node, 'todo') },
  { what: 'parseFloat()', instead: 'parseDecimal of core: no float touches money', applies: (path) => isCore(path) || isServer(path), finds: (node) => isNamedCall(node, 'parseFloat') },
]

export function bannedCalls(files: readonly SourceFile[]): Finding[] {
  return files.filter(({ path }) => isCode(path)).flatMap((file) => {
    const bans = BANS.filter(({ applies }) => applies(file.path))
    const findings: Finding[] = []
    walk(treeOf(file), (node) => {
      for (const { what, instead, finds } of bans) if (finds(node)) findings.push(`${file.path}:${lineAt(file.text, node.start)} ${what} is banned here; instead: ${instead}`)
    })
    return findings
  })
}

function isCall(node: SyntaxNode, object: string, method: string | null): boolean {
  const callee = node.type === 'CallExpression' ? node['callee'] : null
  if (!isNode(callee) || callee.type !== 'MemberExpression') return false
  return isNamed(callee['object'], object) && (method === null || isNamed(callee['property'], method))
}

function isNamedCall(node: SyntaxNode, name: string): boolean {
  return node.type === 'CallExpression' && isNamed(node['callee'], name)
}

function isNow(node: SyntaxNode): boolean {
  return node.type === 'NewExpression' && isNamed(node['callee'], 'Date') && (node['arguments'] as readonly unknown[]).length === 0
}

/** `test.only`, `describe.each(…).skip`, `it.todo`. */
function isTestCall(node: SyntaxNode, modifier: string): boolean {
  if (node.type !== 'MemberExpression' || !isNamed(node['property'], modifier)) return false
  let object = node['object']
  while (isNode(object) && (object.type === 'MemberExpression' || object.type === 'CallExpression')) object = object['object'] ?? object['callee']
  return ['test', 'it', 'describe', 'suite', 'bench'].some((name) => isNamed(object, name))
}

function isNamed(node: unknown, name: string): boolean {
  return isNode(node) && node.type === 'Identifier' && node['name'] === name
}
