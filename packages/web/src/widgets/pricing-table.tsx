// The plans side by side: what each costs, includes and limits, out of the catalog itself. `current` marks the plan one is on.

import type { ReactNode } from 'react'
import type { PublicPlan, PublicPlans } from '../api/operations.ts'
import { money, quantity } from '../parts/format.ts'
import { Badge, join } from '../parts/surface.tsx'

export type PricingTableProps = {
  readonly plans: PublicPlans
  readonly current?: string | null
  /** What leads to a plan: a link or button of yours. */
  readonly action?: (plan: PublicPlan) => ReactNode
}

export function PricingTable({ plans: { plans, currency }, current = null, action }: PricingTableProps) {
  return (
    <ul className="grid gap-4 sm:grid-cols-[repeat(auto-fit,minmax(15rem,1fr))]">
      {plans.map((plan) => (
        <li key={plan.id} className={join('flex flex-col rounded-xl border bg-surface p-5', plan.id === current && 'border-accent ring-1 ring-accent')}>
          <h2 className="flex items-center justify-between gap-2 font-semibold">
            {plan.name} {plan.id === current && <Badge tone="accent">your plan</Badge>}
          </h2>
          <p className="mt-3 text-2xl font-semibold tracking-tight">
            {money(plan.recurring[0]?.amount ?? '0', currency)} <span className="text-sm font-normal text-muted">a {plan.period}</span>
          </p>
          {plan.recurring.length > 1 && <p className="text-xs text-muted">and {plan.recurring.slice(1).map(({ name, text }) => `${name}: ${text}`).join(', ')}</p>}
          <p className="mt-1 min-h-10 text-xs text-muted">{fundingText(plan)}</p>
          <Section title="Included">{plan.allowances.map((one) => <li key={one.id}><b className="font-medium">{quantity(one.quantity)}</b> {one.name.replace(/^included\s+/i, '').toLowerCase()}</li>)}</Section>
          <Section title="Beyond that">{plan.prices.map((price) => <li key={price.id}><span className="text-muted">{price.name}</span> {price.text}</li>)}</Section>
          <Section title="Limits">{plan.limits.map((one) => <li key={one.id}>{quantity(one.quantity)} {one.name.toLowerCase()}</li>)}</Section>
          <Section title="Features">{plan.features.map((one) => <li key={one.id}><span aria-hidden="true" className="text-good">✓ </span>{one.name}{one.value !== null && `: ${one.value}`}</li>)}</Section>
          {action !== undefined && <div className="mt-auto pt-5">{action(plan)}</div>}
        </li>
      ))}
    </ul>
  )
}

function Section({ title, children }: { readonly title: string; readonly children: readonly ReactNode[] }) {
  if (children.length === 0) return null
  return (
    <section className="mt-4">
      <h3 className="eyebrow">{title}</h3>
      <ul className="mt-1 space-y-0.5 text-sm">{children}</ul>
    </section>
  )
}

function fundingText({ funding }: PublicPlan): string {
  if (funding.includes('wallet')) return 'Beyond what is included, prepaid credits pay. When they are used up, requests are refused.'
  if (funding.includes('overage')) return 'Beyond what is included, usage is on the invoice.'
  return 'When what is included is used up, requests are refused until the next period.'
}
