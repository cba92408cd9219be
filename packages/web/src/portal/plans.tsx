// Every public plan beside the one that the customer is on: as cards, and side by side. Where the session lets an administrator, a plan is
// changed here, after what it costs was seen.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call, randomKey } from '../api/client.ts'
import { useRefresh } from '../api/live.tsx'
import type { PublicPlan } from '../api/operations.ts'
import { ask, useWrite } from '../api/queries.ts'
import { Button, Dialog, DialogForm } from '../parts/controls.tsx'
import { Card, Empty, Failure, Loaded, Loading } from '../parts/surface.tsx'
import { PlannedChange } from '../views/planned-change.tsx'
import { Timeline } from '../views/timeline.tsx'
import { PlanComparison } from '../widgets/plan-comparison.tsx'
import { PricingTable } from '../widgets/pricing-table.tsx'
import { useLocale, useWords } from '../words/words.tsx'

export function Plans({ customer, mayChange }: { readonly customer: string; readonly mayChange: boolean }) {
  const { plans: said } = useWords()
  const locale = useLocale()
  const plans = useQuery(ask('listPlans', { query: { locale } }))
  const subscription = useQuery(ask('getSubscription', { params: { customer } }))
  const [choosing, setChoosing] = useState<PublicPlan | null>(null)
  useRefresh([['getSubscription'], ['listEntitlements']], ({ type }) => type.startsWith('subscription.'))
  const current = subscription.data?.plan ?? null
  return (
    <div className="space-y-6">
      <Loaded query={plans} rows={6}>
        {(found) =>
          found.plans.length === 0 ? (
            <Empty title={said.none}>{said.noneDetail}</Empty>
          ) : (
            <>
              <PricingTable plans={found} current={current} {...(mayChange ? { action: (plan: PublicPlan) => plan.id !== current && <Button look="primary" className="w-full" onClick={() => setChoosing(plan)}>{said.changeTo(plan.name)}</Button> } : {})} />
              <Card title={said.sideBySide} flush><PlanComparison plans={found} current={current} /></Card>
            </>
          )
        }
      </Loaded>
      <Card title={said.subscription} note={said.subscriptionNote} flush>
        <Loaded query={subscription}>{(found) => <Timeline customer={customer} subscription={found} />}</Loaded>
      </Card>
      {choosing !== null && <Choose customer={customer} plan={choosing} onClose={() => setChoosing(null)} />}
    </div>
  )
}

function Choose({ customer, plan, onClose }: { readonly customer: string; readonly plan: PublicPlan; readonly onClose: () => void }) {
  const [key] = useState(randomKey)
  const { plans: said } = useWords()
  const params = { customer }
  const preview = useQuery({ queryKey: ['previewSubscriptionChange', params, plan.id], queryFn: ({ signal }) => call('previewSubscriptionChange', { params, body: { plan: plan.id }, signal }), retry: false })
  const write = useWrite('changeSubscription', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={said.changeToAsk(plan.name)} lead={said.lead}>
      <DialogForm submit={said.changeTo(plan.name)} onSubmit={() => write.mutate({ params, body: { plan: plan.id }, idempotencyKey: key })} onCancel={onClose} isBusy={write.isPending} isReady={preview.data !== undefined} error={write.error}>
        {preview.error !== null ? <Failure error={preview.error} /> : preview.data === undefined ? <Loading rows={3} label={said.working} /> : <PlannedChange change={preview.data} />}
      </DialogForm>
    </Dialog>
  )
}
