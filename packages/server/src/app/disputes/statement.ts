// A customer's ledger as the lines that `tollgate verify` checks: keys, every transfer from the first, checkpoints, and the events behind them where all
// of them are still there.

import { formatInstant, formatUnits, parseUnits, type Instant } from '@tollgate/core'
import { listEvents } from '../../store/events.ts'
import { listTransfers } from '../../store/ledger.ts'
import { listCheckpoints } from '../../store/checkpoints.ts'
import type { ControlPlane } from '../control-plane.ts'
import { publicKeys } from '../ledger/checkpoints.ts'

const ROWS_PER_PAGE = 1_000

export async function* statementLines(plane: ControlPlane, of: { readonly customer: string; readonly withEvents: boolean; readonly at: Instant }): AsyncGenerator<string> {
  const { customer, withEvents } = of
  yield line({ kind: 'statement', version: 1, customer, exported_at: formatInstant(of.at), events: withEvents })
  for (const { id, algorithm, publicKey, createdAt } of await publicKeys(plane)) yield line({ kind: 'key', id, algorithm, public_key: publicKey, created_at: formatInstant(createdAt) })
  for await (const rows of pages((after: bigint | null) => listTransfers(plane.sql, { customer, after, limit: ROWS_PER_PAGE, account: null }), ({ sequence }) => sequence)) {
    yield rows.map((row) => line({
      kind: 'transfer', id: row.id, debit: row.debit, credit: row.credit, amount: formatUnits(parseUnits(row.amount, row.asset), row.asset), currency: row.asset, cause: row.cause, cause_id: row.causeId,
      period_start: row.periodStart === null ? null : formatInstant(row.periodStart), posted_at: formatInstant(row.postedAt), position: row.position === null ? null : Number(row.position), evidence: row.evidence, hash: row.hash,
    })).join('')
  }
  for await (const rows of pages((after: bigint | null) => listCheckpoints(plane.sql, { customer, after, limit: ROWS_PER_PAGE }), ({ position }) => position)) {
    yield rows.map(({ position, hash, at, key, signature }) => line({ kind: 'checkpoint', position: Number(position), hash, at: formatInstant(at), key, signature })).join('')
  }
  if (!withEvents) return
  const filter = { customer, limit: ROWS_PER_PAGE, from: null, to: null, price: null, feature: null, run: null, type: null, batch: null, periodStart: null, newestFirst: false }
  for await (const rows of pages((after: bigint | null) => listEvents(plane.sql, { ...filter, after }), ({ sequence }) => sequence)) {
    yield rows.map((row) => line({
      kind: 'event', source: row.source, id: row.id, type: row.type, time: formatInstant(row.time), amount: formatUnits(parseUnits(row.amount, row.asset), row.asset), currency: row.asset, batch: `bat_${row.batch}`, period_start: formatInstant(row.periodStart),
    })).join('')
  }
}

async function* pages<Row>(read: (after: bigint | null) => Promise<readonly Row[]>, placeOf: (row: Row) => bigint): AsyncGenerator<readonly Row[]> {
  for (let after: bigint | null = null; ; ) {
    const rows = await read(after)
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows
    if (rows.length < ROWS_PER_PAGE) return
    after = placeOf(last)
  }
}

function line(value: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(value)}\n`
}
