// The documents: links that lead somewhere, and a CHANGELOG of one form.

import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { lineAt, ROOT, type Finding, type SourceFile } from './source.ts'

/** Relative links and their anchors. Addresses on the web are not asked. */
export function links(files: readonly SourceFile[], exists: (path: string) => boolean = (path) => existsSync(join(ROOT, path))): Finding[] {
  const documents = new Map(files.filter(({ path }) => path.endsWith('.md')).map((file) => [file.path, file]))
  return [...documents.values()].flatMap((file) => {
    const prose = withoutCode(file.text)
    return [...prose.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)].flatMap((match): Finding[] => {
      const target = match[1] ?? match[2]!
      if (/^[a-z]+:/i.test(target)) return []
      const where = `${file.path}:${lineAt(prose, match.index)}`
      const [path = '', anchor] = target.split('#')
      const full = path === '' ? file.path : posix.join(posix.dirname(file.path), path)
      if (full.startsWith('..') || !exists(full)) return [`${where} links to ${target}, which is not there`]
      const document = documents.get(full)
      if (anchor === undefined || document === undefined || anchorsOf(document.text).has(anchor)) return []
      return [`${where} links to ${target}, which has no such heading`]
    })
  })
}

export const CHANGELOG_SECTIONS = ['Safety and money', 'Features', 'Internals']

/** Unreleased on top, then versions with their day; in each the same sections in the same order, entries as a list. */
export function changelog(files: readonly SourceFile[]): Finding[] {
  const file = files.find(({ path }) => path === 'CHANGELOG.md')
  if (file === undefined) return ['CHANGELOG.md is not there']
  const lines = file.text.split('\n')
  const findings: Finding[] = []
  if (lines[0] !== '# Changelog') findings.push('CHANGELOG.md:1 must be "# Changelog"')
  const versions = lines.filter((line) => line.startsWith('## '))
  if (versions[0] !== '## Unreleased') findings.push('CHANGELOG.md must have "## Unreleased" first')
  let section = -1
  for (const [index, line] of lines.entries()) {
    const at = `CHANGELOG.md:${index + 1}`
    if (line.startsWith('## ')) section = -1
    if (line.startsWith('## ') && line !== '## Unreleased' && !/^## \d+\.\d+\.\d+ – \d{4}-\d{2}-\d{2}$/.test(line)) findings.push(`${at} "${line}" must be "## 1.2.3 – 2026-01-31"`)
    if (line.startsWith('### ')) {
      const next = CHANGELOG_SECTIONS.indexOf(line.slice(4))
      if (next <= section) findings.push(`${at} "${line}": sections are ${CHANGELOG_SECTIONS.join(', ')}, in this order`)
      section = Math.max(section, next)
    }
    if (section >= 0 && line !== '' && !/^(?:- |\s{2}|### )/.test(line)) findings.push(`${at} entries are a list: "- …"`)
  }
  return findings
}

/** Headings as GitHub makes their anchors. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutCode(text).matchAll(/^#{1,6} (.*)$/gm)) {
    const slug = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(/\s/g, '-')
    let name = slug
    for (let again = 1; anchors.has(name); again++) name = `${slug}-${again}`
    anchors.add(name)
  }
  for (const [, id = ''] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id)
  return anchors
}

/** Code blocks emptied, line by line, so that positions stay. */
function withoutCode(text: string): string {
  return text.replaceAll(/^(```|~~~)[^\n]*\n[\s\S]*?^\1/gm, (block) => block.replaceAll(/[^\n]/g, ' ')).replaceAll(/`[^`\n]*`/g, (code) => (code.includes('](') ? ' '.repeat(code.length) : code))
}
