// What an operator may do about a customer. Each action says what it will do, and sends one idempotency key however often it is pressed.

import { useQuery } from '@tanstack/react-query'
import { DropdownMenu } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { randomKey } from '../../api/client.ts'
import type { Customer, PortalSession } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, buttonLook, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Command } from '../../parts/surface.tsx'
import { Money } from '../../parts/values.tsx'
import { FreezeDialog } from '../../views/freezes.tsx'
import { useMay } from '../session.tsx'
import { ChangePlan } from './change-plan.tsx'
import { Observe } from './observe.tsx'

type Open = 'top-up' | 'plan' | 'standing' | 'observe' | 'portal' | 'dispute' | 'freeze' | null

export function Actions({ customer }: { readonly customer: Customer }) {
  const [open, setOpen] = useState<Open>(null)
  const close = () => setOpen(null)
  const isFinance = useMay('finance')
  const isEither = useMay('finance', 'support')
  const isSupport = useMay('support')
  if (!isEither) return null
  const item = (name: Exclude<Open, null>, label: string) => (
    <DropdownMenu.Item className="cursor-default rounded-md px-2.5 py-1.5 outline-none data-highlighted:bg-hover" onSelect={() => setOpen(name)}>
      {label}
    </DropdownMenu.Item>
  )
  return (
    <>
      {isFinance && <Button look="primary" onClick={() => setOpen('top-up')}>Top up</Button>}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger className={buttonLook()}>More <span aria-hidden="true">▾</span></DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content align="end" sideOffset={6} className="z-20 min-w-48 rounded-xl border bg-raised p-1.5 text-sm shadow-pop">
            {item('plan', 'Change plan …')}
            {item('standing', 'Set the standing by hand …')}
            {item('portal', 'Open its portal …')}
            {item('dispute', 'Dispute file …')}
            {item('observe', customer.observe ? 'Enforce its limits …' : 'Only observe …')}
            {isSupport && item('freeze', 'Stop everything …')}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      {open === 'top-up' && <TopUp customer={customer} onClose={close} />}
      {open === 'plan' && <ChangePlan customer={customer} onClose={close} />}
      {open === 'standing' && <ChangeStanding customer={customer} onClose={close} />}
      {open === 'observe' && <Observe customer={customer} onClose={close} />}
      {open === 'freeze' && <FreezeDialog target={{ kind: 'customer', target: customer.id, customer: null, name: customer.name }} onClose={close} />}
      {open === 'dispute' && <DisputeFile customer={customer} onClose={close} />}
      {open === 'portal' && <OpenPortal customer={customer} onClose={close} />}
    </>
  )
}

type ActionProps = { readonly customer: Customer; readonly onClose: () => void }

function TopUp({ customer, onClose }: ActionProps) {
  const [key] = useState(randomKey)
  const [amount, setAmount] = useState('10.00')
  const [category, setCategory] = useState<'paid' | 'promotional'>('paid')
  const [expires, setExpires] = useState('')
  const [reference, setReference] = useState('')
  const [features, setFeatures] = useState('')
  const balance = useQuery(ask('getBalance', { params: { customer: customer.id } }))
  const write = useWrite('addCredits', onClose)
  const submit = () => write.mutate({ params: { customer: customer.id }, body: { amount, category, expires_at: expires === '' ? null : `${expires}T00:00:00Z`, reference: reference === '' ? null : reference, features: features.split(/[\s,]+/).filter((id) => id !== '') }, idempotencyKey: key })
  return (
    <Dialog isOpen onClose={onClose} title={`Add credits to ${customer.name}`} lead={balance.data === undefined ? undefined : <>The balance is <Money amount={balance.data.balance} currency={balance.data.currency} />. The next request can use what is added.</>}>
      <DialogForm submit="Add credits" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label={`Amount${balance.data === undefined ? '' : ` in ${balance.data.currency}`}`} inputMode="decimal" required pattern="\d+(\.\d+)?" value={amount} onChange={(event) => setAmount(event.target.value)} />
          <Choice label="Kind" value={category} options={[['paid', 'Paid'], ['promotional', 'Promotional']]} onChange={(event) => setCategory(event.target.value as 'paid')} />
          <Field label="Expires" type="date" hint="Never, if left empty." value={expires} onChange={(event) => setExpires(event.target.value)} />
          <Field label="Reference" hint="The payment or campaign behind it." maxLength={200} value={reference} onChange={(event) => setReference(event.target.value)} />
          <Field label="Pays for" hint="Ids of features, with commas. Everything, if left empty." maxLength={1_000} value={features} onChange={(event) => setFeatures(event.target.value)} />
        </div>
      </DialogForm>
    </Dialog>
  )
}

const STANDINGS = [['good', 'Good: may use'], ['grace', 'Grace: may use, payment is late'], ['paused', 'Paused: may not use'], ['suspended', 'Suspended: may not use'], ['cancelled', 'Cancelled: may not use']] as const

function ChangeStanding({ customer, onClose }: ActionProps) {
  const [standing, setStanding] = useState<Customer['standing']>(customer.standing)
  const write = useWrite('changeCustomer', onClose)
  const refuses = standing !== 'good' && standing !== 'grace'
  return (
    <Dialog isOpen onClose={onClose} title={`Change the standing of ${customer.name}`} lead="Every gateway obeys when this answers; requests that run go on.">
      <DialogForm submit={refuses ? 'Refuse its requests' : 'Change standing'} look={refuses ? 'danger' : 'primary'} onSubmit={() => write.mutate({ params: { customer: customer.id }, body: { standing } })} onCancel={onClose} isBusy={write.isPending} isReady={standing !== customer.standing} error={write.error}>
        <Choice label="Standing" value={standing} options={STANDINGS} onChange={(event) => setStanding(event.target.value as Customer['standing'])} />
      </DialogForm>
    </Dialog>
  )
}

/** Everything that says why it was charged what it was, to hand over. */
function DisputeFile({ customer, onClose }: ActionProps) {
  const [from, setFrom] = useState(() => new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10))
  const [to, setTo] = useState(() => new Date().toISOString().slice(0, 10))
  return (
    <Dialog isOpen onClose={onClose} title={`Dispute file of ${customer.name}`} lead="Events, charges with their price versions, decisions, invoices and the ledger with its checkpoints, as one archive with a page that says how to verify it. Provider cost is not in it.">
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="From" type="date" required value={from} max={to} onChange={(event) => setFrom(event.target.value)} />
        <Field label="To" type="date" required value={to} min={from} onChange={(event) => setTo(event.target.value)} />
      </div>
      <div className="flex justify-end gap-2 pt-2">
        <Button onClick={onClose}>Close</Button>
        <a download href={`/v1/customers/${encodeURIComponent(customer.id)}/dispute-file?${new URLSearchParams({ from, to }).toString()}`} className={buttonLook('primary')}>Save it</a>
      </div>
    </Dialog>
  )
}

function OpenPortal({ customer, onClose }: ActionProps) {
  const [who, setWho] = useState<'member' | 'admin' | 'buyer'>('member')
  const [made, setMade] = useState<(PortalSession & { readonly url: string }) | null>(null)
  const write = useWrite('createPortalSession', setMade)
  const done: ReactNode = made !== null && (
    <>
      <p className="text-muted">The link works for an hour. Whoever has it sees this customer, and nothing else.</p>
      <Command text={made.url} />
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Close</Button>
        <a href={made.url} target="_blank" rel="noreferrer" className={buttonLook('primary')}>Open</a>
      </div>
    </>
  )
  return (
    <Dialog isOpen onClose={onClose} title={`The portal of ${customer.name}`} lead={made === null ? 'Makes a link that shows what this customer sees of itself.' : undefined}>
      {made !== null ? (
        done
      ) : (
        <DialogForm submit="Make a link" onSubmit={() => write.mutate({ params: { customer: customer.id }, body: { admin: who !== 'member', plan_changes: who === 'buyer' } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
          <Choice label="Who looks" value={who} options={[['member', 'A member: only reads'], ['admin', 'An administrator: sets caps and buys credits, too'], ['buyer', 'An administrator who may change the plan']]} onChange={(event) => setWho(event.target.value as 'admin')} />
        </DialogForm>
      )}
    </Dialog>
  )
}
