// The clock of a customer that lives in a time of its own, and turning it: renewals, grace and trials of months pass in a second.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { TestClock } from '../../api/operations.ts'
import { ask, useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { Time } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'

const DAY_MS = 86_400_000
const STEPS = [['A day', 1], ['A week', 7], ['A month', 31], ['A year', 366]] as const

export function TestClockNotice({ clock: id }: { readonly clock: string }) {
  const query = useQuery({ ...ask('listTestClocks', {}), refetchInterval: 30_000 })
  const [isTurning, setTurning] = useState(false)
  const isAdmin = useMay()
  const clock = query.data?.data.find((one) => one.id === id)
  if (clock === undefined) return null
  return (
    <div className="mb-6 flex flex-wrap items-center justify-between gap-3 rounded-xl border border-warn/40 bg-warn-soft px-4 py-3">
      <p><b className="font-semibold">A test clock:</b> for this customer it is <Time at={clock.now} withSeconds />. <span className="text-muted">“{clock.name}”, {clock.customers} {clock.customers === 1 ? 'customer lives' : 'customers live'} on it.</span></p>
      {isAdmin && <Button onClick={() => setTurning(true)}>Advance …</Button>}
      {isTurning && <Advance clock={clock} onClose={() => setTurning(false)} />}
    </div>
  )
}

function Advance({ clock, onClose }: { readonly clock: TestClock; readonly onClose: () => void }) {
  const [to, setTo] = useState(() => dayAfter(clock, 1))
  const write = useWrite('advanceTestClock', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`Advance “${clock.name}”`} lead="Forward only. It answers when all that became due on the way is told and in force.">
      <DialogForm submit="Advance" onSubmit={() => write.mutate({ params: { clock: clock.id }, body: { to: `${to}T00:00:00Z` } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label="To the start of (UTC)" type="date" required min={dayAfter(clock, 1)} value={to} onChange={(event) => setTo(event.target.value)} />
        <p className="flex flex-wrap gap-2">{STEPS.map(([label, days]) => <Button key={label} onClick={() => setTo(dayAfter(clock, days))}>{label}</Button>)}</p>
      </DialogForm>
    </Dialog>
  )
}

function dayAfter({ now }: TestClock, days: number): string {
  return new Date(Date.parse(now) + days * DAY_MS).toISOString().slice(0, 10)
}
