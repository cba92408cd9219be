// The continuous check of the books: for every customer whose ledger moved, all figures that must agree are compared, and the chain of its
// transfers is followed from the last checkpoint. What disagrees is logged and told as a message with the figures, once until it changes.

import { CHAIN_START, followChain, formatUnits, instant, parseUnits, type ChainLink, type Instant } from '@tollgate/core'
import { changedHeads, lastCheckpoint } from '../../store/checkpoints.ts'
import { listTransfers, sha256, type StoredTransfer } from '../../store/ledger.ts'
import { insertOutbox } from '../../store/settlement.ts'
import { checkDocuments } from '../books/check-documents.ts'
import type { ControlPlane } from '../control-plane.ts'
import { checkSums } from '../reports.ts'

/** Customers of one page, and of one turn of the job. */
const CUSTOMERS_PER_PAGE = 200
const CUSTOMERS_PER_TURN = 2_000
const TRANSFERS_PER_PAGE = 1_000

export type BooksCheck = { readonly customer: string; readonly transfers: number; readonly problems: readonly string[] }

/** Everything that must be true of one customer's books. */
export async function checkBooks(plane: ControlPlane, customer: string): Promise<BooksCheck> {
  const [sums, documents, chain] = [await checkSums(plane, customer), await checkDocuments(plane, customer), await checkChain(plane, customer)]
  return { customer, transfers: chain.transfers, problems: [...sums.differences, ...documents, ...chain.problems] }
}

async function checkChain(plane: ControlPlane, customer: string): Promise<{ readonly transfers: number; readonly problems: readonly string[] }> {
  const start = await lastCheckpoint(plane.sql, customer)
  let head = { position: start === null ? 0 : Number(start.position), hash: start?.hash ?? CHAIN_START }
  let transfers = 0
  for (let after = start?.sequence ?? null; ; ) {
    const rows = await listTransfers(plane.sql, { customer, after, limit: TRANSFERS_PER_PAGE, account: null })
    const links = rows.flatMap((row) => linkOf(customer, row))
    const { position, hash, broken } = followChain(links, head, sha256)
    if (broken !== null) return { transfers, problems: [`the chain of transfers breaks at number ${broken.position}: ${broken.reason === 'gap' ? 'one is missing or doubled' : 'it is not what was posted'}`] }
    head = { position, hash }
    transfers += links.length
    if (rows.length < TRANSFERS_PER_PAGE) return { transfers, problems: [] }
    after = rows.at(-1)!.sequence
  }
}

function linkOf(customer: string, row: StoredTransfer): ChainLink[] {
  const { position, hash } = row
  if (position === null || hash === null) return []
  return [{ ...row, customer, position: Number(position), hash, amount: formatUnits(parseUnits(row.amount, row.asset), row.asset) }]
}

/** The job: checks what moved since its last turn. */
export function createBooksChecker(): (plane: ControlPlane) => Promise<number> {
  let since: { readonly at: Instant; readonly customer: string } = { at: instant(0), customer: '' }
  const told = new Map<string, string>()
  return async (plane) => {
    let checked = 0
    while (checked < CUSTOMERS_PER_TURN) {
      const heads = await changedHeads(plane.sql, { ...since, limit: CUSTOMERS_PER_PAGE })
      for (const { customer } of heads) tell(plane, told, await checkBooks(plane, customer))
      checked += heads.length
      const last = heads.at(-1)
      if (last !== undefined) since = { at: last.changedAt, customer: last.customer }
      if (heads.length < CUSTOMERS_PER_PAGE) break
    }
    return checked
  }
}

/** Customers that disagree and were told of; more than a few is one fault, not many. */
const TOLD_MAX = 1_000

function tell(plane: ControlPlane, told: Map<string, string>, { customer, problems }: BooksCheck): void {
  const text = problems.join('; ')
  if (problems.length === 0) return void told.delete(customer)
  if (told.get(customer) === text || told.size >= TOLD_MAX) return
  told.set(customer, text)
  plane.log.error({ customer, problems }, 'the books of a customer disagree')
  void plane.sql.begin((tx) => insertOutbox(tx, [{ customer, type: 'books.disagree', payload: { problems } }])).catch((error: unknown) => plane.log.error({ err: error }, 'a disagreement could not be told'))
}
