import { appendFileSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { JOURNAL_SEGMENT_BYTES_MAX } from '@tollgate/core'
import { expect, test } from 'vitest'
import { openFileJournal, type FileJournal } from './file-journal.ts'
import { decodeGroups, encodeLine } from './journal-line.ts'

const SETTLED = new Set(['void'] as const)
const line = (id: string) => encodeLine('void', { reservation: id })
const folder = () => mkdtempSync(join(tmpdir(), 'journal-'))

async function idsFrom(journal: FileJournal, from = { segment: 0, offset: 0 }, bytesMax = 1 << 20): Promise<{ ids: string[]; to: { segment: number; offset: number } }> {
  const ids: string[] = []
  let position = from
  for (let stretch = await journal.read(position, bytesMax); stretch !== null; stretch = await journal.read(position, bytesMax)) {
    const { records, torn } = decodeGroups(stretch.lines, SETTLED)
    expect(torn).toBe(false)
    ids.push(...records.map((record) => (record.kind === 'void' ? record.body.reservation : '')))
    position = stretch.to
  }
  return { ids, to: position }
}

test('a torn tail of a killed process is never read, and the next process writes beside it, not over it', async () => {
  const path = folder()
  const first = await openFileJournal(path)
  await first.append(line('res_kept'))
  await first.close()
  appendFileSync(join(path, readdirSync(path)[0]!), 'V {"reservation":"res_torn"}\nC 00000')
  const second = await openFileJournal(path)
  await second.append(line('res_after'))
  expect((await idsFrom(second)).ids).toEqual(['res_kept', 'res_after'])
  await second.close()
})

test('a byte that changed on disk fails its group, and nothing of the group is believed', () => {
  const bytes = Buffer.from('V {"reservation":"res_a"}\nC 12345678 26\n')
  expect(decodeGroups(bytes, SETTLED)).toEqual({ records: [], torn: true })
})

test('released segments are deleted, the one that is being written never', async () => {
  const path = folder()
  const first = await openFileJournal(path)
  await first.append(line('res_old'))
  await first.close()
  const second = await openFileJournal(path)
  await second.append(line('res_new'))
  const { to } = await idsFrom(second)
  await second.release(to)
  expect(readdirSync(path)).toEqual(['00000002.log'])
  await second.close()
})

test('a journal whose disk was lost starts above the segments that settlement has seen', async () => {
  const journal = await openFileJournal(folder(), { after: 7 })
  await journal.append(line('res_x'))
  expect((await idsFrom(journal, { segment: 7, offset: 1_000_000 })).ids).toEqual(['res_x'])
  await journal.close()
})

test('after a failed write nothing is admitted any more: the failure is told and stays', async () => {
  const journal = await openFileJournal(folder())
  await journal.close()
  await expect(journal.append(line('res_lost'))).rejects.toThrow()
  expect(journal.failure()).toBeInstanceOf(Error)
})

test('lines that fill a segment go on in the next one, in order and once, and what is still open is repeated there', async () => {
  const path = folder()
  const open = 'V {"reservation":"res_open"}\n'
  const journal = await openFileJournal(path, { carry: () => [open] })
  const filler = 'x'.repeat(100_000)
  const written: string[] = []
  for (let index = 0; index < 2 * Math.ceil(JOURNAL_SEGMENT_BYTES_MAX / filler.length); index++) {
    written.push(`res_${index}_${filler}`)
    journal.note(line(written.at(-1)!))
    // Some share a group with others, some are alone, some come while the next segment is opened.
    if (index % 3 === 0) await journal.written()
  }
  await journal.sync()
  const { ids } = await idsFrom(journal, { segment: 0, offset: 0 }, 8 << 20)
  expect(readdirSync(path).length).toBeGreaterThanOrEqual(2)
  expect(ids.filter((id) => id !== 'res_open').map((id) => id.slice(0, 12))).toEqual(written.map((id) => id.slice(0, 12)))
  expect(ids.filter((id) => id === 'res_open')).toHaveLength(readdirSync(path).length - 1)
  await journal.close()
})
