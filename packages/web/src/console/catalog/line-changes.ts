// The lines that differ between two texts, with some lines around them: the longest common part stays, by the usual table. Texts that are
// too long for it are shown as a whole.

export type LineChange = { readonly kind: 'same' | 'added' | 'removed' | 'gap'; readonly text: string }

const AROUND = 3
/** Cells of the table: two catalogs of 2,000 lines, after equal beginnings and ends are cut. */
const CELLS_MAX = 4_000_000

export function lineChanges(before: string, after: string): readonly LineChange[] {
  const a = before === '' ? [] : before.split('\n')
  const b = after.split('\n')
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1
  const middle = changed(a.slice(start, a.length - end), b.slice(start, b.length - end))
  const same = (lines: readonly string[]): LineChange[] => lines.map((text) => ({ kind: 'same', text }))
  return folded([...same(b.slice(0, start)), ...middle, ...same(b.slice(b.length - end))])
}

function changed(a: readonly string[], b: readonly string[]): readonly LineChange[] {
  const removed = (text: string): LineChange => ({ kind: 'removed', text })
  const added = (text: string): LineChange => ({ kind: 'added', text })
  if (a.length * b.length > CELLS_MAX) return [...a.map(removed), ...b.map(added)]
  const width = b.length + 1
  const longest = new Uint32Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i -= 1) for (let j = b.length - 1; j >= 0; j -= 1) longest[i * width + j] = a[i] === b[j] ? longest[(i + 1) * width + j + 1]! + 1 : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!)
  const lines: LineChange[] = []
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ kind: 'same', text: b[j]! })
      i += 1
      j += 1
    } else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) lines.push(removed(a[i++]!))
    else lines.push(added(b[j++]!))
  }
  return [...lines, ...a.slice(i).map(removed), ...b.slice(j).map(added)]
}

/** Long stretches without a change become one line that says how long they were. */
function folded(lines: readonly LineChange[]): readonly LineChange[] {
  const isNear = lines.map((_, at) => lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some(({ kind }) => kind !== 'same'))
  const shown: LineChange[] = []
  let hidden = 0
  const flush = () => {
    if (hidden > 0) shown.push({ kind: 'gap', text: `… ${hidden} lines without a change` })
    hidden = 0
  }
  for (const [at, line] of lines.entries()) {
    if (isNear[at] === true) {
      flush()
      shown.push(line)
    } else hidden += 1
  }
  flush()
  return shown
}
