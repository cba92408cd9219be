// Lint is a test: the rules of the house that no general tool knows. Each rule is shown a planted violation first, so that a rule
// that finds nothing is known to look.

import { describe, expect, test } from 'vitest'
import { bannedCalls } from './tidy/calls.ts'
import { changelog, links } from './tidy/documents.ts'
import { coreEntry, importArrows } from './tidy/imports.ts'
import { fileLengths, functionLengths, longFiles } from './tidy/lengths.ts'
import { readRepository, type Rule, type SourceFile } from './tidy/source.ts'
import { bannedWords, form, names, openings } from './tidy/words.ts'

const repository = readRepository()

const RULES: readonly (readonly [name: string, rule: Rule])[] = [
  ['imports follow the arrows of the architecture', importArrows],
  ['what core exports loads in a browser and on Node 20', coreEntry],
  ['no file is too long without saying why', fileLengths],
  ['no function is too long', functionLengths],
  ['banned calls have a replacement', bannedCalls],
  ['banned words do not occur', bannedWords],
  ['files and folders are named after what they do', names],
  ['every file opens with what it is', openings],
  ['text files have one form', form],
  ['links lead somewhere', links],
  ['the changelog has its form', changelog],
]

describe('the repository', () => {
  test('is read as a whole', () => {
    expect(repository.length).toBeGreaterThan(200)
    for (const path of ['package.json', '.ci/run', 'packages/core/src/money.ts', 'packages/server/sql/0001_foundation.sql', 'docs/README.md']) expect(repository.map((file) => file.path)).toContain(path)
  })

  test.each(RULES)('%s', (_, rule) => {
    expect(rule(repository)).toEqual([])
  })

  test('long files are listed', async ({ annotate }) => {
    for (const line of longFiles(repository)) await annotate(line, 'long')
  })
})

/** Each rule, the planted file, and what must be found; an empty finding means that the file is fine. */
const PLANTED: readonly (readonly [rule: Rule, path: string, text: string, finding: string])[] = [
  [importArrows, 'packages/core/src/a.ts', "import { join } from 'node:path'", 'core imports node:path'],
  [importArrows, 'packages/core/src/a.ts', "import { z } from 'zod'", 'core imports zod'],
  [importArrows, 'packages/core/src/rating/a.ts', "export * from '../money.ts'", ''],
  [importArrows, 'packages/sdk/src/a.ts', "import { decide } from '@tollgate/core'", ''],
  [importArrows, 'packages/sdk/src/a.ts', "import { connect } from '@tollgate/server'", 'outside of its package'],
  [importArrows, 'packages/sdk/src/a.ts', "import { decide } from '../../core/src/index.ts'", 'outside of its package'],
  [importArrows, 'packages/server/src/gateway/openai/a.ts', "import type { Row } from '../../store/keys.ts'", 'gateway must not import store'],
  [importArrows, 'packages/server/src/gateway/a.ts', "type Row = import('../store/keys.ts').Row", 'gateway must not import store'],
  [importArrows, 'packages/server/src/hot/a.ts', "const { sql } = await import('../app/a.ts')", 'hot must not import app'],
  [importArrows, 'packages/server/src/platform/a.ts', "export { b } from '../store/b.ts'", 'platform must not import store'],
  [importArrows, 'packages/server/src/store/a.ts', "import { b } from '../app/b.ts'", 'store must not import app'],
  [importArrows, 'packages/server/src/api/a.ts', "import { b } from '../store/b.ts'", 'api must not import store'],
  [importArrows, 'packages/server/src/api/a.test.ts', "import { b } from '../store/b.ts'", ''],
  [importArrows, 'packages/server/src/modes/a.ts', "import { b } from '../store/b.ts'", ''],
  [importArrows, 'packages/server/src/main.ts', "import { b } from './store/b.ts'", ''],
  [importArrows, 'packages/server/src/billing/a.ts', '', 'lies in no folder of the architecture'],
  [coreEntry, 'packages/core/src/index.ts', 'export const now = Temporal.Now.instant()', 'uses Temporal'],
  [coreEntry, 'packages/core/src/index.ts', "export type { A } from './a.ts'", ''],
  [fileLengths, 'packages/core/src/a.ts', '// A.\n'.repeat(501), 'has 501 lines'],
  [fileLengths, 'packages/core/src/a.ts', `// Longer than 500 lines because it is one table.\n${'// A.\n'.repeat(600)}`, ''],
  [fileLengths, 'docs/reference/a.md', 'a\n'.repeat(501), ''],
  [functionLengths, 'packages/core/src/a.ts', `function long() {\n${'  step()\n'.repeat(70)}}`, 'long has 72 lines'],
  [functionLengths, 'packages/core/src/a.ts', `const long = () => {\n${'  step()\n'.repeat(70)}}`, 'long has 72 lines'],
  [functionLengths, 'packages/core/src/a.ts', `function factory() {\n  function one() {\n${'    step()\n'.repeat(50)}  }\n  return {\n    two: () => {\n${'      step()\n'.repeat(50)}    },\n  }\n}`, ''],
  [functionLengths, 'packages/core/src/a.ts', `function outer() {\n${'  list.map((one) => one + 1)\n'.repeat(70)}}`, 'outer has 72 lines'],
  [bannedCalls, 'packages/core/src/a.ts', 'const now = Date.now()', 'Date.now() is banned here'],
  [bannedCalls, 'packages/core/src/a.ts', 'const now = new Date()', 'new Date() is banned here'],
  [bannedCalls, 'packages/core/src/a.ts', 'const day = new Date(value)', ''],
  [bannedCalls, 'packages/core/src/a.ts', 'const id = Math.random()', 'Math.random() is banned here'],
  [bannedCalls, 'packages/core/src/a.test.ts', 'const id = Math.random()', ''],
  [bannedCalls, 'packages/server/src/app/a.ts', 'const now = new Date()', 'clock.now()'],
  [bannedCalls, 'packages/server/src/platform/clock.ts', 'const now = Date.now()', ''],
  [bannedCalls, 'packages/server/src/app/a.ts', 'console.log(1)', 'the log of platform/log.ts'],
  [bannedCalls, 'packages/server/src/cli/a.ts', 'console.log(1)', ''],
  [bannedCalls, 'packages/core/src/a.test.ts', "test.only('x', () => {})", '.only is banned'],
  [bannedCalls, 'packages/core/src/a.test.ts', "describe.each([1]).skip('x', () => {})", '.skip is banned'],
  [bannedCalls, 'packages/core/src/a.test.ts', "test.runIf(isRoot)('x', () => {})", ''],
  [bannedCalls, 'packages/server/src/store/a.ts', 'rows.skip(3)', ''],
  [bannedCalls, 'packages/server/src/app/a.ts', "parseFloat('0.1')", 'no float touches money'],
  [bannedWords, 'docs/a.md', 'TODO: write this', 'TODO'],
  [bannedWords, 'docs/a.md', 'a Placeholder', 'Placeholder'],
  [bannedWords, 'scripts/a.ts', "cd('/work/main')", 'no path of one machine'],
  [bannedWords, 'scripts/a.ts', "cd('/home/jane/tollgate')", 'no path of one machine'],
  [bannedWords, 'package-lock.json', '"resolved": "https://example.com/a.tgz"', 'no addresses'],
  [bannedWords, 'docs/a.md', 'npm install --registry https://registry.npmjs.org', 'no registry is named'],
  [bannedWords, 'docs/a.md', 'fixes issue #12', 'numbers mean nothing'],
  [bannedWords, 'packages/core/src/a.ts', '// @ts-ignore\nconst a = 1', 'mend the type'],
  [names, 'packages/server/src/utils/a.ts', '', 'named "utils"'],
  [names, 'packages/server/src/app/helpers.ts', '', 'named "helpers"'],
  [names, 'packages/server/src/app/credits.ts', '', ''],
  [openings, 'packages/core/src/a.ts', 'export const a = 1', 'does not open with a comment'],
  [openings, 'packages/core/src/a.test.ts', 'export const a = 1', ''],
  [openings, 'packages/server/sql/0002_more.sql', 'create table a ()', 'does not open with a comment'],
  [openings, '.ci/run', '#!/usr/bin/env bash\n# Runs all.', ''],
  [form, 'docs/a.md', 'a \n', 'blanks at the end'],
  [form, 'docs/a.md', 'a\r\n', 'carriage return'],
  [form, 'scripts/a.ts', '\tconst a = 1\n', 'has a tab'],
  [form, 'docs/a.md', 'a', 'exactly one line break'],
  [form, 'docs/a.md', 'a\n\n', 'exactly one line break'],
  [(files) => links(files, () => false), 'docs/a.md', '[b](b.md)', 'docs/a.md:1 links to b.md'],
  [(files) => links(files, () => true), 'docs/a.md', '# One\n[b](#two)', 'no such heading'],
  [(files) => links(files, () => true), 'docs/a.md', '# Two words, `code`\n[b](#two-words-code)', ''],
  [(files) => links(files, () => false), 'docs/a.md', '```md\n[b](b.md)\n```\n[c](https://example.com/c.md)', ''],
  [(files) => links(files, () => true), 'docs/a.md', '[b](../../b.md)', 'which is not there'],
  [changelog, 'CHANGELOG.md', '# Changelog\n\n## 0.1.0 – 2026-01-31\n', '"## Unreleased" first'],
  [changelog, 'CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n### Internals\n\n- a\n\n### Features\n\n- b\n', 'in this order'],
  [changelog, 'CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n### Features\n\nprose\n', 'entries are a list'],
  [changelog, 'CHANGELOG.md', '# Changelog\n\n## Unreleased\n\n### Features\n\n- b\n  more\n\n## 0.1.0 – 2026-01-31\n', ''],
]

describe('a planted violation is found', () => {
  test.each(PLANTED.map(([rule, path, text, finding], index) => ({ index, rule, path, text, finding })))('$index $path: $finding', ({ rule, path, text, finding }) => {
    const found = rule([{ path, text } satisfies SourceFile])
    if (finding === '') expect(found).toEqual([])
    else expect(found.join('\n')).toContain(finding)
  })
})
