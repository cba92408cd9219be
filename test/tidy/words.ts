// Words and names that do not occur in the repository, and the form of every text file. This folder is exempt: it has to name them.

import { isCode, isTest, isWritten, lineAt, type Finding, type SourceFile } from './source.ts'

type Word = { readonly pattern: RegExp; readonly why: string }

export const WORDS: readonly Word[] = [
  { pattern: /\b(?:TODO|FIXME|HACK)\b/g, why: 'unfinished work is told in an issue, not in the code' },
  // HTML has an attribute of this name, and CSS a selector.
  { pattern: /(?<!::)\bplace-?holder\b(?!=)/gi, why: 'what stands here works, or does not stand here' },
  { pattern: /\/(?:work|home|Users)\/[a-z]\w*/g, why: 'no path of one machine' },
  { pattern: /\bregistry\.[a-z]+\.(?:org|com|dev)\b|\bnpmjs\.(?:org|com)\b|\bregistry\.yarnpkg\.com\b/g, why: 'no registry is named: npm is configured by whoever runs it' },
  { pattern: /"resolved": "https?:/g, why: 'the lock file holds no addresses; .npmrc says omit-lockfile-registry-resolved' },
  { pattern: /\bissues? #\d+\b/gi, why: 'say what the matter was: numbers mean nothing elsewhere' },
  { pattern: /\S\/\/ ?@ts-(?:ignore|nocheck)|^\s*\/\/ ?@ts-(?:ignore|nocheck)/gm, why: 'mend the type' },
]

const FORBIDDEN_NAMES = new Set(['utils', 'util', 'common', 'helpers', 'helper', 'misc', 'manager', 'managers', 'service', 'services', 'lib', 'shared'])
/** A file that defines the banned words, and a licence that is not ours to change. */
const isExempt = (path: string) => path.startsWith('test/tidy') || path === 'LICENSE'

export function bannedWords(files: readonly SourceFile[]): Finding[] {
  return files.filter(({ path }) => !isExempt(path)).flatMap((file) =>
    WORDS.flatMap(({ pattern, why }) => [...file.text.matchAll(pattern)].map((match) => `${file.path}:${lineAt(file.text, match.index)} "${match[0].trim()}": ${why}`)))
}

export function names(files: readonly SourceFile[]): Finding[] {
  return files.flatMap(({ path }) => {
    const bad = path.split('/').map((part) => part.replace(/\..*$/, '')).find((part) => FORBIDDEN_NAMES.has(part))
    return bad === undefined ? [] : [`${path} is named "${bad}", which says nothing; name it after what it does`]
  })
}

/** What a file is and what it never does, before anything else. Tests say it in their names. */
export function openings(files: readonly SourceFile[]): Finding[] {
  return files.filter(({ path }) => isWritten(path) && !(isTest(path) && path.endsWith('.test.ts'))).flatMap(({ path, text }) => {
    const opening = isCode(path) ? /^(?:#!.*\n)?\/\/ \S/ : path.endsWith('.sql') ? /^-- \S/ : /\.ya?ml$|(?:^|\/)Dockerfile$|^\.ci\//.test(path) ? /^(?:#!.*\n)?# \S/ : null
    return opening === null || opening.test(text) ? [] : [`${path}:1 does not open with a comment; say in one to six sentences what it is, its invariant and what it does not do`]
  })
}

/** What a formatter would find, without a formatter's taste. */
export function form(files: readonly SourceFile[]): Finding[] {
  return files.filter(({ path }) => path !== 'LICENSE').flatMap(({ path, text }) => {
    const findings: Finding[] = []
    const at = (pattern: RegExp, what: string) => {
      const match = pattern.exec(text)
      if (match !== null) findings.push(`${path}:${lineAt(text, match.index)} ${what}`)
    }
    at(/\r/, 'has a carriage return; lines end with \\n')
    at(/[ \t]+$/m, 'has blanks at the end of a line')
    if (isCode(path)) at(/^ *\t/m, 'has a tab; two spaces')
    if (text !== '' && !/[^\n]\n$/.test(text)) findings.push(`${path} does not end with exactly one line break`)
    return findings
  })
}
