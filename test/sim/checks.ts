// The invariants, checked after every step, and those that hold once everything is at rest. Each throws with the sentence
// that was broken and its numbers.

import { formatDecimal, type Budget } from '@tollgate/core'
import type { Books } from './books.ts'
import type { BudgetRow, Lent } from './lent.ts'
import { isHard, type PlanId } from './scenario.ts'
import { isCounted, type Truth } from './traffic.ts'

export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant'
}

function must(holds: boolean, sentence: () => string): void {
  if (!holds) throw new BrokenInvariant(sentence())
}

export type Checked = {
  readonly books: Books
  readonly truth: Truth
  readonly plan: PlanId
  /** By how much events of tiered prices were posted above what their nodes said: nodes do not know each other's position. */
  drift: bigint
}

const shown = (budget: Budget, amount: bigint) => formatDecimal(amount, budget.unit.kind === 'money' ? 12 : 0)

/** After every step. */
export function checkStep(checked: Checked): void {
  const { books, truth, plan } = checked
  checkCharges(checked)
  for (const row of books.lent.rows.values()) {
    const { budget } = row
    checkLeases(row, books.lent)
    if (!isHard(budget, plan)) continue
    const { counted, overrun } = isCounted(budget) ? truth.committed(budget) : { counted: 0n, overrun: 0n }
    const allowed = row.limit + row.unauthorized + overrun + (budget.unit.kind === 'money' ? checked.drift : 0n)
    must(
      row.settled + row.escrow <= allowed,
      () => `settled + escrow ≤ limit: ${budget.id} has ${shown(budget, row.settled)} + ${shown(budget, row.escrow)} of ${shown(budget, allowed)}`,
    )
    must(counted <= allowed, () => `what is used and held stays within the limit: ${budget.id} has ${shown(budget, counted)} of ${shown(budget, allowed)}`)
  }
  must(books.lent.lateOnClosed() === 0n, () => `a lease is closed after its last settlement: ${books.lent.lateOnClosed()} came later`)
}

function checkLeases(row: BudgetRow, lent: Lent): void {
  let escrow = 0n
  for (const lease of row.leases.values()) {
    must(lease.granted >= 0n && lease.used >= 0n, () => `a lease is never negative: ${row.budget.id}`)
    escrow += lent.openOf(lease)
  }
  must(escrow === row.escrow, () => `E = Σ(G − U): ${row.budget.id} says ${row.escrow}, its leases ${escrow}`)
  must(row.escrow >= 0n, () => `E ≥ 0: ${row.budget.id} has ${row.escrow}`)
}

/** No event is charged that nobody settled, none twice, and a final charge is what was posted. */
function checkCharges(checked: Checked): void {
  const { books, truth } = checked
  for (const [id, charge] of books.fresh.splice(0)) {
    const request = truth.requests.get(id)
    if (request === undefined) must(id.startsWith('evt_'), () => `${id} was charged and never asked for`)
    else {
      // It had been shipped before its disk lost it: it is charged after all.
      if (request.state === 'lost' && request.used !== null) truth.change(request, { state: 'settled' })
      must(request.state === 'settled', () => `${id} was charged and never settled`)
      must(!request.isFinal || request.charge === charge, () => `a final charge is what is posted: ${id} was told ${request.charge}, posted ${charge}`)
      if (charge > request.charge) checked.drift += charge - request.charge
    }
  }
}

/** When all faults are over, all nodes are drained and have started anew. */
export function checkRest(checked: Checked): void {
  const { books, truth } = checked
  checkStep(checked)
  for (const { budget, escrow } of books.lent.rows.values()) must(escrow === 0n, () => `E → 0 at rest: ${budget.id} still lends ${shown(budget, escrow)}`)
  for (const request of truth.requests.values()) {
    if (request.state === 'settled')
      must(books.charges.has(request.id), () => `nothing written is lost: ${request.id} was settled on ${request.node} and never charged`)
    else must(!books.charges.has(request.id), () => `only what was settled is charged: ${request.id} is ${request.state} and was charged`)
  }
  const { charged, rated } = books.ratedTotals()
  must(charged === rated, () => `Σ charges + R(0) = R(total): ${charged} against ${rated}`)
  const balances = books.balances()
  const total = [...balances.values()].reduce((sum: bigint, amount) => sum + amount, 0n)
  must(total === 0n, () => `debits = credits: the accounts sum to ${total}`)
  must(
    (balances.get('usage_revenue') ?? 0n) === charged,
    () => `Σ charges = Σ draws + Σ accrued + Σ debt: ${charged} charged, ${balances.get('usage_revenue') ?? 0n} posted`,
  )
  const wallet = [...balances].reduce((sum, [account, amount]) => (account.startsWith('wallet:') ? sum + amount : sum), 0n)
  must(wallet === books.blocks.reduce((sum, block) => sum + block.remaining, 0n), () => 'a wallet = its blocks')
  must(-(balances.get('wallet_debt') ?? 0n) === books.debt(), () => 'debt in the ledger = debt in the books')
}
