// Persons behind pseudonyms: found by what events called them, and erased. The audit log names the pseudonym and never the person.

import { withRetry } from '../platform/postgres.ts'
import { insertAudit } from '../store/audit.ts'
import { deletePromptsOfPerson } from '../store/prompts.ts'
import { deletePseudonym, findPseudonym } from '../store/pseudonyms.ts'
import type { Actor } from './actor.ts'
import type { ControlPlane } from './control-plane.ts'
import { getCustomer } from './customers.ts'
import { personHash } from './settlement/pseudonyms.ts'

export type Person = { readonly dimension: string; readonly value: string }

export async function pseudonymOf(plane: ControlPlane, customer: string, person: Person): Promise<string | null> {
  await getCustomer(plane, customer)
  return findPseudonym(plane.sql, { customer, dimension: person.dimension, hash: personHash(plane.masterKey, { customer, ...person }) })
}

/** What was kept of the person's prompts goes too. The pseudonym that stays in the records; null where nothing was known of the person. */
export async function erasePerson(plane: ControlPlane, actor: Actor, customer: string, person: Person): Promise<string | null> {
  await getCustomer(plane, customer)
  return withRetry(plane.sql, async (tx) => {
    const pseudonym = await deletePseudonym(tx, { customer, dimension: person.dimension, hash: personHash(plane.masterKey, { customer, ...person }) })
    if (pseudonym === null) return null
    await deletePromptsOfPerson(tx, { customer, dimension: person.dimension, pseudonym })
    await insertAudit(tx, { actor: actor.id, action: 'person.erased', customer, target: pseudonym, before: null, after: { dimension: person.dimension } })
    return pseudonym
  })
}
