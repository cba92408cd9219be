// What may be done about an invoice in its state: finalize or discard a draft, mark it paid, take part of it back, void it, write it off.

import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { randomKey } from '../../api/client.ts'
import type { Invoice } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm, Field } from '../../parts/controls.tsx'
import { isZero } from '../../parts/decimal.ts'
import { Money } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'

type Act = 'finalize' | 'discard' | 'pay' | 'credit' | 'void' | 'write-off'
const ACTS: Readonly<Record<Act, { readonly label: string; readonly states: readonly Invoice['state'][] }>> = {
  'finalize': { label: 'Finalize …', states: ['draft'] },
  'pay': { label: 'Mark paid …', states: ['open', 'uncollectible'] },
  'credit': { label: 'Credit note …', states: ['open', 'paid'] },
  'void': { label: 'Void …', states: ['open'] },
  'write-off': { label: 'Write off …', states: ['open'] },
  'discard': { label: 'Discard …', states: ['draft'] },
}

export function InvoiceActions({ invoice }: { readonly invoice: Invoice }) {
  const [act, setAct] = useState<Act | null>(null)
  const may = useMay('finance')
  const fitting = (Object.keys(ACTS) as Act[]).filter((name) => ACTS[name].states.includes(invoice.state))
  if (!may || fitting.length === 0) return null
  const close = () => setAct(null)
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild><Button className="h-7 px-2 text-xs" aria-label={`Actions on invoice ${invoice.document.number ?? invoice.id}`}>Do <span aria-hidden="true">▾</span></Button></DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content align="end" sideOffset={6} className="z-20 min-w-40 rounded-xl border bg-raised p-1.5 text-sm shadow-pop">
            {fitting.map((name) => <DropdownMenu.Item key={name} className="cursor-default rounded-md px-2.5 py-1.5 outline-none data-highlighted:bg-hover" onSelect={() => setAct(name)}>{ACTS[name].label}</DropdownMenu.Item>)}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      {(act === 'finalize' || act === 'discard') && <OfDraft invoice={invoice} act={act} onClose={close} />}
      {act === 'pay' && <Pay invoice={invoice} onClose={close} />}
      {(act === 'void' || act === 'write-off') && <End invoice={invoice} act={act} onClose={close} />}
      {act === 'credit' && <WriteCreditNote invoice={invoice} onClose={close} />}
    </>
  )
}

type Props = { readonly invoice: Invoice; readonly onClose: () => void }
const named = ({ document }: Invoice) => document.number ?? '(draft)'
const paramsOf = ({ customer, id }: Invoice) => ({ customer, invoice: id })

function OfDraft({ invoice, act, onClose }: Props & { readonly act: 'finalize' | 'discard' }) {
  const finalize = useWrite('finalizeInvoice', onClose)
  const discard = useWrite('discardInvoice', onClose)
  const isFinal = act === 'finalize'
  return (
    <Dialog isOpen onClose={onClose} title={isFinal ? 'Give the draft its number?' : 'Discard the draft?'} lead={isFinal ? 'It is open from then on and never changes; the customer is told.' : 'What it asked for waits for the next one.'}>
      <DialogForm submit={isFinal ? 'Finalize' : 'Discard'} look={isFinal ? 'primary' : 'danger'} onSubmit={() => (isFinal ? finalize : discard).mutate({ params: paramsOf(invoice) })} onCancel={onClose} isBusy={finalize.isPending || discard.isPending} error={finalize.error ?? discard.error}>
        {null}
      </DialogForm>
    </Dialog>
  )
}

function Pay({ invoice, onClose }: Props) {
  const [reference, setReference] = useState('')
  const write = useWrite('payInvoice', onClose)
  return (
    <Dialog isOpen onClose={onClose} title={`Mark invoice ${named(invoice)} paid`} lead={<>Money came: <Money amount={invoice.amount_due} currency={invoice.currency} /> of {invoice.document.buyer.name}.</>}>
      <DialogForm submit="Mark paid" onSubmit={() => write.mutate({ params: paramsOf(invoice), body: { reference: reference === '' ? null : reference } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        <Field label="Reference" hint="The payment behind it." maxLength={200} value={reference} onChange={(event) => setReference(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}

function End({ invoice, act, onClose }: Props & { readonly act: 'void' | 'write-off' }) {
  const [reason, setReason] = useState('')
  const annul = useWrite('voidInvoice', onClose)
  const writeOff = useWrite('writeOffInvoice', onClose)
  const isVoid = act === 'void'
  return (
    <Dialog isOpen onClose={onClose} title={`${isVoid ? 'Void' : 'Write off'} invoice ${named(invoice)}?`} lead={isVoid ? 'It was wrong: what it asked for is on the next one.' : 'Nobody will pay it: it becomes bad debt, and can still be marked paid.'}>
      <DialogForm submit={isVoid ? 'Void' : 'Write off'} look="danger" onSubmit={() => (isVoid ? annul : writeOff).mutate({ params: paramsOf(invoice), body: { reason } })} onCancel={onClose} isBusy={annul.isPending || writeOff.isPending} error={annul.error ?? writeOff.error}>
        <Field label="Why" required maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}

/** Takes back all of an invoice, or an amount of single lines. */
function WriteCreditNote({ invoice, onClose }: Props) {
  const [key] = useState(randomKey)
  const [isAll, setAll] = useState(true)
  const [amounts, setAmounts] = useState<Readonly<Record<number, string>>>({})
  const [reason, setReason] = useState('')
  const write = useWrite('createCreditNote', onClose)
  const lines = Object.entries(amounts).filter(([, amount]) => amount.trim() !== '').map(([line, amount]) => ({ line: Number(line), amount: amount.trim() }))
  return (
    <Dialog isOpen onClose={onClose} title={`Credit note on invoice ${named(invoice)}`} lead="What is taken back is written down with its tax, and given back or left unasked for.">
      <DialogForm submit="Write it" onSubmit={() => write.mutate({ params: paramsOf(invoice), body: { reason, lines: isAll ? null : lines }, idempotencyKey: key })} onCancel={onClose} isBusy={write.isPending} isReady={isAll || lines.length > 0} error={write.error}>
        <fieldset className="space-y-1">
          <legend className="sr-only">How much</legend>
          <label className="flex items-center gap-2"><input type="radio" name="part" className="size-4 accent-accent" checked={isAll} onChange={() => setAll(true)} /> All that is left of it</label>
          <label className="flex items-center gap-2"><input type="radio" name="part" className="size-4 accent-accent" checked={!isAll} onChange={() => setAll(false)} /> Amounts of single lines, without tax</label>
        </fieldset>
        {!isAll && (
          <div className="max-h-64 space-y-1 overflow-y-auto">
            {invoice.document.lines.filter(({ amount }) => !isZero(amount)).map(({ line, name, amount }) => (
              <Field key={line} label={`${name}, of ${amount} ${invoice.currency}`} inputMode="decimal" pattern="\d+(\.\d+)?" value={amounts[line] ?? ''} onChange={(event) => setAmounts((now) => ({ ...now, [line]: event.target.value }))} />
            ))}
          </div>
        )}
        <Field label="Why" required hint="Printed on it." maxLength={200} value={reason} onChange={(event) => setReason(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}
