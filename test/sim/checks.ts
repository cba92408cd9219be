// The invariants, checked after every step, and those that hold once everything is at rest. Each throws with the sentence
// that was broken and its numbers.

import { escrowOf, formatDecimal, type Account, type Budget } from '@tollgate/core'
import type { Books } from './books.ts'
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
  /** Some requests use more than they asked for. */
  readonly overruns: boolean
  /** By how much events of tiered prices were posted above what their nodes said: nodes do not know each other's position. */
  drift: bigint
}

const shown = (budget: Budget, amount: bigint) => formatDecimal(amount, budget.unit.kind === 'money' ? 12 : 0)

/** After every step. */
export function checkStep(checked: Checked): void {
  const { books, truth, plan } = checked
  checkCharges(checked)
  for (const row of books.lent.budgets.values()) {
    const { budget } = row
    const account = books.lent.accountOf(row)
    checkLeases(budget, account)
    if (!isHard(budget, plan)) continue
    const escrow = escrowOf(account)
    const { counted, overrun } = isCounted(budget) ? truth.committed(budget) : { counted: 0n, overrun: 0n }
    const extra = row.unauthorized + overrun + (budget.unit.kind === 'money' ? checked.drift : 0n)
    // What was lent out when a limit was lowered may still be used, and no more than that. Use beyond a hold eats the lease of other
    // holds, which are then in nobody's escrow until they settle: what is lent out looks less than it is, so it tells nothing.
    const beyond = account.settled + escrow - extra - account.limit
    if (overrun === 0n && checked.drift === 0n) row.overhang = beyond < 0n ? 0n : beyond < row.overhang ? beyond : row.overhang
    const allowed = account.limit + row.overhang + extra
    must(
      account.settled + escrow <= allowed,
      () => `settled + escrow ≤ limit: ${budget.id} has ${shown(budget, account.settled)} + ${shown(budget, escrow)} of ${shown(budget, allowed)}`,
    )
    must(counted <= allowed, () => `what is used and held stays within the limit: ${budget.id} has ${shown(budget, counted)} of ${shown(budget, allowed)}`)
  }
  // Use beyond the bound, or beyond a node's tier, has no lease to come out of.
  if (!checked.overruns && plan !== 'hybrid') must(books.lent.lateOnClosed() === 0n, () => `a lease is closed after its last settlement: ${books.lent.lateOnClosed()} came later`)
}

function checkLeases(budget: Budget, account: Account): void {
  let inDoubt = 0n
  for (const [holder, lease] of account.leases) {
    must(lease.granted >= 0n && lease.used >= 0n, () => `a lease is never negative: ${budget.id} of ${holder}`)
    must(lease.phase !== 'given_up' || lease.granted <= lease.used, () => `what was given up holds nothing: ${budget.id} of ${holder}`)
  }
  for (const { amount } of account.doubts.values()) inDoubt += amount
  must(account.lost >= 0n && inDoubt >= 0n, () => `nothing in doubt is negative: ${budget.id}`)
}

/** No event is charged that nobody settled, none twice, and a final charge is what was posted. */
function checkCharges(checked: Checked): void {
  const { books, truth } = checked
  for (const [id, charge] of books.fresh.splice(0)) {
    const request = truth.requests.get(id)
    if (request === undefined) must(id.startsWith('evt_'), () => `${id} was charged and never asked for`)
    else {
      // It had been shipped before its disk lost it: it is charged after all.
      if ((request.state === 'lost' || request.state === 'forgotten') && request.used !== null) truth.change(request, { state: 'settled' })
      must(request.state === 'settled', () => `${id} was charged and never settled`)
      must(!request.isFinal || request.charge === charge, () => `a final charge is what is posted: ${id} was told ${request.charge}, posted ${charge}`)
      if (charge > request.charge) checked.drift += charge - request.charge
    }
  }
}

/** Where no message was lost, a node knows of all that it was lent, and has given all of it back. */
export function checkDrained({ books, plan }: Checked): void {
  for (const row of books.lent.budgets.values()) {
    // Which of wallet and overage paid is known only when it is posted.
    if (!isHard(row.budget, plan)) continue
    const escrow = books.lent.escrowOf(row)
    must(escrow === 0n, () => `a drained node has given back all that it was lent: ${row.budget.id} still lends ${shown(row.budget, escrow)}`)
  }
}

/** When all faults are over, all nodes are drained and have started anew. */
export function checkRest(checked: Checked): void {
  const { books, truth } = checked
  checkStep(checked)
  for (const row of books.lent.budgets.values()) {
    const escrow = books.lent.escrowOf(row)
    must(escrow === 0n, () => `E → 0 at rest: ${row.budget.id} still lends ${shown(row.budget, escrow)}`)
    must(books.lent.accountOf(row).doubts.size === 0, () => `no doubt stays for ever: ${row.budget.id}`)
    if (row.budget.unit.kind === 'money' || !isCounted(row.budget)) continue
    const { settled } = books.lent.accountOf(row)
    const told = truth.committed(row.budget).settled + row.unauthorized
    must(settled === told, () => `use is booked to the period in which it was admitted: ${row.budget.id} from ${row.budget.period.start} has ${settled}, clients used ${told}`)
  }
  for (const request of truth.requests.values()) {
    if (books.lost.has(request.id)) must(!books.charges.has(request.id), () => `what came too late is nobody's charge: ${request.id} was charged`)
    else if (request.state === 'settled')
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
