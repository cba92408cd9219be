// Subscriptions, test clocks and grants in the words of the contract.

import { formatUnits, standingOf, units, type Segment } from '@tollgate/core'
import { actOnSubscription, recordHappening, startSubscription, type Action } from '../../app/subscription/act.ts'
import { assertMayChange } from '../../app/subscription/tenant-change.ts'
import { applyChange, previewChange, type ChangeInput, type PlannedChange } from '../../app/subscription/change.ts'
import { factsPage, subscriptionOf, toldPage, type SubscriptionView } from '../../app/subscription/read.ts'
import { advanceTestClock, createTestClock, testClocks, type TestClock } from '../../app/subscription/test-clocks.ts'
import { createGrant, grantsOf, withdrawGrant } from '../../app/grants.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import type { grantRoutes } from '../contract/grants.ts'
import type { subscriptionRoutes } from '../contract/subscriptions.ts'
import type { testClockRoutes } from '../contract/test-clocks.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Call, Handlers } from '../handler.ts'

export const subscriptionHandlers: Handlers<keyof typeof subscriptionRoutes> = {
  getSubscription: async ({ plane, params }) => subscriptionBody(await subscriptionOf(plane, params.customer)),
  startSubscription: async ({ plane, caller, params, body }) => {
    await startSubscription(plane, caller.actor, params.customer, { plan: body.plan, seats: body.seats, addOns: body.add_ons, trialDays: body.trial_days, awaitsPayment: body.awaits_payment, endsAt: body.ends_at })
    return subscriptionBody(await subscriptionOf(plane, params.customer))
  },
  previewSubscriptionChange: async ({ plane, caller, params, body }) => {
    assertMayChange(plane, caller, changeInput(body))
    return changeBody(await previewChange(plane, params.customer, changeInput(body)))
  },
  changeSubscription: async ({ plane, caller, params, body }) => {
    assertMayChange(plane, caller, changeInput(body))
    return changeBody(await applyChange(plane, caller.actor, params.customer, changeInput(body)))
  },
  actOnSubscription: async ({ plane, caller, params, body }) => {
    await actOnSubscription(plane, caller.actor, params.customer, actionOf(body), body.reason ?? null)
    return subscriptionBody(await subscriptionOf(plane, params.customer))
  },
  recordSubscriptionFact: async ({ plane, caller, params, body }) => {
    await recordHappening(plane, caller.actor, params.customer, body)
    return subscriptionBody(await subscriptionOf(plane, params.customer))
  },
  listSubscriptionFacts: async ({ plane, params, query }) => {
    const [at, id] = readCursor('facts', query.cursor)?.split(' ') ?? []
    const page = await factsPage(plane, { customer: params.customer, before: at === undefined || id === undefined ? null : { at: Number(at), id }, limit: query.limit })
    const data = page.rows.map(({ id: fact, subscription, source, body, at: time, recordedAt, actor, reason }) => ({
      id: fact, subscription, source, kind: body.kind, at: timeOf(time), recorded_at: timeOf(recordedAt), actor, reason, body: body as unknown as Record<string, unknown>,
    }))
    return { data, next_cursor: writeCursor('facts', page.next) }
  },
  listSubscriptionEvents: async ({ plane, params, query }) => {
    const page = await toldPage(plane, { customer: params.customer, after: query.after, limit: query.limit })
    const data = page.rows.map(({ sequence, name, subscription, at, toldAt, state, plan, reason, data: more, voids, voidedBy }) => ({
      sequence, type: name, subscription, effective_at: timeOf(at), told_at: timeOf(toldAt), state, plan, reason, data: more as Record<string, unknown>, voids, voided_by: voidedBy,
    }))
    return { data, next_after: page.next === null ? null : Number(page.next) }
  },
}

export const testClockHandlers: Handlers<keyof typeof testClockRoutes> = {
  createTestClock: async ({ plane, caller, body }) => clockBody(await createTestClock(plane, caller.actor, body)),
  listTestClocks: async ({ plane }) => ({ data: (await testClocks(plane)).map(clockBody), next_cursor: null }),
  advanceTestClock: async ({ plane, caller, params, body }) => clockBody(await advanceTestClock(plane, caller.actor, params.clock, body.to)),
}

export const grantHandlers: Handlers<keyof typeof grantRoutes> = {
  listGrants: async ({ plane, params }) => ({ data: (await grantsOf(plane, params.customer)).map(grantBody), next_cursor: null }),
  createGrant: async ({ plane, caller, params, body }) =>
    grantBody(await createGrant(plane, caller.actor, params.customer, { ...body, startsAt: body.starts_at, endsAt: body.ends_at })),
  withdrawGrant: async ({ plane, caller, params, body }) => grantBody(await withdrawGrant(plane, caller.actor, params.customer, params.grant, body.reason)),
}

function changeInput(body: Call<typeof subscriptionRoutes.changeSubscription>['body']): ChangeInput {
  return { plan: body.plan ?? null, seats: body.seats ?? null, addOns: body.add_ons ?? null, when: body.when, reason: body.reason ?? null }
}

function actionOf(body: Call<typeof subscriptionRoutes.actOnSubscription>['body']): Action {
  switch (body.action) {
    case 'pause':
      return { action: 'pause', resumesAt: body.resumes_at }
    case 'extend_trial':
      return { action: 'extend_trial', trialEndsAt: body.trial_ends_at }
    case 'cancel':
    case 'unschedule':
      return body
    default:
      return { action: body.action }
  }
}

function subscriptionBody({ customer, current, planVersion, period, notice, ahead, asOf }: SubscriptionView) {
  return {
    customer,
    id: current.subscription,
    source: current.source,
    state: current.state,
    standing: standingOf(current.state),
    reason: current.reason,
    plan: current.plan,
    plan_version: planVersion,
    seats: current.seats,
    add_ons: [...current.addOns],
    started_at: timeOf(current.startedAt),
    since: timeOf(current.from),
    period: { start: timeOf(period.start), end: timeOf(period.end) },
    trial_ends_at: timeOrNull(current.trialEndsAt),
    grace_ends_at: timeOrNull(current.graceEndsAt),
    cancels_at: timeOrNull(current.cancelAt),
    resumes_at: timeOrNull(current.resumesAt),
    blocks: [...current.blocks],
    scheduled: current.scheduled.map(({ id, at, change }) => ({ id, takes_effect_at: timeOf(at), plan: change.plan ?? null, seats: change.seats ?? null, add_ons: change.addOns === undefined ? null : [...change.addOns] })),
    ahead: ahead.map(stretchBody),
    notice: notice === null ? null : { ...notice, until: timeOrNull(notice.until) },
    as_of: timeOf(asOf),
  }
}

function stretchBody({ from, state, plan, seats, addOns, reason }: Segment) {
  return { from: timeOf(from), state, plan, seats, add_ons: [...addOns], reason }
}

function changeBody({ before, after, upgrade, takesEffectAt, period, lines, currency }: PlannedChange) {
  const amount = (value: bigint) => formatUnits(units(value), currency)
  return {
    before: { plan: before.plan, seats: before.seats, add_ons: [...before.addOns] },
    after: { plan: after.plan, seats: after.seats, add_ons: [...after.addOns] },
    upgrade,
    takes_effect_at: timeOf(takesEffectAt),
    period: { start: timeOf(period.start), end: timeOf(period.end) },
    lines: lines.map((line) => ({ kind: line.kind, id: line.id, name: line.name, seconds: Number(line.share.part), period_seconds: Number(line.share.whole), whole: amount(line.whole), amount: amount(line.amount) })),
    amount: amount(lines.reduce((sum, line) => sum + line.amount, 0n)),
    currency,
  }
}

function clockBody({ id, name, now, customers, createdAt }: TestClock) {
  return { id, name, now: timeOf(now), customers, created_at: timeOf(createdAt) }
}

function grantBody(row: Awaited<ReturnType<typeof grantsOf>>[number]) {
  return {
    id: row.id,
    kind: row.kind,
    name: row.name,
    promotion: row.promotion,
    entitlements: row.entitlements.map(({ feature, value, models }) => ({ feature, value, models: [...models] })),
    allowances: [...row.allowances],
    limits: [...row.limits],
    starts_at: timeOf(row.startsAt),
    ends_at: timeOrNull(row.endsAt),
    reason: row.reason,
    created_at: timeOf(row.createdAt),
    created_by: row.createdBy,
  }
}
