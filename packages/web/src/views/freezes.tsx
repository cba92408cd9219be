// Stopping by hand: what it hits is shown first, whoever meets it is told why, and it is lifted here.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/client.ts'
import { useRefresh } from '../api/live.tsx'
import type { Freeze } from '../api/operations.ts'
import { ask, useWrite } from '../api/queries.ts'
import { Button, Dialog, DialogForm, Field } from '../parts/controls.tsx'
import { Loaded } from '../parts/surface.tsx'
import { Ago, Quantity } from '../parts/values.tsx'
import { termOf, useWords } from '../words/words.tsx'

type Target = { readonly kind: Freeze['kind']; readonly target: string; readonly customer: string | null; readonly name: string }

export function FreezeDialog({ target, onClose }: { readonly target: Target; readonly onClose: () => void }) {
  const [reason, setReason] = useState('')
  const { name, ...body } = target
  const { freeze: said } = useWords()
  const hits = useQuery({ queryKey: ['previewFreeze', body], queryFn: () => call('previewFreeze', { body }) })
  const write = useWrite('createFreeze', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={said.title(name)} lead={said.lead}>
      <DialogForm submit={said.submit} look="danger" onSubmit={() => write.mutate({ body: { ...body, ...(reason === '' ? {} : { reason }) } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Loaded query={hits} rows={1}>
          {(found) => (
            <p>
              {said.hits} <b className="font-semibold"><Quantity value={String(found.keys)} /></b> {said.keys} <b className="font-semibold"><Quantity value={String(found.entities)} /></b> {said.teams}
              {found.events_last_hour !== null && <>{said.hadEvents} <b className="font-semibold"><Quantity value={String(found.events_last_hour)} /></b> {said.lastHour}</>}.
            </p>
          )}
        </Loaded>
        <Field label={said.why} hint={said.whyHint} maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}

/** What is stopped of a customer now, each with a way to lift it; nothing while nothing is. */
export function Freezes({ customer, mayLift }: { readonly customer: string; readonly mayLift: (freeze: Freeze) => boolean }) {
  const query = useQuery(ask('listFreezes', { query: { customer } }))
  const lift = useWrite('liftFreeze')
  useRefresh([['listFreezes']], ({ type }) => type.startsWith('freeze.'))
  const freezes = query.data?.data ?? []
  const w = useWords()
  if (freezes.length === 0) return null
  return (
    <ul className="mb-6 space-y-2">
      {freezes.map((freeze) => (
        <li key={freeze.id} role="status" className="flex flex-wrap items-center justify-between gap-3 rounded-xl border border-bad/40 bg-bad-soft px-4 py-3">
          <p>
            <b className="font-semibold">{w.freeze.stopped}</b> {freeze.kind === 'customer' ? w.limits.everything : `${termOf(w, freeze.kind)} ${freeze.target}`}, <Ago at={freeze.created_at} />. <span className="text-muted">{freeze.reason}</span>
          </p>
          {mayLift(freeze) && <Button disabled={lift.isPending} onClick={() => lift.mutate({ params: { freeze: freeze.id } })}>{w.freeze.lift}</Button>}
        </li>
      ))}
    </ul>
  )
}
