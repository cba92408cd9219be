// The one decision: who may, what is held where, what is asked of the authority, and which refusal wins.

import { expect, test } from 'vitest'
import fc from 'fast-check'
import type { Catalog, Meter, Plan } from '../catalog/catalog.ts'
import type { CustomerSnapshot, FundingSource, Standing } from '../entitlement/snapshot.ts'
import type { CustomerId, EntityId } from '../id.ts'
import { formatUnits, parseUnits, units } from '../money.ts'
import { quantity } from '../quantity.ts'
import type { UsagePrice } from '../rating/price.ts'
import { instant } from '../time.ts'
import { LIFETIME, type Budget } from './budget.ts'
import { decide, type Decision } from './decide.ts'
import { DENIAL_STATUS, type DenialReason } from './denial.ts'
import { grant, hold, openSlice, settle, type Slice } from './slice.ts'

const NOW = instant(1_000)
const MONTH = { start: instant(0), end: instant(2_592_000_000) }
const NANO = 1_000_000_000

const meter = (id: string): Meter => ({
  id,
  name: id,
  unit: 'token',
  eventType: 'ai.request',
  aggregation: 'sum',
  properties: [id],
  filter: new Map(),
  scale: 0,
})
const input = meter('input')
const output = meter('output')
/** One dollar a thousand units: a unit is a million nano-dollars. */
const price = (id: string): UsagePrice => ({
  id: `${id}_price`,
  name: id,
  meter: id,
  scale: 0,
  asset: 'USD',
  when: new Map(),
  model: 'per_unit',
  amount: parseUnits('1', 'USD'),
  per: quantity(1_000n),
})
const PRICES = [price('input'), price('output')]

const budget = (id: string, part: Partial<Budget> = {}): Budget => ({
  id,
  name: id,
  unit: { kind: 'meters', meters: ['input', 'output'], scale: 0, name: 'tokens' },
  period: MONTH,
  enforcement: 'hard',
  entity: null,
  features: null,
  ...part,
})
const WALLET: FundingSource = { kind: 'wallet', budget: budget('wallet:USD', { unit: { kind: 'money', asset: 'USD' }, period: LIFETIME }) }
const OVERAGE: FundingSource = { kind: 'overage' }
const allowance = (id: string, meters: readonly string[] = ['input', 'output']): FundingSource => ({
  kind: 'allowance',
  allowance: id,
  budget: budget(`allowance:${id}`, { unit: { kind: 'meters', meters, scale: 0, name: 'tokens' } }),
})
const TOKENS = allowance('tokens')
const DAILY = budget('limit:daily')
const CAP = budget('cap:money', { unit: { kind: 'money', asset: 'USD' } })

type World = {
  readonly standing?: Standing
  readonly plan?: string
  readonly feature?: string
  readonly model?: string | null
  readonly entity?: string | null
  readonly funding?: readonly FundingSource[]
  readonly limits?: readonly Budget[]
  readonly prices?: readonly UsagePrice[]
  readonly use?: { readonly input?: number; readonly output?: number }
  /** What the node has free in its slices, by budget id; `refused` marks that the authority has nothing more. */
  readonly free?: Readonly<Record<string, number>>
  readonly refused?: Readonly<Record<string, number>>
  readonly slices?: ReadonlyMap<string, Slice>
  readonly observe?: boolean
  readonly frozen?: CustomerSnapshot['frozen']
  readonly isCutOff?: boolean
  readonly rates?: Readonly<Record<string, number>>
  readonly expectedShare?: number
  readonly lent?: Readonly<Record<string, number>>
  readonly key?: string
}

function slicesOf(world: World): Map<string, Slice> {
  const slices = new Map<string, Slice>()
  for (const [id, free] of Object.entries(world.free ?? {})) {
    const slice = openSlice({ budget: id, periodStart: MONTH.start, periodEnd: MONTH.end })
    if (free >= 0) grant(slice, free)
    else settle(slice, 0, -free)
    slices.set(id, slice)
  }
  for (const [id, min] of Object.entries(world.refused ?? {})) {
    const slice = slices.get(id) ?? openSlice({ budget: id, periodStart: MONTH.start, periodEnd: MONTH.end })
    slice.refused = { min, until: instant(NOW + 1) }
    slices.set(id, slice)
  }
  for (const [id, lent] of Object.entries(world.lent ?? {})) {
    const slice = slices.get(id) ?? openSlice({ budget: id, periodStart: MONTH.start, periodEnd: MONTH.end })
    slices.set(id, Object.assign(slice, { lent }))
  }
  return slices
}

function decideIn(world: World): Decision {
  const prices = world.prices ?? PRICES
  const funding = world.funding ?? [WALLET]
  const plan: Plan = {
    id: 'pro',
    name: 'Pro',
    public: true,
    period: 'month',
    currency: 'USD', inCurrency: new Map(), asset: 'USD',
    outcomes: [],
    needsUncachedCost: false,
    excluded: [],
    recurring: [],
    limits: [],
    prices,
    pricesByMeter: new Map(prices.map((one) => [one.meter, [one]])),
    funding: [],
    entitlements: new Map([
      ['chat', { feature: 'chat', value: null, models: ['small', 'large'] }],
      ['any', { feature: 'any', value: null, models: ['*'] }],
    ]),
    allowances: [TOKENS, allowance('welcome', ['input'])].flatMap((source) =>
      source.kind === 'allowance' && source.budget.unit.kind === 'meters'
        ? [{ id: source.allowance, name: source.allowance, meters: source.budget.unit.meters, quantity: quantity(0n), scale: 0 }]
        : [],
    ),
  }
  const catalog = { plans: new Map([['pro', plan]]), currency: 'USD', exchange: new Map() } as unknown as Catalog
  const snapshot: CustomerSnapshot = {
    customer: 'cus_1' as CustomerId,
    name: 'Acme',
    version: 1,
    catalogVersion: 1,
    plan: world.plan ?? 'pro',
    standing: world.standing ?? 'good',
    clockOffsetMs: 0,
    notice: null,
    entitlements: Object.fromEntries([...plan.entitlements].map(([id, { value, models }]) => [id, { granted: true, value, models, sources: [] }])),
    usable: world.standing === undefined || world.standing === 'good' || world.standing === 'grace' ? null : [],
    currency: 'USD',
    period: MONTH,
    limits: world.limits ?? [],
    funding,
    ...(world.observe === undefined ? {} : { observe: world.observe }),
    ...(world.frozen === undefined ? {} : { frozen: world.frozen }),
    positions: {},
    validUntil: MONTH.end,
    topUpUrl: 'https://pay.example/top-up',
    upgradeUrl: 'https://pay.example/plans',
    entityPaths: { ent_user: ['ent_team', 'ent_org'], ent_team: ['ent_org'] } as unknown as CustomerSnapshot['entityPaths'],
  }
  const slices = world.slices ?? slicesOf(world)
  const bound = [
    { meter: input, quantity: quantity(BigInt(world.use?.input ?? 0)) },
    { meter: output, quantity: quantity(BigInt(world.use?.output ?? 0)) },
  ].filter(({ quantity: used }) => used > 0n)
  return decide({
    snapshot,
    catalog,
    now: NOW,
    slices: ({ id }) => slices.get(id),
    ...(world.isCutOff === undefined ? {} : { isCutOff: world.isCutOff }),
    ...(world.rates === undefined ? {} : { rates: ({ id }) => ({ bucket: { level: world.rates![id] ?? 0, at: NOW }, share: { limit: 60, windowMs: 60_000, burst: 60 } }) }),
    request: { ...(world.expectedShare === undefined ? {} : { expectedShare: world.expectedShare }), key: world.key ?? null, feature: world.feature ?? 'chat', model: world.model ?? null, entity: (world.entity ?? null) as EntityId | null, run: null, bound, quantities: {}, dimensions: {} },
  })
}

/** A decision in one line: who holds what, who is asked for what, or who refused. */
function outcome(world: World): string {
  const decision = decideIn(world)
  if (decision.kind === 'deny') return `deny ${decision.denial.reason} ${decision.denial.scope}`
  if (decision.kind === 'miss')
    return ['miss', ...decision.needs.map(({ budget: { id }, min, need }) => `${id} ${min === need ? min : `${min}..${need}`}`)].join(' · ')
  return [
    'allow',
    ...decision.holds.map(({ budget: { id }, amount }) => `${id} ${amount}`),
    ...decision.takes.map(({ budget: { id }, amount }) => `take ${id} ${amount}`),
    ...decision.loans.map(({ budget: { id }, amount }) => `lend ${id} ${amount}`),
    ...decision.notices.map(({ why, budget: about, denial }) => `${why} ${about?.id ?? denial.scope} ${denial.reason}`),
    ...(decision.overage > 0n ? [`overage ${formatUnits(decision.overage, 'USD')}`] : []),
  ].join(' · ')
}

function check(world: World, expected: string): void {
  expect.soft(outcome(world)).toBe(expected)
}

const TEN = { input: 4, output: 6 }
/** What ten units may cost: a linear price is held exactly. */
const COST = NANO / 100

test('who is not in good standing, asks for a feature or a model outside the plan, is refused before any money is looked at', () => {
  const empty = { refused: { 'wallet:USD': 1, 'limit:daily': 1 }, limits: [DAILY], use: TEN }
  for (const standing of ['suspended', 'paused', 'cancelled'] as const)
    check({ standing, feature: 'images', ...empty }, `deny not_in_good_standing ${standing}`)
  check({ feature: 'images', model: 'huge', ...empty }, 'deny feature_not_entitled feature:images')
  check({ plan: 'gone', ...empty }, 'deny feature_not_entitled feature:chat')
  check({ model: 'huge', ...empty }, 'deny model_not_allowed model:huge')
})

test('grace permits what good permits, and a feature with * any model', () => {
  const rich = { free: { 'wallet:USD': NANO }, use: TEN }
  check({ standing: 'grace', model: 'small', ...rich }, `allow · wallet:USD ${COST}`)
  check({ feature: 'any', model: 'huge', ...rich }, `allow · wallet:USD ${COST}`)
  check({ model: null, ...rich }, `allow · wallet:USD ${COST}`)
})

test('a wallet pays in full or not at all', () => {
  check({ use: TEN, free: { 'wallet:USD': COST } }, `allow · wallet:USD ${COST}`)
  check({ use: TEN, free: { 'wallet:USD': COST - 1 } }, 'miss · wallet:USD 1')
  check({ use: TEN }, `miss · wallet:USD ${COST}`)
  check({ use: TEN, free: { 'wallet:USD': COST - 1 }, refused: { 'wallet:USD': 1 } }, 'deny credit_balance_exhausted wallet:USD')
  check({ use: {} }, 'allow')
})

test('a refusal is believed for its size and above: a smaller request still asks', () => {
  check({ use: { input: 10 }, refused: { 'wallet:USD': COST } }, 'deny credit_balance_exhausted wallet:USD')
  check({ use: { input: 11 }, refused: { 'wallet:USD': COST } }, 'deny credit_balance_exhausted wallet:USD')
  check({ use: { input: 9 }, refused: { 'wallet:USD': COST } }, `miss · wallet:USD ${COST * 0.9}`)
})

test('after an overrun the next lease covers that too', () => {
  check({ use: TEN, free: { 'wallet:USD': -500 } }, `miss · wallet:USD ${COST + 500}`)
  check({ use: TEN, free: { 'wallet:USD': NANO, 'limit:daily': -5 }, limits: [DAILY] }, 'miss · limit:daily 15')
})

test('included units pay first, and the wallet holds only what they leave', () => {
  const funding = [TOKENS, WALLET]
  check({ funding, use: TEN, free: { 'allowance:tokens': 10 } }, 'allow · allowance:tokens 10')
  check(
    { funding, use: TEN, free: { 'allowance:tokens': 7, 'wallet:USD': NANO }, refused: { 'allowance:tokens': 1 } },
    `allow · allowance:tokens 7 · wallet:USD ${(3 * NANO) / 1_000}`,
  )
  check({ funding, use: TEN, free: { 'wallet:USD': NANO }, refused: { 'allowance:tokens': 1 } }, `allow · wallet:USD ${COST}`)
  const decision = decideIn({ funding, use: TEN, free: { 'allowance:tokens': 7, 'wallet:USD': NANO }, refused: { 'allowance:tokens': 1 } })
  expect(decision).toMatchObject({
    kind: 'allow',
    estimate: parseUnits('0.003', 'USD'),
    overage: 0n,
    coverage: [
      { budget: 'allowance:tokens', meter: 'input', quantity: 4n },
      { budget: 'allowance:tokens', meter: 'output', quantity: 3n },
    ],
  })
})

test('an allowance that is not known to be used up is asked before the wallet is, and any part of it will do', () => {
  const funding = [TOKENS, WALLET]
  check({ funding, use: TEN, refused: { 'wallet:USD': 1 } }, 'miss · allowance:tokens 0..10')
  check({ funding, use: TEN, free: { 'allowance:tokens': 7, 'wallet:USD': NANO } }, 'miss · allowance:tokens 0..3')
  check({ funding, use: TEN, free: { 'allowance:tokens': 7, 'wallet:USD': NANO }, refused: { 'allowance:tokens': 4 } }, 'miss · allowance:tokens 0..3')
})

test('an allowance that nobody pays beyond is asked for the whole, so that the authority looks for it everywhere before it refuses', () => {
  check({ funding: [TOKENS], use: TEN, free: { 'allowance:tokens': 7 } }, 'miss · allowance:tokens 3')
  check({ funding: [allowance('welcome', ['input']), TOKENS], use: TEN, refused: { 'allowance:welcome': 1 } }, 'miss · allowance:tokens 10')
  check({ funding: [allowance('welcome', ['input']), TOKENS], use: TEN }, 'miss · allowance:welcome 0..4')
  check({ funding: [TOKENS], use: TEN, free: { 'allowance:tokens': 7 }, refused: { 'allowance:tokens': 1 } }, 'deny allowance_exhausted allowance:tokens')
})

test('a second allowance pays what the first left, meter by meter', () => {
  const funding = [allowance('welcome', ['input']), TOKENS]
  check(
    { funding, use: TEN, free: { 'allowance:welcome': 3, 'allowance:tokens': 7 }, refused: { 'allowance:welcome': 1 } },
    'allow · allowance:welcome 3 · allowance:tokens 7',
  )
})

test('with overage the wallet pays what it has, and the rest is accrued', () => {
  const funding = [WALLET, OVERAGE]
  check({ funding, use: TEN, free: { 'wallet:USD': COST } }, `allow · wallet:USD ${COST}`)
  check({ funding, use: TEN }, `miss · wallet:USD 0..${COST}`)
  check({ funding, use: TEN, free: { 'wallet:USD': COST / 4 }, refused: { 'wallet:USD': 1 } }, `allow · wallet:USD ${COST / 4} · overage 0.0075`)
  check({ funding, use: TEN, refused: { 'wallet:USD': 1 } }, 'allow · overage 0.01')
  check({ funding, use: TEN, free: { 'wallet:USD': -5 }, refused: { 'wallet:USD': 1 } }, 'allow · overage 0.01')
  check(
    { funding: [TOKENS, OVERAGE], use: TEN, free: { 'allowance:tokens': 4 }, refused: { 'allowance:tokens': 1 } },
    'allow · allowance:tokens 4 · overage 0.006',
  )
})

test('units that an allowance includes and nothing prices are refused when it is used up, before any limit', () => {
  const world = { prices: [], use: TEN, limits: [DAILY], refused: { 'allowance:tokens': 1, 'limit:daily': 1 } }
  check({ ...world, funding: [WALLET] }, 'deny model_unpriced meter:input')
  check({ ...world, funding: [TOKENS, WALLET], limits: [] }, 'deny allowance_exhausted allowance:tokens')
})

test('all limits must hold, and a miss names all that are missing at once', () => {
  const limits = [DAILY, CAP, budget('limit:monthly')]
  check(
    { limits, use: TEN, free: { 'wallet:USD': NANO, 'limit:daily': 10, 'cap:money': COST, 'limit:monthly': 10 } },
    `allow · wallet:USD ${COST} · limit:daily 10 · cap:money ${COST} · limit:monthly 10`,
  )
  check({ limits, use: TEN }, `miss · wallet:USD ${COST} · limit:daily 10 · cap:money ${COST} · limit:monthly 10`)
  check({ limits, use: TEN, free: { 'wallet:USD': NANO, 'limit:daily': 10 } }, `miss · cap:money ${COST} · limit:monthly 10`)
  check({ limits, use: TEN, free: { 'wallet:USD': NANO, 'limit:daily': 9 }, refused: { 'limit:daily': 1 } }, 'deny limit_exhausted limit:daily')
})

test('a limit in money counts what is left to pay after the allowance', () => {
  check({ funding: [TOKENS, WALLET], limits: [CAP], use: TEN, free: { 'allowance:tokens': 10 }, refused: { 'cap:money': 1 } }, 'allow · allowance:tokens 10')
})

test('a limit that refuses is told before an empty wallet or allowance', () => {
  check({ limits: [DAILY], use: TEN, refused: { 'wallet:USD': 1, 'limit:daily': 1 } }, 'deny limit_exhausted limit:daily')
  check({ limits: [CAP], use: TEN, refused: { 'wallet:USD': 1, 'cap:money': 1 } }, 'deny limit_exhausted cap:money')
  check({ limits: [DAILY], funding: [TOKENS], use: TEN, refused: { 'allowance:tokens': 1, 'limit:daily': 1 } }, 'deny limit_exhausted limit:daily')
  check({ limits: [DAILY], use: TEN, refused: { 'wallet:USD': 1 } }, 'deny credit_balance_exhausted wallet:USD')
})

test('a soft limit never refuses, asks for any part, and tells when it is used up', () => {
  const soft = budget('limit:soft', { enforcement: 'soft' })
  const wallet = { 'wallet:USD': NANO }
  check({ limits: [soft], use: TEN, free: wallet }, 'miss · limit:soft 0..10')
  check({ limits: [soft], use: TEN, free: wallet, refused: { 'limit:soft': 1 } }, `allow · wallet:USD ${COST} · soft limit:soft limit_exhausted`)
  check({ limits: [soft], use: TEN, free: { ...wallet, 'limit:soft': 4 }, refused: { 'limit:soft': 1 } }, `allow · wallet:USD ${COST} · limit:soft 4 · soft limit:soft limit_exhausted`)
  check({ limits: [soft], use: TEN, free: { ...wallet, 'limit:soft': 10 } }, `allow · wallet:USD ${COST} · limit:soft 10`)
})

test('a budget of an entity counts requests of it and of all below it, and no others', () => {
  const limits = [
    budget('cap:org', { entity: 'ent_org' as EntityId }),
    budget('cap:team', { entity: 'ent_team' as EntityId }),
    budget('cap:user', { entity: 'ent_user' as EntityId }),
  ]
  const world = { limits, use: TEN, free: { 'wallet:USD': NANO } }
  check({ ...world, entity: 'ent_user' }, 'miss · cap:user 10 · cap:team 10 · cap:org 10')
  check({ ...world, entity: 'ent_team' }, 'miss · cap:team 10 · cap:org 10')
  check({ ...world, entity: 'ent_org' }, 'miss · cap:org 10')
  check({ ...world, entity: 'ent_stranger' }, `allow · wallet:USD ${COST}`)
  check({ ...world, entity: null }, `allow · wallet:USD ${COST}`)
})

test('a budget of a feature or of one meter counts nothing else', () => {
  const world = { use: TEN, free: { 'wallet:USD': NANO } }
  check({ ...world, limits: [budget('cap:chat', { features: ['chat'] }), budget('cap:images', { features: ['images'] })] }, 'miss · cap:chat 10')
  check({ ...world, limits: [budget('limit:output', { unit: { kind: 'meters', meters: ['output'], scale: 0, name: 'tokens' } })] }, 'miss · limit:output 6')
  check(
    { ...world, limits: [budget('limit:images', { unit: { kind: 'meters', meters: ['images'], scale: 0, name: 'images' } })] },
    `allow · wallet:USD ${COST}`,
  )
})

test('what was stopped by hand is refused before anything else, whoever observes', () => {
  const frozen = { customer: false, entities: ['ent_org'], keys: ['key_1'], features: ['chat'] } as unknown as NonNullable<CustomerSnapshot['frozen']>
  const world = { use: TEN, free: { 'wallet:USD': NANO }, observe: true }
  check({ ...world, frozen }, 'deny frozen feature:chat')
  check({ ...world, frozen: { ...frozen, features: [] }, key: 'key_1' }, 'deny frozen key:key_1')
  check({ ...world, frozen: { ...frozen, features: [] }, entity: 'ent_user' }, 'deny frozen entity:ent_org')
  check({ ...world, frozen: { ...frozen, customer: true }, standing: 'suspended' }, 'deny frozen customer:cus_1')
  check({ ...world, frozen: { ...frozen, features: [], entities: [] }, entity: 'ent_user' }, `allow · wallet:USD ${COST}`)
})

test('in observe mode everything is decided and told, and nothing is refused', () => {
  const world = { use: TEN, observe: true, limits: [DAILY], free: { 'wallet:USD': NANO }, refused: { 'limit:daily': 1 } }
  check(world, `allow · wallet:USD ${COST} · observed limit:daily limit_exhausted`)
  check({ ...world, limits: [], free: {}, refused: { 'wallet:USD': 1 } }, 'allow · observed wallet:USD credit_balance_exhausted')
  check({ ...world, feature: 'images', limits: [] }, `allow · wallet:USD ${COST} · observed feature:images feature_not_entitled`)
  const one = budget('cap:one', { terms: { observe: true } })
  check({ ...world, observe: false, limits: [one], refused: { 'cap:one': 1 } }, `allow · wallet:USD ${COST} · observed cap:one limit_exhausted`)
  check({ ...world, observe: false, limits: [one, DAILY], refused: { 'cap:one': 1, 'limit:daily': 1 } }, 'deny limit_exhausted limit:daily')
})

test('at exhaustion a budget does what it was told: overage and throttle go on, fallback and clamp are refused for the node to mend', () => {
  const rich = { use: TEN, free: { 'wallet:USD': NANO }, refused: { 'cap:a': 1 } }
  const cap = (exhausted: NonNullable<Budget['terms']>['exhausted'], enforcement: Budget['enforcement'] = 'hard') => [budget('cap:a', { enforcement, terms: { exhausted: exhausted! } })]
  check({ ...rich, limits: cap({ action: 'overage' }) }, `allow · wallet:USD ${COST} · overage cap:a limit_exhausted`)
  check({ ...rich, limits: cap({ action: 'throttle', perMinute: 60 }), rates: { 'cap:a': 1 } }, `allow · wallet:USD ${COST} · take cap:a 1 · throttled cap:a limit_exhausted`)
  check({ ...rich, limits: cap({ action: 'throttle', perMinute: 60 }), rates: { 'cap:a': 0 } }, 'deny rate_limited cap:a')
  check({ ...rich, limits: cap({ action: 'fallback', model: 'small' }), model: 'large' }, 'deny limit_exhausted cap:a')
  check({ ...rich, limits: cap({ action: 'clamp' }) }, 'deny limit_exhausted cap:a')
  check({ ...rich, limits: cap({ action: 'fallback', model: 'small' }, 'soft'), model: 'large' }, 'deny limit_exhausted cap:a')
  check({ ...rich, limits: cap({ action: 'fallback', model: 'small' }, 'soft'), model: 'small' }, `allow · wallet:USD ${COST} · soft cap:a limit_exhausted`)
})

test('a node that cannot ask follows the fail mode of each budget, and lends no more than that allows', () => {
  const rich = { use: TEN, free: { 'wallet:USD': NANO }, isCutOff: true }
  const cap = (failMode?: NonNullable<Budget['terms']>['failMode']) => [budget('cap:a', failMode === undefined ? {} : { terms: { failMode } })]
  check({ ...rich, limits: cap() }, 'deny budget_unavailable cap:a')
  check({ ...rich, limits: cap({ mode: 'open', amount: null }) }, `allow · wallet:USD ${COST} · lend cap:a 10 · unconfirmed cap:a budget_unavailable`)
  check({ ...rich, limits: cap({ mode: 'open', amount: 12 }), lent: { 'cap:a': 2 } }, `allow · wallet:USD ${COST} · lend cap:a 10 · unconfirmed cap:a budget_unavailable`)
  check({ ...rich, limits: cap({ mode: 'open', amount: 12 }), lent: { 'cap:a': 3 } }, 'deny budget_unavailable cap:a')
  check({ ...rich, limits: [budget('cap:a', { enforcement: 'soft' })] }, `allow · wallet:USD ${COST} · unconfirmed cap:a budget_unavailable`)
  check({ ...rich, limits: cap(), free: { 'wallet:USD': NANO, 'cap:a': 10 } }, `allow · wallet:USD ${COST} · cap:a 10`)
  check({ ...rich, free: {} }, 'deny budget_unavailable wallet:USD')
})

test('a rate takes what is expected and refuses for a moment; what is only counted is neither held nor asked for', () => {
  const rate = budget('cap:rate', { terms: { rate: { limit: 60, windowMs: 60_000 } } })
  const rich = { use: TEN, free: { 'wallet:USD': NANO }, limits: [rate] }
  check({ ...rich, rates: { 'cap:rate': 10 } }, `allow · wallet:USD ${COST} · take cap:rate 10`)
  check({ ...rich, rates: { 'cap:rate': 9 } }, 'deny rate_limited cap:rate')
  check({ ...rich, rates: { 'cap:rate': 9 }, expectedShare: 0.3 }, `allow · wallet:USD ${COST} · take cap:rate 3`)
  check({ ...rich, limits: [budget('cap:counted', { enforcement: 'metered' })] }, `allow · wallet:USD ${COST}`)
})

test('a bound that no number can hold is refused as input, and a price that no lease can carry as exhausted', () => {
  expect(() => decideIn({ use: { input: 2 ** 54 } })).toThrow('the bound of meter input is too large')
  check({ use: { input: 2 ** 52 } }, `miss · wallet:USD ${Number.MAX_SAFE_INTEGER}`)
  check({ use: { input: 2 ** 52 }, refused: { 'wallet:USD': 1 } }, 'deny credit_balance_exhausted wallet:USD')
})

test('each reason has a status, and a client is told to try again only when we are at fault, or when a rate passes', () => {
  const retried = Object.entries(DENIAL_STATUS)
    .filter(([, { retry }]) => retry)
    .map(([reason]) => reason)
  expect(retried).toEqual(['rate_limited', 'budget_unavailable'])
  expect(Object.keys(DENIAL_STATUS)).toEqual([
    'frozen',
    'not_in_good_standing',
    'feature_not_entitled',
    'model_not_allowed',
    'model_unpriced',
    'context_length_exceeded',
    'output_length_exceeded',
    'rate_limited',
    'run_halted',
    'limit_exhausted',
    'allowance_exhausted',
    'credit_balance_exhausted',
    'budget_unavailable',
  ] satisfies DenialReason[])
})

test('a refusal says what was asked, of which budget, when it starts anew and where to go', () => {
  const denialOf = (world: World) => {
    const decision = decideIn(world)
    return decision.kind === 'deny' ? decision.denial : null
  }
  const limit = denialOf({ limits: [DAILY], use: TEN, free: { 'wallet:USD': NANO }, refused: { 'limit:daily': 1 } })
  expect(limit).toMatchObject({ required: '10', unit: 'tokens', resetsAt: MONTH.end, topUpUrl: null, upgradeUrl: 'https://pay.example/plans' })
  expect(limit?.message).toBe(
    'Insufficient quota: limit:daily has not enough left for this request (up to 10 tokens). It starts anew at 1970-01-31T00:00:00.000Z. Raise it: https://pay.example/plans',
  )
  const wallet = denialOf({ use: TEN, refused: { 'wallet:USD': 1 } })
  expect(wallet).toMatchObject({ required: '0.01', unit: 'USD', resetsAt: null, topUpUrl: 'https://pay.example/top-up' })
  expect(wallet?.message).toContain('credit balance is too low for this request, which may cost up to 0.01 USD')
})

test('whatever the slices hold, an allowed request fits in each of them and its holds cover its estimate', () => {
  const amounts = fc.record({
    tokens: fc.integer({ min: -5, max: 30 }),
    daily: fc.integer({ min: -5, max: 30 }),
    wallet: fc.integer({ min: -5, max: 30_000_000 }),
  })
  const uses = fc.record({ input: fc.nat(20), output: fc.nat(20) })
  fc.assert(
    fc.property(amounts, uses, fc.boolean(), fc.boolean(), (free, use, hasOverage, refused) => {
      const world: World = {
        use,
        limits: [DAILY],
        funding: hasOverage ? [TOKENS, WALLET, OVERAGE] : [TOKENS, WALLET],
        free: { 'allowance:tokens': free.tokens, 'limit:daily': free.daily, 'wallet:USD': free.wallet },
        refused: refused ? { 'allowance:tokens': 1, 'limit:daily': 1, 'wallet:USD': 1 } : {},
      }
      const slices = slicesOf(world)
      const decision = decideIn({ ...world, slices })
      if (decision.kind !== 'allow') {
        expect(decision.kind).toBe(refused ? 'deny' : 'miss')
        return
      }
      for (const { slice, amount } of decision.holds) hold(slice, amount)
      const walletHeld = decision.holds.find(({ budget: { id } }) => id === 'wallet:USD')?.amount ?? 0
      expect(BigInt(walletHeld) * 1_000n + decision.overage).toBe(decision.estimate)
      const covered = decision.coverage.reduce((sum, { quantity: part }) => sum + part, 0n)
      expect(decision.estimate).toBe(units((BigInt(use.input + use.output) - covered) * 10n ** 9n))
    }),
    { numRuns: 500 },
  )
})
