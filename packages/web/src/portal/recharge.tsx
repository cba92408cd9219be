// A wallet that fills itself, within bounds that its owner sets, and at which balances its owner is told.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RechargeRule, WalletNotices } from '../api/operations.ts'
import { ask, useWrite } from '../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../parts/controls.tsx'
import { Badge, Card, Failure, Loaded } from '../parts/surface.tsx'
import { Ago, Measure } from '../parts/values.tsx'
import { useWords } from '../words/words.tsx'

type Props = { readonly customer: string; readonly asset: string; readonly isAdmin: boolean }

export function Recharge({ customer, asset, isAdmin }: Props) {
  const query = useQuery(ask('listRecharges', { params: { customer } }))
  const [isEditing, setEditing] = useState(false)
  const w = useWords()
  const { recharge: said } = w
  const remove = useWrite('deleteRecharge')
  const rule = query.data?.data.find((one) => one.asset === asset)
  return (
    <Card title={said.title} note={said.note} actions={isAdmin && <><Button onClick={() => setEditing(true)}>{rule === undefined ? said.switchOn : w.common.changeMore}</Button>{rule !== undefined && <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate({ params: { customer, asset } })}>{said.switchOff}</Button>}</>}>
      {remove.error !== null && <Failure error={remove.error} />}
      <Loaded query={query} rows={1}>{() => (rule === undefined ? <p className="text-muted">{said.off}</p> : <Rule rule={rule} />)}</Loaded>
      {isEditing && <Edit customer={customer} asset={asset} rule={rule ?? null} onClose={() => setEditing(false)} />}
    </Card>
  )
}

function Rule({ rule: { asset, threshold, amount, target, month_max: most, stopped_at: stopped, stopped_reason: why } }: { readonly rule: RechargeRule }) {
  const { recharge: said } = useWords()
  return (
    <>
      <p>
        {stopped === null ? <Badge tone="good">{said.on}</Badge> : <Badge tone="bad">{said.stopped}</Badge>} {said.atOrBelow} <Measure value={threshold} unit={asset} className="font-medium" /> {said.buys} {target !== null ? <>{said.upTo} <Measure value={target} unit={asset} className="font-medium" /></> : amount !== null && <Measure value={amount} unit={asset} className="font-medium" />}
        {most !== null && <>{said.atMost} <Measure value={most} unit={asset} className="font-medium" /> {said.aMonth}</>}.
      </p>
      {stopped !== null && <p className="mt-1 text-bad">{said.stoppedAt} <Ago at={stopped} />, {said.stoppedWhy(why ?? '')}</p>}
    </>
  )
}

function Edit({ customer, asset, rule, onClose }: { readonly customer: string; readonly asset: string; readonly rule: RechargeRule | null; readonly onClose: () => void }) {
  const { recharge: said } = useWords()
  const [threshold, setThreshold] = useState(rule?.threshold ?? '5')
  const [kind, setKind] = useState<'amount' | 'target'>(rule === null || rule.target === null ? 'amount' : 'target')
  const [amount, setAmount] = useState(rule?.target ?? rule?.amount ?? '50')
  const [most, setMost] = useState(rule?.month_max ?? '200')
  const write = useWrite('putRecharge', onClose)
  const number = { inputMode: 'decimal', pattern: '\\d+(\\.\\d+)?' } as const
  const submit = () => write.mutate({ params: { customer, asset }, body: { threshold, amount: kind === 'amount' ? amount : null, target: kind === 'target' ? amount : null, month_max: most.trim() === '' ? null : most.trim(), cooldown_seconds: rule?.cooldown_seconds ?? 300, method: rule?.method ?? 'stripe' } })
  return (
    <Dialog isOpen onClose={onClose} title={said.dialog} lead={said.lead}>
      <DialogForm submit={said.submit} onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label={said.threshold(asset)} required {...number} value={threshold} onChange={(event) => setThreshold(event.target.value)} />
          <Field label={said.most} {...number} hint={said.mostHint} value={most} onChange={(event) => setMost(event.target.value)} />
          <Choice label={said.what} value={kind} options={[['amount', said.same], ['target', said.fill]]} onChange={(event) => setKind(event.target.value as 'target')} />
          <Field label={kind === 'amount' ? said.amount : said.target} required {...number} value={amount} onChange={(event) => setAmount(event.target.value)} />
        </div>
      </DialogForm>
    </Dialog>
  )
}

export function BalanceNotices({ customer, asset, isAdmin }: Props) {
  const query = useQuery({ ...ask('getWalletNotices', { params: { customer, asset } }), retry: false })
  const [isEditing, setEditing] = useState(false)
  const w = useWords()
  if (query.error !== null) return null
  return (
    <Card title={w.notices.title} note={w.notices.note} actions={isAdmin && query.data !== undefined && <Button onClick={() => setEditing(true)}>{w.common.changeMore}</Button>}>
      <Loaded query={query} rows={1}>{(notices) => <Told notices={notices} />}</Loaded>
      {isEditing && query.data !== undefined && <EditNotices customer={customer} notices={query.data} onClose={() => setEditing(false)} />}
    </Card>
  )
}

function Told({ notices: { asset, operator, tenant } }: { readonly notices: WalletNotices }) {
  const { notices: said } = useWords()
  const balances = [...new Set([...operator.low_balance, ...tenant.low_balance])]
  const days = [...new Set([...operator.expiry_days, ...tenant.expiry_days])].sort((a, b) => b - a)
  if (balances.length + days.length === 0) return <p className="text-muted">{said.never}</p>
  return (
    <ul className="list-disc pl-5">
      {balances.map((balance) => <li key={balance}>{said.when} <Measure value={balance} unit={asset} /> {said.orLess}</li>)}
      {days.map((count) => <li key={count}>{said.daysBefore(count)}</li>)}
    </ul>
  )
}

function EditNotices({ customer, notices, onClose }: { readonly customer: string; readonly notices: WalletNotices; readonly onClose: () => void }) {
  const w = useWords()
  const { notices: said } = w
  const [balances, setBalances] = useState(notices.tenant.low_balance.join(', '))
  const [days, setDays] = useState(notices.tenant.expiry_days.join(', '))
  const write = useWrite('putWalletNotices', onClose)
  const list = (text: string) => text.split(',').map((one) => one.trim()).filter((one) => one !== '')
  return (
    <Dialog isOpen onClose={onClose} title={said.title} lead={said.lead}>
      <DialogForm submit={w.common.set} onSubmit={() => write.mutate({ params: { customer, asset: notices.asset }, body: { low_balance: list(balances), expiry_days: list(days).map(Number) } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label={said.balances(notices.asset)} hint={said.balancesHint} pattern="[\d.,\s]*" value={balances} onChange={(event) => setBalances(event.target.value)} />
        <Field label={said.days} hint={said.daysHint} pattern="[\d,\s]*" value={days} onChange={(event) => setDays(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}
