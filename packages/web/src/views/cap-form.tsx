// Sets or changes a cap: an operator's beside the plan's limits, or a tenant's own. Both say the same to the API; what a tenant may not
// change the API refuses. What a cap counts, its window and whom it is for stay as they were first set.

import { useState } from 'react'
import type { Budget, Entity } from '../api/operations.ts'
import { useWrite } from '../api/queries.ts'
import { Choice, Dialog, DialogForm, Field } from '../parts/controls.tsx'
import { useWords } from '../words/words.tsx'

const WINDOWS = ['hour', 'day', 'week', 'month', 'billing_period', 'quarter', 'year', 'lifetime'] as const
const ENFORCEMENTS = ['hard', 'soft', 'metered'] as const
const ACTIONS = ['deny', 'clamp', 'fallback', 'overage'] as const
const SHARES = [50, 80, 100] as const

type Draft = { readonly name: string; readonly limit: string; readonly window: Budget['window']; readonly enforcement: Budget['enforcement']; readonly entity: string; readonly each: boolean; readonly action: Budget['at_exhaustion']['action']; readonly model: string; readonly thresholds: readonly number[]; readonly observe: boolean }
type CapFormProps = { readonly customer: string; /** Null: a new one. */ readonly budget: Budget | null; readonly entities: readonly Entity[]; readonly isOperator: boolean; readonly onClose: () => void }

export function CapForm({ customer, budget, entities, isOperator, onClose }: CapFormProps) {
  const [draft, setDraft] = useState(() => draftOf(budget))
  const { cap, common, members, windows } = useWords()
  const set = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }))
  const write = useWrite('putBudget', onClose)
  const id = budget === null ? wordOf(draft.name) : budget.id.replace(/^cap:/, '')
  return (
    <Dialog isOpen onClose={onClose} title={budget === null ? cap.setTitle : cap.changeTitle(budget.name)} lead={cap.lead}>
      <DialogForm submit={common.set} onSubmit={() => write.mutate({ params: { customer, budget: id }, body: bodyOf(draft, budget) })} onCancel={onClose} isBusy={write.isPending} isReady={id !== ''} error={write.error}>
        <Field label={cap.name} required maxLength={200} value={draft.name} hint={id === '' ? cap.nameHint : <>{budget === null ? cap.idWillBe : cap.idIs} <code>cap:{id}</code>.</>} onChange={(event) => set({ name: event.target.value })} />
        <div className="grid gap-3 sm:grid-cols-2">
          <Field label={budget === null ? cap.limitNew : members.limitIn(budget.unit)} required inputMode="decimal" pattern="\d+(\.\d+)?" value={draft.limit} onChange={(event) => set({ limit: event.target.value })} />
          <Choice label={cap.window} value={draft.window} disabled={budget !== null} options={WINDOWS.map((one) => [one, windows[one]] as const)} onChange={(event) => set({ window: event.target.value as Budget['window'] })} />
          <Choice label={cap.appliesTo} value={draft.entity} disabled={budget !== null} options={[['', cap.everything], ...entities.map((one) => [one.id, one.name] as const)]} onChange={(event) => set({ entity: event.target.value })} />
          <Choice label={cap.limitIs} value={draft.each ? 'each' : 'all'} disabled={budget !== null} options={[['all', cap.all], ['each', cap.each]]} onChange={(event) => set({ each: event.target.value === 'each' })} />
          <Choice label={cap.exhausted} value={draft.enforcement} options={ENFORCEMENTS.map((one) => [one, cap[one]] as const)} onChange={(event) => set({ enforcement: event.target.value as Budget['enforcement'] })} />
          <Choice label={cap.doesNotFit} value={draft.action} options={ACTIONS.map((one) => [one, cap[one]] as const)} onChange={(event) => set({ action: event.target.value as Draft['action'] })} />
        </div>
        {draft.action === 'fallback' && <Field label={cap.otherModel} required value={draft.model} onChange={(event) => set({ model: event.target.value })} />}
        <Marks draft={draft} isOperator={isOperator} set={set} />
      </DialogForm>
    </Dialog>
  )
}

function Marks({ draft, isOperator, set }: { readonly draft: Draft; readonly isOperator: boolean; readonly set: (part: Partial<Draft>) => void }) {
  const { cap } = useWords()
  const toggle = (share: number) => set({ thresholds: draft.thresholds.includes(share) ? draft.thresholds.filter((one) => one !== share) : [...draft.thresholds, share].sort((a, b) => a - b) })
  return (
    <>
      <fieldset>
        <legend className="text-xs font-medium text-muted">{cap.told}</legend>
        <div className="mt-1 flex gap-5">
          {SHARES.map((share) => (
            <label key={share} className="flex items-center gap-2">
              <input type="checkbox" className="size-4 accent-accent" checked={draft.thresholds.includes(share)} onChange={() => toggle(share)} /> {share} %
            </label>
          ))}
        </div>
      </fieldset>
      {isOperator && (
        <label className="flex items-center gap-2">
          <input type="checkbox" className="size-4 accent-accent" checked={draft.observe} onChange={(event) => set({ observe: event.target.checked })} /> {cap.observe}
        </label>
      )}
    </>
  )
}

function draftOf(budget: Budget | null): Draft {
  return {
    name: budget?.name ?? '', limit: budget?.limit ?? '', window: budget?.window ?? 'month', enforcement: budget?.enforcement ?? 'hard', entity: budget?.entity ?? '', each: (budget?.per.length ?? 0) > 0,
    action: budget?.at_exhaustion.action ?? 'deny', model: budget?.at_exhaustion.action === 'fallback' ? budget.at_exhaustion.model : '', thresholds: budget?.thresholds ?? SHARES, observe: budget?.observe ?? false,
  }
}

function bodyOf(draft: Draft, budget: Budget | null) {
  const kept = budget === null ? { per: draft.each ? ['user'] : [] } : { meters: budget.meters, features: budget.features, rolling: budget.rolling, rollover_max: budget.rollover_max, where: budget.where, per: budget.per, fail_mode: budget.fail_mode, overcommit: budget.overcommit, burst: budget.burst }
  const exhausted = budget !== null && budget.at_exhaustion.action === draft.action && draft.action === 'throttle' ? budget.at_exhaustion : actionOf(draft)
  return { ...kept, name: draft.name, limit: draft.limit, window: draft.window, enforcement: draft.enforcement, entity: draft.entity === '' ? null : draft.entity, at_exhaustion: exhausted, thresholds: draft.thresholds, observe: draft.observe }
}

function actionOf({ action, model }: Draft): Budget['at_exhaustion'] {
  return action === 'fallback' ? { action, model } : action === 'clamp' || action === 'overage' ? { action } : { action: 'deny' }
}

/** A word for the id of a cap, out of its name. */
function wordOf(name: string): string {
  return name.normalize('NFKD').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 60)
}
