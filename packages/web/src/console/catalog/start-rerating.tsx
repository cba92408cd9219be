// Starts looking at a span under a corrected price: that in force, an earlier or later version, or the draft of the editor.

import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { randomKey } from '../../api/client.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { day } from '../../parts/format.ts'
import { useSettings } from '../../parts/settings.tsx'
import { usePlans } from './use-plans.ts'

const DAY_MS = 86_400_000
const VERSIONS_LISTED = 50
/** The server takes no span that ends after its own now. */
const CLOCKS_APART_MS = 2_000
/** `datetime-local` has the viewer's time and no zone. */
const localText = (ms: number) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16)

export function StartRerating({ onClose }: { readonly onClose: () => void }) {
  const navigate = useNavigate()
  const [key] = useState(randomKey)
  const [openedAt] = useState(() => Date.now())
  const [from, setFrom] = useState(() => localText(new Date(openedAt - 30 * DAY_MS).setHours(0, 0, 0, 0)))
  const [to, setTo] = useState('')
  const [version, setVersion] = useState('')
  const [plan, setPlan] = useState('')
  const [reason, setReason] = useState('')
  const { zone } = useSettings()
  const plans = usePlans()
  const catalog = useQuery(ask('getCatalog', {}))
  const versions = useQuery(ask('listCatalogVersions', { query: { limit: VERSIONS_LISTED } }))
  const write = useWrite('startRerating', ({ id }) => void navigate({ to: '/catalog/reratings/$rerating', params: { rerating: id } }))
  const others = (versions.data?.data ?? []).filter((one) => one.version !== catalog.data?.version)
  const source = others.find((one) => String(one.version) === version)?.source
  const submit = () => write.mutate({ body: { from: new Date(from).toISOString(), to: new Date(to === '' ? Date.now() - CLOCKS_APART_MS : to).toISOString(), reason, ...(source === undefined ? {} : { source }), ...(plan === '' ? {} : { plans: [plan] }) }, idempotencyKey: key })
  return (
    <Dialog isOpen onClose={onClose} title="Rate past usage again" lead="It only looks: you see what would be different before anything is posted.">
      <DialogForm submit="Look at it" onSubmit={submit} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label="Usage from" type="datetime-local" required max={to === '' ? localText(openedAt) : to} hint="Your time." value={from} onChange={(event) => setFrom(event.target.value)} />
          <Field label="To" type="datetime-local" min={from} max={localText(openedAt)} hint="Up to now, if left empty." value={to} onChange={(event) => setTo(event.target.value)} />
          <Choice label="Under the prices of" value={version} options={[['', `The catalog in force${catalog.data === undefined ? '' : ` (version ${catalog.data.version})`}`], ...others.map((one) => [String(one.version), `Version ${one.version}, of ${day(one.applied_at, zone)}`] as const)]} onChange={(event) => setVersion(event.target.value)} />
          <Choice label="Customers" value={plan} options={[['', 'On all plans'], ...plans.map(({ id, name }) => [id, `On ${name}`] as const)]} onChange={(event) => setPlan(event.target.value)} />
        </div>
        <Field label="Why" required maxLength={200} hint="For the audit log." value={reason} onChange={(event) => setReason(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}
