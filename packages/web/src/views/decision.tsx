// The why of one decision: what was asked, the path of budgets with their numbers and the one that refused, the estimate against what was
// really used, the versions it was priced by, and what would have changed it.

import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Budget, DecisionInFull } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Id } from '../parts/copy.tsx'
import { isNegative, subtract } from '../parts/decimal.ts'
import { measure, words } from '../parts/format.ts'
import { useSettings } from '../parts/settings.tsx'
import { Badge, Card, Figure, Figures, Loaded, join } from '../parts/surface.tsx'
import { Measure, Money, Time } from '../parts/values.tsx'
import { Outcome } from './decisions.tsx'
import { EventDetails } from './events.tsx'
import { leftOf, remediesOf, type Remedy } from './why.ts'

export function DecisionView({ decision, isOperator }: { readonly decision: DecisionInFull; readonly isOperator: boolean }) {
  const { denial, event } = decision
  return (
    <div className="space-y-6">
      {denial === null ? <Ran decision={decision} isOperator={isOperator} /> : <Refused decision={decision} />}
      <Path decision={decision} />
      {event !== null && (
        <Card title="How its charge came to be">
          <EventDetails customer={decision.customer} event={event} isOperator={isOperator} />
        </Card>
      )}
      <Card title="The request">
        <dl className="grid grid-cols-[auto_1fr] gap-x-8 gap-y-1.5">
          <Fact name="Decision"><Id id={decision.id} /></Fact>
          <Fact name="When"><Time at={decision.time} withSeconds /></Fact>
          <Fact name="Feature">{decision.feature ?? 'none'}</Fact>
          <Fact name="Model">{decision.model ?? 'none'}</Fact>
          <Fact name="Counts for">{decision.entity ?? 'the customer'}</Fact>
        </dl>
      </Card>
    </div>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  )
}

function Refused({ decision }: { readonly decision: DecisionInFull }) {
  const denial = decision.denial!
  const plans = useQuery(ask('listPlans', {}))
  const remedies = remediesOf(denial, decision, plans.data?.plans ?? [])
  const left = leftOf(denial)
  const unit = denial.unit ?? ''
  return (
    <>
      <Card title={<>Refused: {words(denial.reason).toLowerCase()}</>} note={<>by <code className="font-mono">{denial.scope}</code>, before it cost anything</>}>
        {denial.message !== null && <p className="max-w-prose">{denial.message}</p>}
        {denial.unrecorded > 0 && <p className="mt-2 text-xs text-muted">{denial.unrecorded} more of the same key were refused just before and counted, not recorded one by one.</p>}
      </Card>
      {left !== null && (
        <Figures label="Numbers of the refusal">
          <Figure label="It could cost at most" value={denial.required === null ? '–' : <Measure value={denial.required} unit={unit} />} note="the estimate, an upper bound" />
          <Figure label="Was left" value={<Measure value={left} unit={unit} />} note={<>of <Measure value={denial.limit!} unit={unit} /></>} tone="bad" />
          <Figure label="Used until then" value={<Measure value={denial.used!} unit={unit} />} note="as the gateway knew it" />
        </Figures>
      )}
      <Card title="What would have changed it">
        <ul className="list-disc space-y-1.5 pl-5">
          {remedies.map((remedy) => (
            <li key={remedy.kind}><RemedyText remedy={remedy} /></li>
          ))}
        </ul>
      </Card>
    </>
  )
}

function RemedyText({ remedy }: { readonly remedy: Remedy }) {
  const { isExact } = useSettings()
  const text = (value: string, unit: string) => <b className="font-semibold">{measure(value, unit, isExact)}</b>
  switch (remedy.kind) {
    case 'top_up':
      return <>Credits of at least {text(remedy.amount, remedy.unit)} more.</>
    case 'raise_limit':
      return <>A limit on <code className="font-mono text-xs">{remedy.budget}</code> that is higher by {text(remedy.by, remedy.unit)}.</>
    case 'ask_less':
      return <>A request that costs at most {text(remedy.atMost, remedy.unit)}: a shorter prompt, a lower <code className="font-mono text-xs">max_tokens</code>, or a cheaper model.</>
    case 'wait':
      return <>Waiting until the budget starts anew: <Time at={remedy.until} />.</>
    case 'change_plan':
      return <>Another plan: {remedy.plans.join(', ')}.</>
    case 'standing':
      return <>A standing of good or grace: the customer’s subscription does not permit use.</>
    case 'price_model':
      return <>A price for this model in the catalog, or a rate in the rate card.</>
    case 'lift_freeze':
      return <>Lifting the freeze: somebody stopped this by hand, and said why above.</>
    case 'end_run':
      return <>A new run, after a look at this one: an agent that repeats itself was stopped.</>
    case 'slow_down':
      return <>Fewer requests at a time: this is a rate, and a moment later the same request passes.</>
    case 'operate':
      return <>Nothing of the customer’s: the gateway could not reach the budget. See the system page for its state then.</>
  }
}

/** Which rate card an entry stands on. */
const LAYERS: Readonly<Record<NonNullable<DecisionInFull['rate']>['layer'], (imported: number) => string>> = {
  catalog: () => 'an entry of the catalog itself', imported: (version) => `version ${version} of the imported rate card`, shipped: () => 'of the rate card that Tollgate ships',
}

function Ran({ decision, isOperator }: { readonly decision: DecisionInFull; readonly isOperator: boolean }) {
  const { event, estimate, charge, currency, latency_ms: latency } = decision
  if (event === null || charge === null || currency === null) return null
  const cost = event.cost ?? null
  const rate = decision.rate ?? null
  const margin = cost !== null && cost.currency === currency ? subtract(charge, cost.amount) : null
  return (
    <Figures label="Estimate and actual">
      <Figure label="Decision" value={<Outcome row={decision} />} note={latency === null ? '' : `answered in ${Math.round(latency)} ms`} />
      <Figure label="Held at most" value={estimate === null ? '–' : <Money amount={estimate} currency={currency} />} note={estimate === null ? 'not recorded' : 'the estimate, before it ran'} />
      <Figure label="Charged" value={<Money amount={charge} currency={currency} />} note={estimate === null || isNegative(subtract(estimate, charge)) ? 'what was really used' : <><Money amount={subtract(estimate, charge)} currency={currency} /> given back</>} />
      {isOperator && <Figure label="Provider cost" value={cost === null ? '–' : <Money {...cost} />} note={margin === null ? 'not known' : <>margin <Money amount={margin} currency={currency} /></>} tone={margin !== null && isNegative(margin) ? 'bad' : 'neutral'} />}
      <Figure label="Priced by" value={`Version ${event.catalog_version}`} note={rate === null ? 'of the catalog' : <>of the catalog; its cost by <span className="font-mono break-all">{rate.entry}</span>, {LAYERS[rate.layer](rate.imported_version)}</>} />
    </Figures>
  )
}

/** The budgets that stand in the way of such a request, as they stand now; the one that refused with its numbers of then. */
function Path({ decision }: { readonly decision: DecisionInFull }) {
  const standing = useQuery(ask('listEntitlements', { params: { customer: decision.customer } }))
  return (
    <Card title="The path of budgets" note="What such a request must pass, as it stands now. All of them decide together; the first that does not fit refuses." flush>
      <Loaded query={standing} rows={4}>
        {({ budgets, features }) => {
          const named = features.find(({ feature }) => feature === decision.feature)?.budgets ?? []
          const path = budgets.filter((budget) => isOnPath(budget, decision, named))
          return (
            <ol>
              <Step index={1} name="Standing and feature" state={decision.denial !== null && ENTITLEMENT_REASONS.has(decision.denial.reason) ? 'refused' : 'passed'}>
                {decision.feature ?? 'no feature'} {decision.model !== null && `with ${decision.model}`}
              </Step>
              {path.map((budget, index) => (
                <Step key={budget.id} index={index + 2} name={budget.name} state={decision.denial?.scope === budget.id ? 'refused' : 'passed'}>
                  <Measure value={budget.used} unit={budget.unit} /> of <Measure value={budget.limit} unit={budget.unit} /> used, <Measure value={budget.remaining} unit={budget.unit} /> left now <Badge>{budget.kind}</Badge>
                  {decision.denial?.scope === budget.id && decision.denial.limit !== null && <span className="text-bad"> – then: <Measure value={decision.denial.used ?? '0'} unit={budget.unit} /> of <Measure value={decision.denial.limit} unit={budget.unit} /></span>}
                </Step>
              ))}
            </ol>
          )
        }}
      </Loaded>
    </Card>
  )
}

const ENTITLEMENT_REASONS: ReadonlySet<string> = new Set(['not_in_good_standing', 'feature_not_entitled', 'model_not_allowed', 'model_unpriced'])

function isOnPath(budget: Budget, decision: DecisionInFull, named: readonly string[]): boolean {
  if (named.includes(budget.id) || decision.denial?.scope === budget.id) return true
  return (budget.features === null || budget.features.includes(decision.feature ?? '')) && (budget.entity === null || budget.entity === decision.entity)
}

function Step({ index, name, state, children }: { readonly index: number; readonly name: string; readonly state: 'passed' | 'refused'; readonly children: ReactNode }) {
  return (
    <li className={join('flex gap-4 border-b px-5 py-3 last:border-b-0', state === 'refused' && 'bg-bad-soft')}>
      <span aria-hidden="true" className="mt-0.5 grid size-5 shrink-0 place-items-center rounded-full bg-sunken text-2xs font-semibold text-muted">{index}</span>
      <div className="min-w-0">
        <p className="font-medium">
          {name} {state === 'refused' && <Badge tone="bad">refused here</Badge>}
        </p>
        <p className="text-muted">{children}</p>
      </div>
    </li>
  )
}
