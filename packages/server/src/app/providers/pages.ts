// A provider's own pages for one customer: to subscribe, and to manage cards and invoices. Made when an operator's program asks, never on
// a request's way.

import { InputError, type Plan } from '@tollgate/core'
import { linksOfCustomer, type ProviderName } from '../../store/providers.ts'
import { withRetry } from '../../platform/postgres.ts'
import { insertAudit } from '../../store/audit.ts'
import type { Actor } from '../actor.ts'
import type { ControlPlane } from '../control-plane.ts'
import { getCustomer } from '../customers.ts'
import { Problem } from '../problems.ts'
import { checkAddOns, planNamed } from '../subscription/agreement.ts'
import { connectorOf, requireAccount } from './accounts.ts'
import type { ProviderPages } from './connector.ts'

export type Page = { readonly id: string; readonly url: string }

export async function checkoutPage(plane: ControlPlane, actor: Actor, customer: string, input: { readonly provider: ProviderName; readonly plan: string; readonly seats: number; readonly addOns: readonly { readonly id: string; readonly quantity: number }[]; readonly successUrl: string; readonly cancelUrl: string }): Promise<Page> {
  await getCustomer(plane, customer)
  const plan = planNamed(plane, input.plan)
  const addOns = checkAddOns(plane, plan, input.addOns)
  const known = plane.catalogs.current().addOns
  const names = [{ name: nameOf(plan, input.provider), quantity: input.seats }, ...addOns.map(({ id, quantity }) => ({ name: nameOf(known.get(id)!, input.provider), quantity }))]
  const pages = pagesOf(plane, input.provider)
  const page = await pages.checkout(await requireAccount(plane, input.provider), { customer, external: await externalOf(plane, customer, input.provider), names, trialDays: plan.trial?.days ?? null, successUrl: input.successUrl, cancelUrl: input.cancelUrl })
  await note(plane, actor, customer, { action: 'provider.checkout_opened', target: page.id, after: { provider: input.provider, plan: plan.id } })
  return page
}

export async function portalPage(plane: ControlPlane, actor: Actor, customer: string, input: { readonly provider: ProviderName; readonly returnUrl: string }): Promise<Page> {
  const external = await externalOf(plane, customer, input.provider)
  if (external === null) throw new Problem('not_found', `customer ${customer} is not linked with ${input.provider}`, 'customer')
  const page = await pagesOf(plane, input.provider).portal(await requireAccount(plane, input.provider), { external, returnUrl: input.returnUrl })
  await note(plane, actor, customer, { action: 'provider.portal_opened', target: page.id, after: { provider: input.provider } })
  return page
}

function pagesOf(plane: ControlPlane, provider: ProviderName): ProviderPages {
  const { pages } = connectorOf(plane, provider)
  if (pages === undefined) throw new InputError({ code: 'invalid_value', field: 'provider', message: `pages of ${provider} are not opened from here; stripe's are` })
  return pages
}

/** The first name that the catalog gives for the provider: for Stripe the price that a checkout sells. */
function nameOf(item: Pick<Plan, 'id' | 'providers'>, provider: ProviderName): string {
  const name = item.providers?.[provider].find((candidate) => provider !== 'stripe' || !candidate.startsWith('prod_'))
  if (name === undefined) throw new InputError({ code: 'unmapped_price', field: 'plan', message: `the catalog names no price of ${provider} for ${item.id}: add it under \`providers: { ${provider}: [...] }\`` })
  return name
}

async function externalOf(plane: ControlPlane, customer: string, provider: ProviderName): Promise<string | null> {
  await getCustomer(plane, customer)
  return (await linksOfCustomer(plane.sql, customer)).find((link) => link.provider === provider && link.kind === 'customer')?.id ?? null
}

async function note(plane: ControlPlane, actor: Actor, customer: string, entry: { readonly action: string; readonly target: string; readonly after: unknown }): Promise<void> {
  await withRetry(plane.sql, (tx) => insertAudit(tx, { actor: actor.id, customer, before: null, ...entry }))
}
