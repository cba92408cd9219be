// Pause, resume, cancel and the like: each says first what it does. Which of them make sense follows from the state; whether one is
// allowed the API says.

import { useState } from 'react'
import type { Subscription } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'

export type Act = 'pause' | 'resume' | 'cancel' | 'keep' | 'reactivate' | 'convert_trial' | 'extend_trial' | 'payment'

export const ACTS: Readonly<Record<Act, { readonly label: string; readonly lead: string; readonly isHard?: boolean; readonly fits: (subscription: Subscription) => boolean }>> = {
  pause: { label: 'Pause', lead: 'Its requests are refused while it is paused.', isHard: true, fits: ({ state }) => state === 'active' || state === 'grace' },
  resume: { label: 'Resume', lead: 'Its requests are served again when this answers.', fits: ({ state }) => state === 'paused' },
  cancel: { label: 'Cancel', lead: 'The agreement ends. At the end of the period nothing changes until then, and it can be taken back.', isHard: true, fits: ({ state, cancels_at: at }) => !['cancelled', 'expired'].includes(state) && at === null },
  keep: { label: 'Take the cancellation back', lead: 'It goes on as if it had not been cancelled.', fits: ({ state, cancels_at: at }) => at !== null && state !== 'cancelled' },
  reactivate: { label: 'Reactivate', lead: 'The agreement is taken up again from now on.', fits: ({ state }) => state === 'cancelled' || state === 'expired' },
  convert_trial: { label: 'End the trial, begin to bill', lead: 'The paid period begins now.', fits: ({ state }) => state === 'trialing' },
  extend_trial: { label: 'Extend the trial', lead: 'The trial ends later.', fits: ({ state }) => state === 'trialing' },
  payment: { label: 'Record a payment', lead: 'What was owed is paid: grace ends and everything works again. Money itself is not moved by this.', fits: ({ state }) => state === 'grace' || state === 'suspended' || state === 'incomplete' },
}

type Props = { readonly act: Act; readonly customer: string; readonly name: string; readonly subscription: Subscription; readonly onClose: () => void }

export function SubscriptionAction({ act, customer, name, subscription, onClose }: Props) {
  const [reason, setReason] = useState('')
  const [when, setWhen] = useState<'period_end' | 'now'>('period_end')
  const [until, setUntil] = useState('')
  const write = useWrite('actOnSubscription', onClose)
  const pay = useWrite('recordSubscriptionFact', onClose)
  const { label, lead, isHard = false } = ACTS[act]
  const params = { customer }
  const why = reason === '' ? {} : { reason }
  const at = until === '' ? null : `${until}T00:00:00Z`
  const submit = () => {
    if (act === 'payment') return pay.mutate({ params, body: { kind: 'payment_succeeded', ...why } })
    if (act === 'pause') return write.mutate({ params, body: { action: 'pause', resumes_at: at, ...why } })
    if (act === 'cancel') return write.mutate({ params, body: { action: 'cancel', when, ...why } })
    if (act === 'extend_trial') return write.mutate({ params, body: { action: 'extend_trial', trial_ends_at: at ?? '', ...why } })
    return write.mutate({ params, body: { action: act, ...why } })
  }
  return (
    <Dialog isOpen onClose={onClose} title={`${label}: ${name}`} lead={lead}>
      <DialogForm submit={label} look={isHard ? 'danger' : 'primary'} onSubmit={submit} onCancel={onClose} isBusy={write.isPending || pay.isPending} error={write.error ?? pay.error}>
        {act === 'cancel' && <Choice label="When" value={when} options={[['period_end', subscription.state === 'trialing' ? 'At the end of the trial' : 'At the end of the period'], ['now', 'At once: its requests are refused when this answers']]} onChange={(event) => setWhen(event.target.value as 'now')} />}
        {act === 'pause' && <Field label="Resumes by itself on" type="date" hint="Left empty, when somebody resumes it." value={until} onChange={(event) => setUntil(event.target.value)} />}
        {act === 'extend_trial' && <Field label="The trial ends on" type="date" required value={until} onChange={(event) => setUntil(event.target.value)} />}
        <Field label="Why" hint="For the audit log and for who answers the phone." maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}
