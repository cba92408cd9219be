// The coupons and codes that a customer redeemed, and redeeming one for it.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { randomKey } from '../../api/client.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Card, Empty, Loaded } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { Off } from '../money/coupons.tsx'
import { useMay } from '../session.tsx'

export function Redeemed({ customer }: { readonly customer: string }) {
  const params = { customer }
  const coupons = useQuery(ask('listRedemptions', { params }))
  const codes = useQuery(ask('listCodeRedemptions', { params }))
  const [act, setAct] = useState<'coupon' | 'code' | null>(null)
  const isAdmin = useMay()
  const maySupport = useMay('support', 'finance')
  return (
    <div className="grid gap-6 lg:grid-cols-2">
      <Card title="Coupons" note="Taken off its invoices, in this order." actions={isAdmin && <Button onClick={() => setAct('coupon')}>Redeem a coupon</Button>} flush>
        <Loaded query={coupons} rows={2}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="None is redeemed" />
            ) : (
              <Table
                label="Redeemed coupons"
                rows={data}
                rowKey={({ code }) => code}
                columns={[
                  { head: 'Coupon', cell: ({ code, name }) => <><code className="font-mono">{code}</code> <span className="text-muted">{name}</span></> },
                  { head: 'Off', isNumber: true, cell: (row) => <Off coupon={row} /> },
                  { head: 'Periods', isNumber: true, cell: ({ periods }) => periods ?? 'all' },
                  { head: 'Since', cell: ({ from }) => <Time at={from} className="whitespace-nowrap text-muted" /> },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      <Card title="Codes" note="What each gave." actions={maySupport && <Button onClick={() => setAct('code')}>Redeem a code</Button>} flush>
        <Loaded query={codes} rows={2}>
          {({ data }) =>
            data.length === 0 ? (
              <Empty title="None is redeemed" />
            ) : (
              <Table
                label="Redeemed codes"
                rows={data}
                rowKey={({ id }) => id}
                columns={[
                  { head: 'Code of', cell: ({ name }) => name },
                  { head: 'Gave', cell: ({ given }) => <span className="text-muted">{Object.entries(given).map(([name, value]) => `${name} ${String(value)}`).join(', ')}</span> },
                  { head: 'When', cell: ({ redeemed_at: at }) => <Time at={at} className="whitespace-nowrap text-muted" /> },
                ]}
              />
            )
          }
        </Loaded>
      </Card>
      {act !== null && <Redeem customer={customer} what={act} onClose={() => setAct(null)} />}
    </div>
  )
}

function Redeem({ customer, what, onClose }: { readonly customer: string; readonly what: 'coupon' | 'code'; readonly onClose: () => void }) {
  const [key] = useState(randomKey)
  const [code, setCode] = useState('')
  const coupon = useWrite('redeemCoupon', onClose)
  const other = useWrite('redeemCode', onClose)
  const write = what === 'coupon' ? coupon : other
  return (
    <Dialog isOpen onClose={onClose} title={`Redeem a ${what} for it`} lead={what === 'coupon' ? 'It counts from the running billing period.' : 'What it gives is in force on every gateway when this answers.'}>
      <DialogForm submit="Redeem" onSubmit={() => write.mutate({ params: { customer }, body: { code }, idempotencyKey: key })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label={what === 'coupon' ? 'Coupon' : 'Code'} required autoComplete="off" value={code} onChange={(event) => setCode(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}
