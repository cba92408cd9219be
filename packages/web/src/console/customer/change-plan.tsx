// Changes plan or seats. Before the button stands what it costs by the second, when it takes effect, and what the new plan costs a period.

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { call, randomKey } from '../../api/client.ts'
import type { Customer } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Failure, Loading } from '../../parts/surface.tsx'
import { PlannedChange } from '../../views/planned-change.tsx'

const WHEN = [['auto', 'Costs more: at once. Costs less: at the end of the period'], ['now', 'At once'], ['period_end', 'At the end of the period']] as const

export function ChangePlan({ customer, onClose }: { readonly customer: Customer; readonly onClose: () => void }) {
  const params = { customer: customer.id }
  const [key] = useState(randomKey)
  const subscription = useQuery(ask('getSubscription', { params }))
  const catalog = useQuery(ask('getCatalog', {}))
  const [plan, setPlan] = useState(customer.plan)
  const [seats, setSeats] = useState<string | null>(null)
  const [when, setWhen] = useState<'auto' | 'now' | 'period_end'>('auto')
  const [reason, setReason] = useState('')
  const write = useWrite('changeSubscription', onClose)
  const plans = (catalog.data?.document?.['plans'] ?? []) as readonly { readonly id: string; readonly name: string }[]
  const seatsNow = subscription.data?.seats ?? 1
  const wanted = seats === null || !/^\d+$/.test(seats) ? seatsNow : Number(seats)
  const isSame = plan === customer.plan && wanted === seatsNow
  const body = { ...(plan === customer.plan ? {} : { plan }), ...(wanted === seatsNow ? {} : { seats: wanted }), when }
  const asked = useDeferredValue(JSON.stringify(body))
  const preview = useQuery({ queryKey: ['previewSubscriptionChange', params, asked], queryFn: ({ signal }) => call('previewSubscriptionChange', { params, body: JSON.parse(asked) as typeof body, signal }), enabled: !isSame, placeholderData: keepPreviousData, retry: false })
  return (
    <Dialog isOpen onClose={onClose} title={`Change the plan of ${customer.name}`} lead="What was used of an allowance stays used. Every gateway decides by it when this answers, where it takes effect at once.">
      <DialogForm submit="Change plan" onSubmit={() => write.mutate({ params, body: { ...body, ...(reason === '' ? {} : { reason }) }, idempotencyKey: key })} onCancel={onClose} isBusy={write.isPending} isReady={!isSame && preview.error === null} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-[2fr_1fr]">
          <Choice label="Plan" value={plan} options={plans.map(({ id, name }) => [id, id === customer.plan ? `${name} (now)` : name])} onChange={(event) => setPlan(event.target.value)} />
          <Field label="Seats" inputMode="numeric" pattern="[1-9]\d*" value={seats ?? String(seatsNow)} onChange={(event) => setSeats(event.target.value)} />
        </div>
        <Choice label="When" value={when} options={WHEN} onChange={(event) => setWhen(event.target.value as 'auto')} />
        <Field label="Why" hint="For the audit log and for who answers the phone." maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
        {isSame ? null : preview.error !== null ? <Failure error={preview.error} /> : preview.data === undefined ? <Loading rows={3} label="Working out what it costs" /> : <PlannedChange change={preview.data} />}
      </DialogForm>
    </Dialog>
  )
}
