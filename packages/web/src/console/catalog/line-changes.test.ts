import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineChanges } from './line-changes.ts'

const signs = { same: ' ', added: '+', removed: '-', gap: '…' }
const shown = (before: string, after: string) => lineChanges(before, after).map(({ kind, text }) => (kind === 'gap' ? `… ${/\d+/.exec(text)![0]}` : signs[kind] + text))

test('what was changed stands between what stayed', () => {
  expect(shown('a\nb\nc', 'a\nB\nc')).toEqual([' a', '-b', '+B', ' c'])
  expect(shown('a\nb', 'a\nb\nc')).toEqual([' a', ' b', '+c'])
  expect(shown('', 'a\nb')).toEqual(['+a', '+b'])
})

test('long stretches without a change are folded', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`)
  expect(shown(lines.join('\n'), lines.with(10, 'other').join('\n'))).toEqual(['… 7', ' line 7', ' line 8', ' line 9', '-line 10', '+other', ' line 11', ' line 12', ' line 13', '… 6'])
})

test('both texts can be read out of the difference', () => {
  const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 6 }).map((lines) => lines.join('\n'))
  fc.assert(fc.property(texts, texts, (before, after) => {
    const changes = lineChanges(before, after)
    fc.pre(!changes.some(({ kind }) => kind === 'gap'))
    const side = (kind: 'added' | 'removed') => changes.filter((line) => line.kind === 'same' || line.kind === kind).map(({ text }) => text).join('\n')
    expect(side('removed')).toBe(before)
    expect(side('added')).toBe(after)
  }))
})
