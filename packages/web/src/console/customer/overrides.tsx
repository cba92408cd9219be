// What a customer is granted or denied beside its plan, for a time: made with an end date and a reason, withdrawn here, and kept in the list.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { randomKey } from '../../api/client.ts'
import type { Grant } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { day, quantity, words } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { Badge, Card, Empty, Loaded, type Tone } from '../../parts/surface.tsx'
import { Table } from '../../parts/table.tsx'
import { useMay } from '../session.tsx'

const KINDS: readonly (readonly [Grant['kind'], string])[] = [['grant', 'Grant: competes with the plan, the most generous wins'], ['replace', 'Replace: stands in place of everything, also when it is lower'], ['denial', 'Deny: takes the feature away'], ['promotion', 'Promotion: like a grant, named as an offer']]
const TONES: Readonly<Record<Grant['kind'], Tone>> = { grant: 'good', promotion: 'good', replace: 'accent', denial: 'bad' }

export function Overrides({ customer }: { readonly customer: string }) {
  const query = useQuery(ask('listGrants', { params: { customer } }))
  const [isMaking, setMaking] = useState(false)
  const [withdrawing, setWithdrawing] = useState<Grant | null>(null)
  const { zone } = useSettings()
  const may = useMay('support')
  return (
    <Card title="Overrides" note="Granted or denied beside the plan. Past ones stay in the list." actions={may && <Button onClick={() => setMaking(true)}>Override …</Button>} flush>
      <Loaded query={query} rows={2}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title="Nothing beside the plan">An override gives or takes something for a time, and is in force on every gateway at once.</Empty>
          ) : (
            <Table
              label="Overrides"
              rows={data}
              rowKey={({ id }) => id}
              columns={[
                { head: 'Kind', cell: ({ kind, name }) => <><Badge tone={TONES[kind]}>{kind}</Badge> <span className="ml-1 font-medium">{name}</span></> },
                { head: 'Of what', cell: (row) => <span className="text-muted">{whatText(row)}</span> },
                { head: 'From', cell: ({ starts_at: at }) => <span className="whitespace-nowrap text-muted">{day(at, zone)}</span> },
                { head: 'Until', cell: ({ ends_at: at }) => <span className="whitespace-nowrap text-muted">{at === null ? 'withdrawn' : day(at, zone)}{hasEnded(at) && ' (over)'}</span> },
                { head: 'Why', className: 'text-muted', cell: ({ reason, created_by: by }) => <span title={by}>{reason}</span> },
                { head: <span className="sr-only">Actions</span>, isNumber: true, cell: (row) => may && !hasEnded(row.ends_at) && <Button className="h-7 px-2 text-xs" look="danger" onClick={() => setWithdrawing(row)}>Withdraw</Button> },
              ]}
            />
          )
        }
      </Loaded>
      {isMaking && <Override customer={customer} onClose={() => setMaking(false)} />}
      {withdrawing !== null && <Withdraw customer={customer} grant={withdrawing} onClose={() => setWithdrawing(null)} />}
    </Card>
  )
}

function hasEnded(at: string | null): boolean {
  return at !== null && Date.parse(at) <= Date.now()
}

function whatText({ entitlements, allowances, limits }: Grant): string {
  return [...entitlements.map(({ feature, value }) => (value === null ? feature : `${feature} = ${value}`)), ...allowances.map(({ id, quantity: units }) => `${quantity(units)} of ${id}`), ...limits.map(({ id, quantity: units }) => `limit ${id} ${quantity(units)}`)].join(', ')
}

type Thing = { readonly key: string; readonly text: string; readonly member: 'entitlements' | 'allowances' | 'limits'; readonly id: string; readonly takes: 'nothing' | 'value' | 'quantity' }

/** All that can be granted, out of the catalog in force. */
function useThings(): readonly Thing[] {
  const catalog = useQuery(ask('getCatalog', {}))
  const document = catalog.data?.document ?? {}
  type Named = { readonly id: string; readonly name?: string; readonly kind?: string }
  const plans = (document['plans'] ?? []) as readonly { readonly allowances?: readonly Named[]; readonly limits?: readonly Named[] }[]
  const things = (member: Thing['member'], rows: readonly Named[], says: string): Thing[] => [...new Map(rows.map((row) => [row.id, row])).values()].map(({ id, name, kind }) => ({ key: `${member} ${id}`, text: `${says} ${name ?? id}`, member, id, takes: member !== 'entitlements' ? 'quantity' : kind === 'value' ? 'value' : 'nothing' }))
  return [...things('entitlements', (document['features'] ?? []) as readonly Named[], 'Feature'), ...things('allowances', plans.flatMap(({ allowances = [] }) => allowances), 'Allowance'), ...things('limits', plans.flatMap(({ limits = [] }) => limits), 'Limit')]
}

function Override({ customer, onClose }: { readonly customer: string; readonly onClose: () => void }) {
  const [key] = useState(randomKey)
  const things = useThings()
  const [kind, setKind] = useState<Grant['kind']>('grant')
  const [picked, setPicked] = useState('')
  const [value, setValue] = useState('')
  const [until, setUntil] = useState('')
  const [name, setName] = useState('')
  const [reason, setReason] = useState('')
  const write = useWrite('createGrant', onClose)
  const fitting = things.filter(({ member }) => kind !== 'denial' || member === 'entitlements')
  const thing = fitting.find((one) => one.key === picked) ?? fitting[0]
  const takes = kind === 'denial' ? 'nothing' : (thing?.takes ?? 'nothing')
  const submit = () => {
    if (thing === undefined) return
    const what = thing.member === 'entitlements' ? { entitlements: [{ feature: thing.id, ...(takes === 'value' ? { value } : {}) }] } : { [thing.member]: [{ id: thing.id, quantity: value }] }
    write.mutate({ params: { customer }, body: { kind, ...what, ends_at: until === '' ? null : `${until}T00:00:00Z`, reason, ...(name === '' ? {} : { name }) }, idempotencyKey: key })
  }
  return (
    <Dialog isOpen onClose={onClose} title="Override what the plan says" lead="In force on every gateway when this answers, and over at its end by itself.">
      <DialogForm submit="Override" look={kind === 'denial' ? 'danger' : 'primary'} onSubmit={submit} onCancel={onClose} isBusy={write.isPending} isReady={thing !== undefined} error={write.error}>
        <Choice label="Kind" value={kind} options={KINDS} onChange={(event) => setKind(event.target.value as Grant['kind'])} />
        <div className="grid gap-3 sm:grid-cols-2">
          <Choice label="Of what" value={thing?.key ?? ''} options={fitting.map((one) => [one.key, one.text])} onChange={(event) => setPicked(event.target.value)} />
          {takes !== 'nothing' && <Field label={takes === 'quantity' ? 'Units' : 'Value'} required inputMode={takes === 'quantity' ? 'decimal' : 'text'} value={value} onChange={(event) => setValue(event.target.value)} />}
          <Field label="Ends on" type="date" hint="Never, if left empty: it is withdrawn by hand." value={until} onChange={(event) => setUntil(event.target.value)} />
          <Field label="Name" hint={`Shown to people; “${words(kind)}” unless set.`} maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        </div>
        <Field label="Why" required hint="For the audit log." maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}

function Withdraw({ customer, grant, onClose }: { readonly customer: string; readonly grant: Grant; readonly onClose: () => void }) {
  const [reason, setReason] = useState('')
  const write = useWrite('withdrawGrant', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`Withdraw ${grant.name}?`} lead="It ends when this answers, and stays in the list.">
      <DialogForm submit="Withdraw" look="danger" onSubmit={() => write.mutate({ params: { customer, grant: grant.id }, body: { reason } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label="Why" required hint="For the audit log." maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}
