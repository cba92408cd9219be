// Customers, entities and subscriptions.

import type { CustomerId } from '@tollgate/core'
import { changeSubscription } from '../../app/subscription/set-standing.ts'
import { createCustomer, createEntity, getCustomer, putLocale, putRunaway } from '../../app/customers.ts'
import { customersPage, entitiesPage, getEntity } from '../../app/listings.ts'
import type { customerRoutes } from '../contract/customers.ts'
import { timeOf } from '../contract/fields.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Handlers } from '../handler.ts'

export const customerHandlers: Handlers<keyof typeof customerRoutes> = {
  createCustomer: async ({ plane, caller, body, idText }) =>
    customerBody(
      await createCustomer(plane, caller.actor, {
        id: body.id ?? `cus_${idText()}`,
        name: body.name,
        externalId: body.external_id ?? null,
        plan: body.plan,
        timeZone: body.time_zone,
        locale: body.locale,
        currency: body.currency ?? null,
        metadata: body.metadata,
        startsAt: body.starts_at ?? null,
        agreement: { seats: body.seats, addOns: body.add_ons, trialDays: body.trial_days, awaitsPayment: body.awaits_payment, endsAt: body.ends_at },
        testClock: body.test_clock,
      }),
    ),
  listCustomers: async ({ plane, query }) => {
    const page = await customersPage(plane, { search: query.search ?? null, after: readCursor('customers', query.cursor), limit: query.limit })
    return { data: page.rows.map(customerBody), next_cursor: writeCursor('customers', page.next) }
  },
  getCustomer: async ({ plane, params }) => customerBody(await getCustomer(plane, params.customer)),
  changeCustomer: async ({ plane, caller, params, body: { plan = null, standing = null, observe = null, locale, burn_order: burnOrder } }) => {
    if (locale !== undefined) await putLocale(plane, caller.actor, params.customer, locale)
    if (plan !== null || standing !== null || observe !== null || burnOrder !== undefined) await changeSubscription(plane, caller.actor, params.customer, { plan, standing, observe, burnOrder })
    return customerBody(await getCustomer(plane, params.customer))
  },
  putRunaway: async ({ plane, caller, params, body }) => {
    const { action, repeats, window_seconds: seconds, velocity_ratio: velocityRatio } = body
    await putRunaway(plane, caller.actor, params.customer, { action, repeats, windowMs: seconds * 1_000, velocityRatio })
    return body
  },
  createEntity: async ({ plane, caller, params, body, idText }) => {
    const id = await createEntity(plane, caller.actor, params.customer, {
      id: body.id ?? `ent_${idText()}`,
      parent: body.parent ?? null,
      kind: body.kind,
      name: body.name,
    })
    return getEntity(plane, params.customer as CustomerId, id)
  },
  listEntities: async ({ plane, params, query }) => {
    const page = await entitiesPage(plane, { customer: params.customer, after: readCursor('entities', query.cursor), limit: query.limit })
    return { data: [...page.rows], next_cursor: writeCursor('entities', page.next) }
  },
}

function customerBody(row: Awaited<ReturnType<typeof getCustomer>>) {
  return {
    id: row.id,
    name: row.name,
    external_id: row.externalId,
    plan: row.plan,
    standing: row.standing,
    time_zone: row.timeZone,
    locale: row.locale,
    observe: row.observe,
    burn_order: row.burnOrder === null ? null : [...row.burnOrder],
    test_clock: row.testClock,
    currency: row.currency,
    metadata: row.metadata as Record<string, string | number | boolean | null>,
    subscription_id: row.subscription,
    starts_at: timeOf(row.anchorAt),
    created_at: timeOf(row.createdAt),
  }
}
