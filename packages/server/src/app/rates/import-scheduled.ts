// The daily import of a price list. It applies what is small, and never what is not: a change above the percentage, or a disagreement
// of sources, is only told, on the event stream, and waits for a person. A list that cannot be had leaves everything as it is.

import { DAY_MS } from '@tollgate/core'
import { readFile } from 'node:fs/promises'
import { withRetry } from '../../platform/postgres.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { SYSTEM } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import type { RateChange } from './diff-rates.ts'
import { applyImport } from './import-rates.ts'

const FETCH_TIMEOUT_MS = 60_000
/** Ten times the largest public list. */
const LIST_BYTES_MAX = 16 * 1024 * 1024
/** Changes that one message names; it says how many there are. */
const CHANGES_TOLD_MAX = 50

const lastAt = new WeakMap<ControlPlane, number>()

/** Called every hour; imports once a day. */
export async function importScheduled(plane: ControlPlane): Promise<void> {
  const { rateSource } = plane
  const now = plane.clock.now()
  if (rateSource === null || rateSource === undefined || now - (lastAt.get(plane) ?? -Infinity) < DAY_MS) return
  const content = await readLocation(rateSource.location)
  const outcome = await applyImport(plane, SYSTEM, {
    lists: [{ name: rateSource.location.split('/').at(-1) ?? 'price list', content }], providers: null, prefer: null, from: null,
    confirmAbove: rateSource.confirmAbove, isConfirmed: false, baseVersion: null,
  })
  lastAt.set(plane, now)
  const waiting = [...outcome.held, ...outcome.plan.changes.filter(({ action, isOverridden }) => action === 'disagreeing' && !isOverridden)]
  plane.log.info({ version: outcome.version, applied: outcome.applied.length, waiting: waiting.length }, 'the price list was imported')
  if (waiting.length === 0) return
  await withRetry(plane.sql, (tx) => insertOutbox(tx, [{
    customer: null, type: 'rates.confirmation_needed',
    payload: { version: outcome.version, confirm_above: rateSource.confirmAbove, changes: waiting.length, first: waiting.slice(0, CHANGES_TOLD_MAX).map(told) },
  }]))
}

function told({ action, provider, model, prices }: RateChange): Readonly<Record<string, unknown>> {
  return { action, provider, model, prices }
}

async function readLocation(location: string): Promise<string> {
  if (!/^https?:/.test(location)) return readFile(location, 'utf8')
  const response = await fetch(location, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
  if (!response.ok || response.body === null) throw new Error(`the price list answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > LIST_BYTES_MAX) throw new Error(`the price list is larger than ${LIST_BYTES_MAX / 1024 / 1024} MiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
