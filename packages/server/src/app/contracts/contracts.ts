// The contract of a customer: looked at before it is applied, applied as a new version, ended. In force everywhere when the call
// answers: it is part of the customer's facts, so decision, settlement and preview see it from the same instant.

import { formatCatalogPath, InputError, isSameData, planOf, validateContract, type Catalog, type ContractDocument, type ContractProblem } from '@tollgate/core'
import type { Sql, Transaction } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import { contractHistory, contractsAfter, insertContract, type ContractRow } from '../../store/contracts.ts'
import { loadFacts, type CustomerRow } from '../../store/customers.ts'
import { insertOutbox } from '../../store/settlement.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { changeCustomer } from '../change-customer.ts'
import { getCustomer } from '../customers.ts'
import { Problem } from '../problems.ts'

const HISTORY_SHOWN = 100

/** Versions, newest first. */
export async function contractOf(plane: ControlPlane, customer: string): Promise<readonly ContractRow[]> {
  await getCustomer(plane, customer)
  return contractHistory(plane.sql, customer, HISTORY_SHOWN)
}

/** Everything that keeps a contract from being applied; nothing where it may be. */
export async function checkContract(plane: ControlPlane, customer: string, document: ContractDocument): Promise<readonly ContractProblem[]> {
  return problemsOf(plane.catalogs.current(), await getCustomer(plane, customer), document)
}

export async function applyContract(plane: ControlPlane, actor: Actor, customer: string, input: { readonly document: ContractDocument; /** Version that it was looked at on; null for whatever is in force. */ readonly baseVersion: number | null }): Promise<{ readonly version: number; readonly changed: boolean }> {
  const [problem] = await checkContract(plane, customer, input.document)
  if (problem !== undefined) throw new InputError({ code: problem.code, field: formatCatalogPath(problem.path), message: `${formatCatalogPath(problem.path)}: ${problem.message}` })
  return putContract(plane, actor, customer, input)
}

/** The terms end at once; what was charged under them stays charged. */
export async function endContract(plane: ControlPlane, actor: Actor, customer: string): Promise<{ readonly version: number; readonly changed: boolean }> {
  return putContract(plane, actor, customer, { document: null, baseVersion: null })
}

async function putContract(plane: ControlPlane, actor: Actor, customer: string, input: { readonly document: ContractDocument | null; readonly baseVersion: number | null }): Promise<{ readonly version: number; readonly changed: boolean }> {
  let outcome = { version: 0, changed: false }
  await changeCustomer(plane, customer, async (tx) => {
    const [latest] = await contractHistory(tx, customer, 1)
    const base = latest?.version ?? 0
    if (input.baseVersion !== null && input.baseVersion !== base) throw new Problem('contract_conflict', `version ${base} of the contract is in force, but the change was made on version ${input.baseVersion}: look at it again`, 'base_version')
    outcome = { version: base, changed: false }
    if (isSameData(latest?.document ?? null, input.document)) return
    const version = await insertContract(tx, { customer, document: input.document, actor: actor.id })
    await insertAudit(tx, { actor: actor.id, action: input.document === null ? 'contract.ended' : 'contract.applied', customer, target: `contract/${version}`, before: latest?.document ?? null, after: input.document })
    await insertOutbox(tx, [{ customer, type: 'contract.changed', payload: { version, name: input.document?.name ?? latest?.document?.name ?? null, ended: input.document === null } }])
    outcome = { version, changed: true }
  })
  return outcome
}

function problemsOf(catalog: Catalog, customer: Pick<CustomerRow, 'plan' | 'currency'>, document: ContractDocument): readonly ContractProblem[] {
  const plan = planOf(catalog, { plan: customer.plan, ...(customer.currency === null ? {} : { money: customer.currency }) })
  if (plan === undefined) throw new Problem('not_found', `the catalog in force has no plan ${customer.plan}`, 'plan')
  return validateContract(document, { catalog, plan })
}

const CONTRACTS_PER_PAGE = 500

/** Contracts that `catalog` would break: they name what it does not have. Asked before it is published. */
export async function assertContractsKept(sql: Sql | Transaction, catalog: Catalog): Promise<void> {
  for (let after = ''; ; ) {
    const page = await contractsAfter(sql, after, CONTRACTS_PER_PAGE)
    if (page.length === 0) return
    const facts = await loadFacts(sql, page.map(({ customer }) => customer))
    for (const { customer, document } of page) {
      const of = facts.get(customer)
      if (of === undefined || !catalog.plans.has(of.plan)) continue
      const [problem] = problemsOf(catalog, { plan: of.plan, currency: of.currency ?? null }, document)
      if (problem !== undefined) throw new InputError({ code: 'contract_broken', field: 'plans', message: `the contract of ${customer} would not hold any more: ${formatCatalogPath(problem.path)}: ${problem.message}. Change the contract first` })
    }
    after = page.at(-1)!.customer
  }
}
