// Budgets.

import { didYouMean, InputError, nearest, type EntityId, type Exhausted, type RuleTerms } from '@tollgate/core'
import { budgetById, budgetReport, membersPage, resetOf, textOf, type BudgetStanding } from '../../app/budget-report.ts'
import { deleteBudget, putBudget, setMemberLimit } from '../../app/budgets.ts'
import { moveAllocation } from '../../app/wallets/allocations.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { ApiError } from '../problems.ts'
import type { budgetRoutes } from '../contract/budgets.ts'
import { timeOf, timeOrNull } from '../contract/fields.ts'
import { readCursor, writeCursor } from '../cursor.ts'
import type { Call, Handlers } from '../handler.ts'

export const budgetHandlers: Handlers<keyof typeof budgetRoutes> = {
  listBudgets: async ({ plane, params, query }) => {
    if (query.members_of !== undefined) {
      const page = await membersPage(plane, params.customer, { rule: query.members_of, after: readCursor('members', query.cursor), limit: query.limit })
      return { data: page.rows.map(budgetBody), next_cursor: writeCursor('members', page.next) }
    }
    const after = readCursor('budgets', query.cursor)
    const all = (await budgetReport(plane, params.customer)).sort((a, b) => (a.budget.id < b.budget.id ? -1 : 1)).filter(({ budget }) => after === null || budget.id > after)
    const shown = all.slice(0, query.limit)
    return { data: shown.map(budgetBody), next_cursor: all.length > shown.length ? writeCursor('budgets', shown.at(-1)!.budget.id) : null }
  },
  getBudget: async ({ plane, caller, params, query }) => {
    const customer = caller.key.customer ?? query.customer
    if (customer === undefined) throw new InputError({ code: 'required', field: 'customer', message: 'customer is missing: an operator’s key says whose budget it means' })
    if (query.customer !== undefined && query.customer !== customer) throw new ApiError('not_found', `there is no customer ${query.customer}`, { field: 'customer' })
    return budgetBody(await budgetById(plane, customer, params.budget))
  },
  putBudget: async ({ plane, caller, params, body }) => {
    assertFeatures(plane, body.features)
    const { name, limit, meters, window, enforcement, features } = body
    await putBudget(plane, caller.actor, params.customer, { id: params.budget, name, limit, meters, window, enforcement, entity: body.entity as EntityId | null, features, terms: termsOf(body) })
    return budgetBody(await budgetById(plane, params.customer, `cap:${params.budget}`))
  },
  deleteBudget: async ({ plane, caller, params }) => {
    const id = `cap:${params.budget}`
    await deleteBudget(plane, caller.actor, params.customer, id)
    return { id }
  },
  moveBudget: async ({ plane, caller, params, body, idText }) => {
    const [id, from, to] = [`bmv_${idText()}`, `cap:${params.budget}`, `cap:${body.to}`]
    await moveAllocation(plane, caller.actor, params.customer, { id, from, to, amount: body.amount, reason: body.reason })
    return { id, from: budgetBody(await budgetById(plane, params.customer, from)), to: budgetBody(await budgetById(plane, params.customer, to)) }
  },
  putBudgetMember: async ({ plane, caller, params, body }) =>
    budgetBody(await budgetById(plane, params.customer, await setMemberLimit(plane, caller.actor, params.customer, { rule: `cap:${params.budget}`, values: body.values, limit: body.limit }))),
}

type Written = Call<(typeof budgetRoutes)['putBudget']>['body']

/** Only what differs from a plain budget is kept. */
function termsOf(body: Written): RuleTerms {
  const exhausted = exhaustedOf(body.at_exhaustion)
  return {
    ...(body.rolling ? { rolling: true } : {}),
    ...(body.rollover_max === null ? {} : { rolloverMax: body.rollover_max }),
    ...(Object.keys(body.where).length === 0 ? {} : { where: body.where }),
    ...(body.per.length === 0 ? {} : { per: body.per }),
    ...(exhausted.action === 'deny' ? {} : { exhausted }),
    ...(body.fail_mode.mode === 'closed' ? {} : { failMode: body.fail_mode }),
    ...(body.observe ? { observe: true } : {}),
    ...(String(body.thresholds) === '50,80,100' ? {} : { thresholds: body.thresholds }),
    ...(body.overcommit ? {} : { overcommit: false }),
    ...(body.burst === null ? {} : { burst: body.burst }),
  }
}

function exhaustedOf(written: Written['at_exhaustion']): Exhausted {
  switch (written.action) {
    case 'throttle':
      return { action: 'throttle', perMinute: written.per_minute }
    case 'queue':
      return { action: 'queue', waitSeconds: written.wait_seconds }
    case 'fallback':
      return { action: 'fallback', model: written.model, ...(written.instruction === undefined ? {} : { instruction: written.instruction }) }
    case 'clamp':
      return { action: 'clamp', ...(written.instruction === undefined ? {} : { instruction: written.instruction }) }
    default:
      return written
  }
}

function writtenExhausted(exhausted: Exhausted | undefined) {
  if (exhausted?.action === 'throttle') return { action: 'throttle' as const, per_minute: exhausted.perMinute }
  return exhausted?.action === 'queue' ? { action: 'queue' as const, wait_seconds: exhausted.waitSeconds } : (exhausted ?? { action: 'deny' as const })
}

/** A rule for a feature that does not exist would never limit anything. */
export function assertFeatures(plane: ControlPlane, wanted: readonly string[] | null): void {
  const { features } = plane.catalogs.current()
  for (const feature of wanted ?? []) {
    if (!features.has(feature))
      throw new InputError({
        code: 'unknown_feature',
        field: 'features',
        message: `the catalog in force has no feature ${feature}.${didYouMean(nearest(feature, features.keys()))}`,
      })
  }
}

export function budgetBody(standing: BudgetStanding) {
  const { budget, kind, window, terms, limit, used, leased } = standing
  const { exhausted } = terms
  return {
    id: budget.id,
    name: budget.name,
    kind,
    unit: budget.unit.kind === 'money' ? budget.unit.asset : budget.unit.name,
    meters: budget.unit.kind === 'money' ? null : [...budget.unit.meters],
    limit: textOf(standing, limit),
    used: textOf(standing, used),
    remaining: textOf(standing, limit - used),
    leased: textOf(standing, leased),
    headroom: textOf(standing, limit - used - leased),
    rolled_over: textOf(standing, standing.rolledOver),
    window,
    enforcement: budget.enforcement,
    entity: budget.entity,
    features: budget.features === null ? null : [...budget.features],
    rolling: terms.rolling ?? false,
    rollover_max: terms.rolloverMax ?? null,
    where: Object.fromEntries(Object.entries(terms.where ?? {}).map(([attribute, values]) => [attribute, [...values]])),
    per: [...(terms.per ?? [])],
    at_exhaustion: writtenExhausted(exhausted),
    fail_mode: terms.failMode ?? { mode: 'closed' as const },
    observe: terms.observe ?? false,
    thresholds: [...(terms.thresholds ?? [50, 80, 100])],
    overcommit: terms.overcommit ?? true,
    burst: terms.burst ?? null,
    owner: standing.owner,
    period: budget.period.end - budget.period.start > LONGEST_PERIOD_MS ? null : { start: timeOf(budget.period.start), end: timeOf(budget.period.end) },
    resets_at: timeOrNull(resetOf(standing)),
    forecast: { per_hour: standing.perHour, exhausted_at: timeOrNull(standing.exhaustedAt) },
    worst_case: { overspend: standing.worstCase.overspend === null ? null : textOf(standing, standing.worstCase.overspend), formula: standing.worstCase.formula },
  }
}

/** Beyond it a period is no period but for ever. */
const LONGEST_PERIOD_MS = 10 * 366 * 86_400_000
