// A wallet that fills itself, within bounds that its owner sets, and at which balances its owner is told.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RechargeRule, WalletNotices } from '../api/operations.ts'
import { ask, useWrite } from '../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../parts/controls.tsx'
import { Badge, Card, Failure, Loaded } from '../parts/surface.tsx'
import { Ago, Measure } from '../parts/values.tsx'

type Props = { readonly customer: string; readonly asset: string; readonly isAdmin: boolean }

export function Recharge({ customer, asset, isAdmin }: Props) {
  const query = useQuery(ask('listRecharges', { params: { customer } }))
  const [isEditing, setEditing] = useState(false)
  const remove = useWrite('deleteRecharge')
  const rule = query.data?.data.find((one) => one.asset === asset)
  return (
    <Card title="Fills itself" note="Buys credits when the balance falls, one purchase at a time and never beyond your bound." actions={isAdmin && <><Button onClick={() => setEditing(true)}>{rule === undefined ? 'Switch on …' : 'Change …'}</Button>{rule !== undefined && <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate({ params: { customer, asset } })}>Switch off</Button>}</>}>
      {remove.error !== null && <Failure error={remove.error} />}
      <Loaded query={query} rows={1}>{() => (rule === undefined ? <p className="text-muted">Off: when the credits are used up, requests are refused until somebody adds more.</p> : <Rule rule={rule} />)}</Loaded>
      {isEditing && <Edit customer={customer} asset={asset} rule={rule ?? null} onClose={() => setEditing(false)} />}
    </Card>
  )
}

function Rule({ rule: { asset, threshold, amount, target, month_max: most, stopped_at: stopped, stopped_reason: why } }: { readonly rule: RechargeRule }) {
  return (
    <>
      <p>
        {stopped === null ? <Badge tone="good">on</Badge> : <Badge tone="bad">stopped</Badge>} At or below <Measure value={threshold} unit={asset} className="font-medium" /> it buys {target !== null ? <>up to <Measure value={target} unit={asset} className="font-medium" /></> : amount !== null && <Measure value={amount} unit={asset} className="font-medium" />}
        {most !== null && <>, at most for <Measure value={most} unit={asset} className="font-medium" /> a month</>}.
      </p>
      {stopped !== null && <p className="mt-1 text-bad">It stopped <Ago at={stopped} />, because payments failed: {why}. Set it again to go on.</p>}
    </>
  )
}

function Edit({ customer, asset, rule, onClose }: { readonly customer: string; readonly asset: string; readonly rule: RechargeRule | null; readonly onClose: () => void }) {
  const [threshold, setThreshold] = useState(rule?.threshold ?? '5')
  const [kind, setKind] = useState<'amount' | 'target'>(rule === null || rule.target === null ? 'amount' : 'target')
  const [amount, setAmount] = useState(rule?.target ?? rule?.amount ?? '50')
  const [most, setMost] = useState(rule?.month_max ?? '200')
  const write = useWrite('putRecharge', onClose)
  const number = { inputMode: 'decimal', pattern: '\\d+(\\.\\d+)?' } as const
  const submit = () => write.mutate({ params: { customer, asset }, body: { threshold, amount: kind === 'amount' ? amount : null, target: kind === 'target' ? amount : null, month_max: most.trim() === '' ? null : most.trim(), cooldown_seconds: rule?.cooldown_seconds ?? 300, method: rule?.method ?? 'stripe' } })
  return (
    <Dialog isOpen onClose={onClose} title="Let the credits fill themselves" lead="The saved card is charged when the balance falls to the threshold. After three payments that failed it stops by itself.">
      <DialogForm submit="Switch on" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label={`At or below, in ${asset}`} required {...number} value={threshold} onChange={(event) => setThreshold(event.target.value)} />
          <Field label="At most a month, without tax" {...number} hint="No bound, if left empty." value={most} onChange={(event) => setMost(event.target.value)} />
          <Choice label="It buys" value={kind} options={[['amount', 'always the same'], ['target', 'what fills it up to']]} onChange={(event) => setKind(event.target.value as 'target')} />
          <Field label={kind === 'amount' ? 'Credits each time' : 'Balance to fill up to'} required {...number} value={amount} onChange={(event) => setAmount(event.target.value)} />
        </div>
      </DialogForm>
    </Dialog>
  )
}

export function BalanceNotices({ customer, asset, isAdmin }: Props) {
  const query = useQuery({ ...ask('getWalletNotices', { params: { customer, asset } }), retry: false })
  const [isEditing, setEditing] = useState(false)
  if (query.error !== null) return null
  return (
    <Card title="When you are told" note="By your webhooks and on the live stream, once for each crossing." actions={isAdmin && query.data !== undefined && <Button onClick={() => setEditing(true)}>Change …</Button>}>
      <Loaded query={query} rows={1}>{(notices) => <Told notices={notices} />}</Loaded>
      {isEditing && query.data !== undefined && <EditNotices customer={customer} notices={query.data} onClose={() => setEditing(false)} />}
    </Card>
  )
}

function Told({ notices: { asset, operator, tenant } }: { readonly notices: WalletNotices }) {
  const balances = [...new Set([...operator.low_balance, ...tenant.low_balance])]
  const days = [...new Set([...operator.expiry_days, ...tenant.expiry_days])].sort((a, b) => b - a)
  if (balances.length + days.length === 0) return <p className="text-muted">Never: nobody has set a balance or a number of days.</p>
  return (
    <ul className="list-disc pl-5">
      {balances.map((balance) => <li key={balance}>when <Measure value={balance} unit={asset} /> or less are left</li>)}
      {days.map((count) => <li key={count}>{count} {count === 1 ? 'day' : 'days'} before credits expire</li>)}
    </ul>
  )
}

function EditNotices({ customer, notices, onClose }: { readonly customer: string; readonly notices: WalletNotices; readonly onClose: () => void }) {
  const [balances, setBalances] = useState(notices.tenant.low_balance.join(', '))
  const [days, setDays] = useState(notices.tenant.expiry_days.join(', '))
  const write = useWrite('putWalletNotices', onClose)
  const list = (text: string) => text.split(',').map((one) => one.trim()).filter((one) => one !== '')
  return (
    <Dialog isOpen onClose={onClose} title="When you are told" lead="Beside what the operator set, which stays.">
      <DialogForm submit="Set" onSubmit={() => write.mutate({ params: { customer, asset: notices.asset }, body: { low_balance: list(balances), expiry_days: list(days).map(Number) } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label={`At a balance of, in ${notices.asset}`} hint="Several joined by commas, such as 10, 2." pattern="[\d.,\s]*" value={balances} onChange={(event) => setBalances(event.target.value)} />
        <Field label="Days before credits expire" hint="Such as 7, 1." pattern="[\d,\s]*" value={days} onChange={(event) => setDays(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}
