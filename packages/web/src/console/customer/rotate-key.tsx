// A new key in the place of an old one: the old one works on for as long as it takes to change over, and the new one is shown once.

import { useState } from 'react'
import { randomKey } from '../../api/client.ts'
import type { Key } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm } from '../../parts/controls.tsx'
import { Command } from '../../parts/surface.tsx'
import { Time } from '../../parts/values.tsx'

const OVERLAPS = [['0', 'Not at all: it is refused at once'], ['3600', 'An hour'], ['86400', 'A day'], ['604800', 'A week']] as const

export function RotateKey({ row, onClose }: { readonly row: Key; readonly onClose: () => void }) {
  const [key] = useState(randomKey)
  const [overlap, setOverlap] = useState('86400')
  const write = useWrite('rotateKey')
  if (write.data !== undefined) return <KeyOnce raw={write.data.key} oldUntil={write.data.replaces.expires_at} onClose={onClose} />
  return (
    <Dialog isOpen onClose={onClose} title={`Rotate ${row.name === '' ? row.hint : row.name}?`} lead="A new key with the same settings. Both work meanwhile, so that nobody meets a gap.">
      <DialogForm submit="Make the new key" look={overlap === '0' ? 'danger' : 'primary'} onSubmit={() => write.mutate({ params: { key: row.id }, body: { overlap_seconds: Number(overlap) }, idempotencyKey: key })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Choice label="The old one works on for" value={overlap} options={OVERLAPS} onChange={(event) => setOverlap(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}

export function KeyOnce({ raw, oldUntil = null, onClose }: { readonly raw: string; readonly oldUntil?: string | null; readonly onClose: () => void }) {
  return (
    <Dialog isOpen onClose={onClose} title="The key, once" lead="Keep it now: it is stored as a hash and cannot be shown again.">
      <Command text={raw} />
      {oldUntil !== null && <p className="mt-3 text-muted">The old key works until <Time at={oldUntil} />.</p>}
      <div className="mt-4 flex justify-end">
        <Button look="primary" onClick={onClose}>I have kept it</Button>
      </div>
    </Dialog>
  )
}
