// Puts a draft, or an earlier version, in force. Before the button stands what changes, whom it touches, what last month's usage would have
// cost under it, and when those on a plan follow. Whoever publishes for many says how many: a number that was read is a change that was
// understood.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import type { CatalogPlan } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Choice, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Failure, Loaded } from '../../parts/surface.tsx'
import { Run } from './simulation.tsx'

export type Overlay = { readonly name: string; readonly source: string }
/** A draft, or the number of an earlier version. */
export type Published = { readonly kind: 'draft'; readonly source: string; readonly overlays: readonly Overlay[] } | { readonly kind: 'earlier'; readonly version: number }
type Migration = CatalogPlan['migrations'][number]['migration']
const MIGRATIONS: readonly (readonly [Migration, string])[] = [['now', 'Follow at once'], ['at_renewal', 'Follow with their next billing period'], ['keep', 'Keep what they have']]

function planOf(what: Published, impact: boolean, signal: AbortSignal): Promise<CatalogPlan> {
  return what.kind === 'draft' ? call('planCatalog', { body: { source: what.source, overlays: what.overlays, impact }, signal }) : call('planRollback', { body: { version: what.version, impact }, signal })
}

export function Publish({ what, onClose }: { readonly what: Published; readonly onClose: () => void }) {
  const plan = useQuery({ queryKey: ['publish', 'plan', what], queryFn: ({ signal }) => planOf(what, false, signal), retry: false })
  return (
    <Dialog isOpen isWide onClose={onClose} title={what.kind === 'draft' ? 'Put the catalog in force?' : `Publish version ${what.version} again?`} lead={what.kind === 'draft' ? undefined : 'As a new version, with the rates of now. What was charged meanwhile stays charged.'}>
      <Loaded query={plan} rows={4}>{(found) => <Form what={what} plan={found} onClose={onClose} />}</Loaded>
    </Dialog>
  )
}

function Form({ what, plan, onClose }: { readonly what: Published; readonly plan: CatalogPlan; readonly onClose: () => void }) {
  const customers = Object.values(plan.customers_touched).reduce((sum, count) => sum + count, 0)
  const [count, setCount] = useState('')
  const [from, setFrom] = useState('')
  const [reason, setReason] = useState('')
  const [migrations, setMigrations] = useState<Readonly<Record<string, Migration>>>({})
  const put = useWrite('putCatalog', onClose)
  const again = useWrite('rollBackCatalog', onClose)
  const submit = () => {
    const rest = { base_version: plan.base_version, migrations, ...(from === '' ? {} : { in_force_from: new Date(from).toISOString() }), ...(reason === '' ? {} : { reason }) }
    if (what.kind === 'draft') put.mutate({ body: { source: what.source, overlays: what.overlays, ...rest } })
    else again.mutate({ body: { version: what.version, ...rest } })
  }
  return (
    <DialogForm submit="Publish" onSubmit={submit} onCancel={onClose} isBusy={put.isPending || again.isPending} isReady={plan.changes.length > 0 && (customers === 0 || count === String(customers))} error={put.error ?? again.error}>
      <p>
        {plan.changes.length === 0 ? 'Nothing would change.' : `${plan.changes.length} ${plan.changes.length === 1 ? 'change' : 'changes'} to version ${plan.base_version}.`} <Touched touched={plan.customers_touched} /> Every gateway decides by it {from === '' ? 'when this answers' : 'from that time on'}.
      </p>
      {plan.changes.length > 0 && <Impact what={what} />}
      {plan.migrations.filter(({ customers: on }) => on > 0).map(({ plan: name, migration, customers: on }) => (
        <Choice key={name} label={`The ${on} on plan ${name}`} value={migrations[name] ?? migration} options={MIGRATIONS} onChange={(event) => setMigrations((now) => ({ ...now, [name]: event.target.value as Migration }))} />
      ))}
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="In force from" type="datetime-local" hint="At once, if left empty." value={from} onChange={(event) => setFrom(event.target.value)} />
        <Field label="Why" hint="For the audit log." maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </div>
      {customers > 0 && <Field label={`How many customers does it touch? Type ${customers}`} inputMode="numeric" required value={count} onChange={(event) => setCount(event.target.value.trim())} />}
    </DialogForm>
  )
}

/** What last month's usage would have cost: a simulation that the plan starts. */
function Impact({ what }: { readonly what: Published }) {
  const query = useQuery({ queryKey: ['publish', 'impact', what], queryFn: ({ signal }) => planOf(what, true, signal), retry: false, staleTime: Infinity, refetchOnWindowFocus: false })
  if (query.error !== null) return <Failure error={query.error} retry={() => void query.refetch()} />
  if (query.data?.impact === null) return null
  return (
    <section aria-label="Last month under it" className="rounded-lg border px-5 py-4">
      <h3 className="mb-2 text-sm font-semibold">Last month under it</h3>
      <Loaded query={query} rows={2}>{({ impact }) => impact !== null && <Run id={impact.simulation} />}</Loaded>
    </section>
  )
}

export function Touched({ touched }: { readonly touched: Readonly<Record<string, number>> }) {
  const plans = Object.entries(touched)
  if (plans.length === 0) return <>No customer would notice.</>
  return <>Customers who would notice: {plans.map(([plan, count]) => `${count} on ${plan}`).join(', ')}.</>
}
