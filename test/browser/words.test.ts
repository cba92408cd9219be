// That every language says everything, and that no page of the portal says anything of its own. The compiler holds the names of the words; this
// holds their gaps, that nobody left English in another language, and that components take their words from there.

import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseSync } from 'oxc-parser'
import { expect, test } from 'vitest'
import { LANGUAGES } from '@tollgate/core'
import { de } from '../../packages/web/src/words/de.ts'
import { en } from '../../packages/web/src/words/en.ts'
import { es } from '../../packages/web/src/words/es.ts'
import { fr } from '../../packages/web/src/words/fr.ts'
import type { Words } from '../../packages/web/src/words/speech.ts'

const ALL: Readonly<Record<string, Words>> = { en, de, fr, es }
/** The same in two languages by right. */
const SAME = /^(Live|Offline|Limits|Limit in ‹one›|Exact|Total)$/

type Said = { readonly path: string; readonly text: string; readonly isGap: boolean }
const facts = new Proxy({}, { get: (_, name) => (name === 'count' || name === 'position' ? 7 : name === 'opens' ? true : `‹${String(name)}›`) })

function said(words: object, path = ''): Said[] {
  return Object.entries(words).flatMap(([name, word]: [string, unknown]): Said[] => {
    if (typeof word === 'string') return [{ path: path + name, text: word, isGap: false }]
    if (typeof word !== 'function') return said(word as object, `${path}${name}.`)
    const source = String(word)
    const given = /^\(?\s*\{/.test(source) ? facts : /^\(?(count|days|position|tier|version|number|seats)\b/.test(source) ? 7 : /^\(?words/.test(source) ? ['‹a›', '‹b›'] : '‹one›'
    return [{ path: path + name, text: (word as (given: unknown) => string)(given), isGap: true }]
  })
}

const gapsOf = (text: string) => [...text.matchAll(/‹\w+›|7/g)].map(([gap]) => gap.toLowerCase()).toSorted()

test.each(LANGUAGES)('%s says everything, each with the same gaps', (language) => {
  const english = said(en)
  const other = said(ALL[language]!)
  expect(other.map(({ path }) => path)).toEqual(english.map(({ path }) => path))
  expect(other.filter(({ text }) => text.trim() === '' || text.includes('undefined'))).toEqual([])
  expect(other.map(({ path, text }) => [path, gapsOf(text)])).toEqual(english.map(({ path, text }) => [path, gapsOf(text)]))
})

test.each(LANGUAGES.filter((language) => language !== 'en'))('%s has no word left in English', (language) => {
  const english = new Map(said(en).map(({ path, text }) => [path, text]))
  const left = said(ALL[language]!).filter(({ path, text }) => text === english.get(path) && text.length > 3 && !SAME.test(text) && !path.startsWith('terms.'))
  expect(left.map(({ path, text }) => `${path}: ${text}`)).toEqual([])
})

// ── no component of the portal says anything of its own
const SOURCE = join(import.meta.dirname, '..', '..', 'packages', 'web', 'src')
/** Attributes that people read or hear. */
const READ = new Set(['title', 'label', 'note', 'aria-label', 'head', 'hint', 'lead', 'submit', 'alt', 'name'])
/** Commands are typed as they are, and an upstream's unit is no word. */
const ALLOWED = /^(tollgate verify|cap:|#|\d|[^\p{L}]*|\(|UTC( \()?|CSV|ms)$/u

/** Every component that the portal's entry reaches. */
function reached(): readonly string[] {
  const found = new Set<string>()
  const waiting = [join(SOURCE, 'portal.tsx'), join(SOURCE, 'react.tsx')]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue
    found.add(file)
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+\.tsx?)'/g)) waiting.push(join(dirname(file), path!))
  }
  return [...found].filter((file) => file.endsWith('.tsx'))
}

type Node = { readonly type: string; readonly start: number; readonly [more: string]: unknown }

function hardCoded(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const { program } = parseSync(file, text)
  const found: string[] = []
  const tell = (node: Node, value: string) => {
    if (/\p{L}{2}/u.test(value) && !ALLOWED.test(value.trim())) found.push(`${relative(SOURCE, file)}:${text.slice(0, node.start).split('\n').length} ${value.trim().slice(0, 60)}`)
  }
  const literals = (node: unknown): void => {
    if (node === null || typeof node !== 'object') return
    const one = node as Node
    if (one.type === 'Literal' && typeof one['value'] === 'string') tell(one, one['value'])
    if (one.type === 'TemplateElement') tell(one, (one['value'] as { readonly cooked: string }).cooked)
    if (one.type === 'ConditionalExpression') [one['consequent'], one['alternate']].forEach(literals)
    if (one.type === 'LogicalExpression') [one['left'], one['right']].forEach(literals)
    if (one.type === 'TemplateLiteral') (one['quasis'] as unknown[]).forEach(literals)
    if (one.type === 'JSXExpressionContainer') literals(one['expression'])
  }
  const visit = (node: unknown, inCode: boolean): void => {
    if (Array.isArray(node)) return node.forEach((one) => visit(one, inCode))
    if (node === null || typeof node !== 'object' || typeof (node as Node).type !== 'string') return
    const one = node as Node
    const isCode = inCode || (one.type === 'JSXElement' && ['code', 'Command'].includes(String(((one['openingElement'] as Node)['name'] as Node)['name'])))
    if (one.type === 'JSXText' && !isCode) tell(one, String(one['value']))
    if (one.type === 'JSXElement' && !isCode) (one['children'] as Node[]).filter(({ type }) => type === 'JSXExpressionContainer').forEach(literals)
    if (one.type === 'JSXAttribute' && READ.has(String((one['name'] as Node)['name']))) literals(one['value'])
    if (one.type === 'Property' && ['head', 'title', 'label'].includes(String((one['key'] as Node)['name']))) literals(one['value'])
    for (const value of Object.values(one)) visit(value, isCode)
  }
  visit(program, false)
  return found
}

test('no component that the portal reaches says anything of its own', () => {
  const files = reached()
  expect(files.length).toBeGreaterThan(40)
  expect(files.flatMap(hardCoded)).toEqual([])
})

test('one that does is found', () => {
  expect(hardCoded(join(SOURCE, 'console', 'session.tsx')).length).toBeGreaterThan(3)
})
