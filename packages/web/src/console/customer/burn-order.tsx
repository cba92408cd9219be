// In which order a customer's credit is used: the order that holds in words, and a form for one of its own in place of the plan's.

import { useState } from 'react'
import type { Balance, Customer } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Choice, Dialog, DialogForm } from '../../parts/controls.tsx'
import { useMay } from '../session.tsx'

type Criterion = Balance['burn_order'][number]

const CRITERIA: Readonly<Record<Criterion, string>> = {
  priority: 'the lower priority number', expiry: 'what expires sooner', promotional: 'promotional before paid', paid: 'paid before promotional', effective: 'what began earlier', created: 'what was added earlier', newest: 'what was added later',
}
const OPTIONS = Object.entries(CRITERIA) as readonly (readonly [Criterion, string])[]

/** Such as “What pays for few features first; then by …”. */
export function burnText(order: readonly Criterion[], isOwn: boolean): string {
  return `What pays for the fewest features is used first; then ${order.map((criterion) => CRITERIA[criterion]).join(', ')}. ${isOwn ? 'An order of its own.' : 'The order of its plan.'}`
}

export function BurnOrderButton({ customer }: { readonly customer: Customer }) {
  const [isOpen, setOpen] = useState(false)
  if (!useMay('finance', 'support')) return null
  return (
    <>
      <Button onClick={() => setOpen(true)}>Order …</Button>
      {isOpen && <BurnOrderDialog customer={customer} onClose={() => setOpen(false)} />}
    </>
  )
}

function BurnOrderDialog({ customer, onClose }: { readonly customer: Customer; readonly onClose: () => void }) {
  const [chosen, setChosen] = useState<readonly Criterion[]>(customer.burn_order ?? [])
  const write = useWrite('changeCustomer', onClose)
  const set = (index: number, value: string) => setChosen(value === '' ? chosen.slice(0, index) : chosen.with(index, value as Criterion))
  const rows = [...chosen, ''].slice(0, OPTIONS.length)
  return (
    <Dialog isOpen onClose={onClose} title={`Which credit of ${customer.name} is used first`} lead="From the next request on. Of two blocks the first line that tells them apart decides; what is left open follows the usual order.">
      <DialogForm submit="Set the order" onSubmit={() => write.mutate({ params: { customer: customer.id }, body: { burn_order: chosen.length === 0 ? null : chosen } })} onCancel={onClose} isBusy={write.isPending} error={write.error}>
        {rows.map((value, index) => (
          <Choice key={index} label={index === 0 ? 'First' : `Then, ${index + 1}`} value={value} options={[['', index === 0 ? 'as its plan says' : 'the usual order'], ...OPTIONS.filter(([criterion]) => criterion === value || !chosen.includes(criterion))]} onChange={(event) => (index < chosen.length ? set(index, event.target.value) : event.target.value !== '' && setChosen([...chosen, event.target.value as Criterion]))} />
        ))}
      </DialogForm>
    </Dialog>
  )
}
