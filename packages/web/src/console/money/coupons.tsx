// Coupons: something off invoices for whoever redeems one. Made here, and ended here; who has one keeps it.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Coupon } from '../../api/operations.ts'
import { askPages, useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { day, percent, quantity, roughly } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge, Card, Empty, Loaded, PageHead } from '../../parts/surface.tsx'
import { More, Table } from '../../parts/table.tsx'
import { Money, Quantity } from '../../parts/values.tsx'
import { usePlans } from '../catalog/use-plans.ts'
import { useMay } from '../session.tsx'

export function CouponsPage() {
  const query = useInfiniteQuery(askPages('listCoupons', { query: { limit: 100 } }))
  const [isMaking, setMaking] = useState(false)
  const [ending, setEnding] = useState<Coupon | null>(null)
  const { zone } = useSettings()
  const isAdmin = useMay()
  return (
    <>
      <PageHead title="Coupons" lead="A percent or an amount off invoices, for a number of billing periods. A customer redeems one once, on its own page or in its portal.">
        {isAdmin && <Button look="primary" onClick={() => setMaking(true)}>Create a coupon</Button>}
      </PageHead>
      <Card flush>
        <Loaded query={{ ...query, data: query.data?.pages.flatMap(({ data }) => data) }}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty title="No coupon yet" command={'tollgate coupon create LAUNCH20 --name "Launch offer" --percent 20 --periods 3'}>Create one here, or from a shell:</Empty>
            ) : (
              <Table
                label="Coupons"
                rows={rows}
                rowKey={({ code }) => code}
                columns={[
                  { head: 'Code', cell: ({ code, name }) => <><code className="font-mono font-medium">{code}</code><br /><span className="text-xs text-faint">{name}</span></> },
                  { head: 'Off', isNumber: true, cell: (coupon) => <Off coupon={coupon} /> },
                  { head: 'For', cell: ({ periods, plans }) => <span className="text-muted">{periods === null ? 'all periods' : `${periods} ${periods === 1 ? 'period' : 'periods'}`}{plans !== null && `, on ${plans.join(', ')}`}</span> },
                  { head: 'Redeemed', isNumber: true, cell: ({ redemptions, redemptions_max: max }) => <><Quantity value={String(redemptions)} />{max !== null && <span className="text-muted"> of {quantity(String(max))}</span>}</> },
                  { head: 'Until', cell: ({ expires_at: at }) => <span className="whitespace-nowrap text-muted">{at === null ? 'for ever' : day(at, zone)}</span> },
                  { head: 'State', cell: (coupon) => <CouponState coupon={coupon} /> },
                  { head: <span className="sr-only">Actions</span>, isNumber: true, cell: (row) => isAdmin && row.ended_at === null && <Button className="h-7 px-2 text-xs" look="danger" aria-label={`End ${row.code}`} onClick={() => setEnding(row)}>End</Button> },
                ]}
              />
            )
          }
        </Loaded>
        <More query={query} />
      </Card>
      {isMaking && <MakeCoupon onClose={() => setMaking(false)} />}
      {ending !== null && <EndCoupon coupon={ending} onClose={() => setEnding(null)} />}
    </>
  )
}

/** Twenty percent, or an amount. */
export function Off({ coupon: { percent: share, amount, currency } }: { readonly coupon: Pick<Coupon, 'percent' | 'amount' | 'currency'> }) {
  return share !== null ? <>{percent(roughly(share) / 100)}</> : <Money amount={amount ?? '0'} currency={currency ?? ''} />
}

function CouponState({ coupon: { ended_at: ended, expires_at: expires, redemptions, redemptions_max: max } }: { readonly coupon: Coupon }) {
  if (ended !== null) return <Badge tone="bad">ended</Badge>
  if (expires !== null && Date.parse(expires) <= Date.now()) return <Badge tone="warn">expired</Badge>
  if (max !== null && redemptions >= max) return <Badge tone="warn">used up</Badge>
  return <Badge tone="good">can be redeemed</Badge>
}

function MakeCoupon({ onClose }: { readonly onClose: () => void }) {
  const plans = usePlans()
  const [code, setCode] = useState('')
  const [name, setName] = useState('')
  const [kind, setKind] = useState<'percent' | 'amount'>('percent')
  const [value, setValue] = useState('20')
  const [periods, setPeriods] = useState('')
  const [max, setMax] = useState('')
  const [until, setUntil] = useState('')
  const [picked, setPicked] = useState<readonly string[]>([])
  const write = useWrite('createCoupon', onClose)
  const whole = (text: string) => (text === '' ? null : Number(text))
  const submit = () => write.mutate({ body: { code, name, [kind]: value, periods: whole(periods), redemptions_max: whole(max), plans: picked.length === 0 ? null : picked, expires_at: until === '' ? null : `${until}T00:00:00Z` } })
  return (
    <Dialog isOpen onClose={onClose} title="Create a coupon" lead="It counts from the billing period in which it is redeemed, and takes no more than is there.">
      <DialogForm submit="Create" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Code" required pattern="[A-Za-z0-9][A-Za-z0-9_\-]{1,39}" hint="What customers type." autoComplete="off" value={code} onChange={(event) => setCode(event.target.value)} />
          <Field label="Name" required maxLength={200} hint="Text of the invoice line." value={name} onChange={(event) => setName(event.target.value)} />
          <Choice label="Takes off" value={kind} options={[['percent', 'A percent of the invoice'], ['amount', 'An amount']]} onChange={(event) => setKind(event.target.value as 'percent')} />
          <Field label={kind === 'percent' ? 'Percent' : 'Amount, in the currency of the catalog'} required inputMode="decimal" pattern="\d+(\.\d+)?" value={value} onChange={(event) => setValue(event.target.value)} />
          <Field label="Billing periods" inputMode="numeric" pattern="[1-9]\d*" hint="All, if left empty." value={periods} onChange={(event) => setPeriods(event.target.value)} />
          <Field label="Redemptions at most" inputMode="numeric" pattern="[1-9]\d*" hint="By all customers together." value={max} onChange={(event) => setMax(event.target.value)} />
          <Field label="Can be redeemed before (UTC)" type="date" hint="For ever, if left empty." value={until} onChange={(event) => setUntil(event.target.value)} />
        </div>
        <fieldset>
          <legend className="mb-1 text-xs font-medium text-muted">Only for plans; all, if none is picked</legend>
          <div className="flex flex-wrap gap-x-4 gap-y-1">
            {plans.map((plan) => (
              <label key={plan.id} className="flex items-center gap-2">
                <input type="checkbox" className="size-4 accent-accent" checked={picked.includes(plan.id)} onChange={() => setPicked((now) => (now.includes(plan.id) ? now.filter((one) => one !== plan.id) : [...now, plan.id]))} /> {plan.name}
              </label>
            ))}
          </div>
        </fieldset>
      </DialogForm>
    </Dialog>
  )
}

function EndCoupon({ coupon, onClose }: { readonly coupon: Coupon; readonly onClose: () => void }) {
  const write = useWrite('endCoupon', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`End ${coupon.code}?`} lead={coupon.redemptions === 0 ? 'Nobody can redeem it any more.' : `Nobody can redeem it any more. The ${coupon.redemptions} who did keep it.`}>
      <DialogForm submit="End it" look="danger" onSubmit={() => write.mutate({ params: { code: coupon.code } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}
