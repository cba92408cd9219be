// What every journal of a node must do: keep what was appended, in order, through the end of the process, and say honestly
// when it cannot.

import { expect, test } from 'vitest'
import type { Journal, JournalPosition } from '@tollgate/core'
import { decodeGroups, encodeLine } from '../../packages/server/src/hot/journal-line.ts'

export type JournalUnderTest = {
  /** Opens the journal named `name`; the same name again is the next process on the same disk. */
  readonly open: (name: string) => Promise<Journal>
}

const START: JournalPosition = { segment: 0, offset: 0 }
const BYTES_MAX = 1 << 20

export function journalContract(kind: string, under: JournalUnderTest): void {
  let names = 0
  const fresh = () => `${kind}-${(names += 1)}`

  test(`${kind}: what was appended or noted is read back in order, in stretches of whole lines`, async () => {
    const journal = await under.open(fresh())
    const ids = Array.from({ length: 3_000 }, (_, index) => `res_${index}`)
    await Promise.all(ids.map((id, index) => (index % 3 === 0 ? Promise.resolve(journal.note(line(id))) : journal.append(line(id)))))
    await journal.sync()
    expect(await idsFrom(journal, START, 64 * 1024)).toEqual(ids)
    expect(await idsFrom(journal, START, BYTES_MAX)).toEqual(ids)
    await journal.close()
  })

  test(`${kind}: an appended line is there for the next process, also after it was read but not released`, async () => {
    const name = fresh()
    const first = await under.open(name)
    await first.append(line('res_first'))
    expect(await idsFrom(first)).toEqual(['res_first'])
    await first.close()
    const second = await under.open(name)
    await second.append(line('res_second'))
    expect(await idsFrom(second)).toEqual(['res_first', 'res_second'])
    await second.close()
  })

  test(`${kind}: reading goes on where it stopped, also over what was appended meanwhile and over a release`, async () => {
    const journal = await under.open(fresh())
    await journal.append(line('res_a'))
    const stretch = await journal.read(START, BYTES_MAX)
    await journal.append(line('res_b'))
    await journal.release(stretch!.to)
    expect(await idsFrom(journal, stretch!.to)).toEqual(['res_b'])
    expect(await journal.read((await lastOf(journal, stretch!.to))!, BYTES_MAX)).toBeNull()
    await journal.close()
  })

  test(`${kind}: a closed journal refuses a line instead of losing it`, async () => {
    const journal = await under.open(fresh())
    await journal.close()
    await expect(journal.append(line('res_lost'))).rejects.toThrow()
  })
}

function line(id: string): string {
  return encodeLine('void', { reservation: id })
}

async function idsFrom(journal: Journal, from: JournalPosition = START, bytesMax = BYTES_MAX): Promise<string[]> {
  const ids: string[] = []
  for (let stretch = await journal.read(from, bytesMax); stretch !== null; stretch = await journal.read(stretch.to, bytesMax)) {
    const { records, torn } = decodeGroups(stretch.lines, new Set(['void']))
    expect(torn).toBe(false)
    for (const record of records) if (record.kind === 'void') ids.push(record.body.reservation)
  }
  return ids
}

async function lastOf(journal: Journal, from: JournalPosition): Promise<JournalPosition | null> {
  let last: JournalPosition | null = null
  for (let stretch = await journal.read(from, BYTES_MAX); stretch !== null; stretch = await journal.read(stretch.to, BYTES_MAX)) last = stretch.to
  return last
}
