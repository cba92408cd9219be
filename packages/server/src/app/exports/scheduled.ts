// The scheduled export: when a day of the books is closed, its records are written as Parquet to the operator's folder or bucket, a folder a data set and
// day. Days of use that late or corrected events changed are written again. The manifest of a day is written last: a day that has one is whole, and
// names its files. Interrupted, the day is written again from its beginning.

import { DAY_MS, EXPORT_PART_ROWS_MAX, instant } from '@tollgate/core'
import { createHash } from 'node:crypto'
import { markExported, nextExportDay, usageDaysSettledOn } from '../../store/export-days.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { ObjectStore } from '../../platform/object-store.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { DatasetName } from './dataset.ts'
import { exportPart } from './part.ts'

/** By the time of use; all others by the day on which they were issued. */
const BY_USE: readonly DatasetName[] = ['events', 'charges', 'focus']
const BY_ISSUE: readonly DatasetName[] = ['invoices', 'invoice-lines']
/** Closed days of one turn: an installation that begins to export catches up in a few. */
const DAYS_PER_TURN = 10

/** The job. Returns the days that were exported; none where no place is set. */
export async function exportClosedDays(plane: ControlPlane): Promise<string[]> {
  const { exportStore } = plane
  const done: string[] = []
  if (exportStore === undefined || exportStore === null) return done
  while (done.length < DAYS_PER_TURN) {
    const day = await nextExportDay(plane.sql)
    if (day === null) break
    const used = await usageDaysSettledOn(plane.sql, day)
    let files = 0
    for (const dataset of BY_USE) for (const one of new Set([...used, day])) files += await writeDay(plane, exportStore, dataset, one)
    for (const dataset of BY_ISSUE) files += await writeDay(plane, exportStore, dataset, day)
    await markExported(plane.sql, day, files)
    await plane.sql.begin((tx) => insertOutbox(tx, [{ customer: null, type: 'exports.day_written', payload: { day, location: exportStore.location, files, days_of_use: used } }]))
    done.push(day)
  }
  return done
}

async function writeDay(plane: ControlPlane, store: ObjectStore, dataset: DatasetName, day: string): Promise<number> {
  const folder = `${dataset}/day=${day}`
  const from = instant(Date.parse(day))
  const files: { readonly file: string; readonly rows: number; readonly bytes: number; readonly sha256: string }[] = []
  let after: readonly string[] | null = null
  do {
    const part = await exportPart(plane, { dataset, from, to: instant(from + DAY_MS), customer: null, format: 'parquet', after, rows: EXPORT_PART_ROWS_MAX })
    after = part.next
    if (part.rows === 0) continue
    const bytes = part.body as Uint8Array
    const file = `part-${String(files.length + 1).padStart(5, '0')}.parquet`
    await store.put(`${folder}/${file}`, bytes, 'application/vnd.apache.parquet')
    files.push({ file, rows: part.rows, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') })
  } while (after !== null)
  const manifest = { dataset, day, rows: files.reduce((sum, { rows }) => sum + rows, 0), written_at: new Date(plane.clock.now()).toISOString(), files }
  await store.put(`${folder}/manifest.json`, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), 'application/json')
  return files.length
}
