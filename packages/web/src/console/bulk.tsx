// One action for many customers: what it will do and to how many is shown first, and the number must be typed. Each customer is one call of
// the public API, one after the other; it can be stopped between two, and what did not work is listed with its reason.

import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { call, ProblemError, randomKey } from '../api/client.ts'
import type { Customer } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { Button, Choice, Dialog, Field, Gauge } from '../parts/controls.tsx'
import { percent } from '../parts/format.ts'
import { useMay } from './session.tsx'

/** Of one run: beyond it the command line is the better place. */
export const BULK_MAX = 1_000
const NAMES_SHOWN = 8

type Kind = 'credits' | 'plan' | 'standing' | 'enforce' | 'observe' | 'freeze'
type Draft = { readonly kind: Kind; readonly amount: string; readonly plan: string; readonly standing: 'good' | 'suspended' | 'paused'; readonly reason: string }
type Outcome = { readonly done: number; readonly failed: readonly { readonly customer: Customer; readonly why: string }[] }

export function Bulk({ customers, onClose }: { readonly customers: readonly Customer[]; readonly onClose: () => void }) {
  const client = useQueryClient()
  const [key] = useState(randomKey)
  const [draft, setDraft] = useState<Draft>({ kind: 'credits', amount: '5', plan: '', standing: 'suspended', reason: '' })
  const [count, setCount] = useState('')
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const [isRunning, setRunning] = useState(false)
  const isStopped = useRef(false)
  const catalog = useQuery(ask('getCatalog', {}))
  const plans = (catalog.data?.document?.['plans'] ?? []) as readonly { readonly id: string; readonly name: string }[]
  const [finance, support] = [useMay('finance'), useMay('support')]
  const either = finance || support
  const kinds = ([['credits', 'Add promotional credits', finance], ['plan', 'Change plan', either], ['standing', 'Set the standing', either], ['observe', 'Only observe', either], ['enforce', 'Enforce limits', either], ['freeze', 'Stop everything', support]] as const).filter(([, , may]) => may)
  const wanted = { ...draft, kind: kinds.some(([kind]) => kind === draft.kind) ? draft.kind : (kinds[0]?.[0] ?? 'plan'), plan: draft.plan === '' ? (plans[0]?.id ?? '') : draft.plan }
  const set = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }))
  const run = async () => {
    setRunning(true)
    isStopped.current = false
    let done = 0
    const failed: Outcome['failed'][number][] = []
    for (const customer of customers) {
      if (isStopped.current) break
      try {
        await act(customer, wanted, `${key}-${customer.id}`)
        done += 1
      } catch (error) {
        failed.push({ customer, why: error instanceof ProblemError ? error.problem.detail : String(error) })
      }
      setOutcome({ done, failed: [...failed] })
    }
    setRunning(false)
    void client.invalidateQueries()
  }
  const total = customers.length
  const finished = (outcome?.done ?? 0) + (outcome?.failed.length ?? 0)
  return (
    <Dialog isOpen onClose={onClose} title={`One action for ${total} ${total === 1 ? 'customer' : 'customers'}`} lead={`${customers.slice(0, NAMES_SHOWN).map(({ name }) => name).join(', ')}${total > NAMES_SHOWN ? ` and ${total - NAMES_SHOWN} more` : ''}.`}>
      <form
        className="space-y-3"
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        {outcome === null && (
          <>
            <Choice label="What to do" value={wanted.kind} options={kinds.map(([kind, label]) => [kind, label])} onChange={(event) => set({ kind: event.target.value as Kind })} />
            {wanted.kind === 'credits' && <Field label="Amount for each, in the currency of its plan" required inputMode="decimal" pattern="\d+(\.\d+)?" value={draft.amount} onChange={(event) => set({ amount: event.target.value })} />}
            {wanted.kind === 'plan' && <Choice label="Plan" value={wanted.plan} options={plans.map(({ id, name }) => [id, name])} hint="What costs more holds at once, what costs less from the next period on." onChange={(event) => set({ plan: event.target.value })} />}
            {wanted.kind === 'standing' && <Choice label="Standing" value={draft.standing} options={[['suspended', 'Suspended: may not use'], ['paused', 'Paused: may not use'], ['good', 'Good: may use']]} onChange={(event) => set({ standing: event.target.value as 'good' })} />}
            {(wanted.kind === 'freeze' || wanted.kind === 'credits') && <Field label="Why" hint={wanted.kind === 'freeze' ? 'Whoever is refused reads it.' : 'The campaign behind it.'} maxLength={200} value={draft.reason} onChange={(event) => set({ reason: event.target.value })} />}
            <p className="text-muted">{previewText(wanted, customers)}</p>
            <Field label={`How many customers does it touch? Type ${total}`} inputMode="numeric" required value={count} onChange={(event) => setCount(event.target.value.trim())} />
          </>
        )}
        {outcome !== null && (
          <div role="status">
            <Gauge share={finished / total} label={`${percent(finished / total)} done`} />
            <p className="mt-2">{outcome.done} of {total} done{outcome.failed.length > 0 && <span className="text-bad">, {outcome.failed.length} did not work</span>}.{!isRunning && finished < total && ' Stopped: the rest was not touched.'}</p>
            {outcome.failed.length > 0 && <ul className="mt-2 max-h-40 list-disc overflow-auto pl-5 text-xs" tabIndex={0} aria-label="What did not work">{outcome.failed.map(({ customer, why }) => <li key={customer.id}>{customer.name}: {why}</li>)}</ul>}
          </div>
        )}
        <div className="flex justify-end gap-2 pt-2">
          {isRunning ? <Button onClick={() => { isStopped.current = true }}>Stop</Button> : <Button onClick={onClose}>{outcome === null ? 'Cancel' : 'Close'}</Button>}
          {outcome === null && <Button type="submit" look={wanted.kind === 'freeze' || wanted.kind === 'standing' ? 'danger' : 'primary'} disabled={count !== String(total) || total > BULK_MAX}>Do it for all {total}</Button>}
        </div>
      </form>
    </Dialog>
  )
}

function previewText({ kind, plan }: Draft, customers: readonly Customer[]): string {
  if (kind === 'plan') return `${customers.filter((one) => one.plan !== plan).length} change, ${customers.filter((one) => one.plan === plan).length} are on it already.`
  if (kind === 'observe' || kind === 'enforce') return `${customers.filter(({ observe }) => observe === (kind === 'enforce')).length} change, the others are so already.`
  return kind === 'credits' ? 'Each gets its own block of credits; the next request can use it.' : 'Every gateway obeys for each of them when its call answers.'
}

async function act({ id, ...now }: Customer, { kind, amount, plan, standing, reason }: Draft, idempotencyKey: string): Promise<unknown> {
  const params = { customer: id }
  switch (kind) {
    case 'credits':
      return call('addCredits', { params, body: { amount, category: 'promotional', reference: reason === '' ? null : reason }, idempotencyKey })
    case 'plan':
      return now.plan === plan ? null : call('changeSubscription', { params, body: { plan }, idempotencyKey })
    case 'standing':
      return call('changeCustomer', { params, body: { standing }, idempotencyKey })
    case 'observe':
    case 'enforce':
      return call('changeCustomer', { params, body: { observe: kind === 'observe' }, idempotencyKey })
    case 'freeze':
      return call('createFreeze', { body: { kind: 'customer', target: id, customer: null, ...(reason === '' ? {} : { reason }) }, idempotencyKey })
  }
}
