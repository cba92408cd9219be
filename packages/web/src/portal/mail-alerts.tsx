// Who of the customer's people is told by mail, at which share of which limit: an administrator adds an address, which confirms first.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { LANGUAGES } from '@tollgate/core'
import { randomKey } from '../api/client.ts'
import type { AlertRecipient, Budget } from '../api/operations.ts'
import { ask, useWrite } from '../api/queries.ts'
import { Button, Choice, Dialog, DialogForm, Field } from '../parts/controls.tsx'
import { percent } from '../parts/format.ts'
import { Badge, Card, Empty, Failure, Loaded, type Tone } from '../parts/surface.tsx'
import { Table } from '../parts/table.tsx'
import { useWords } from '../words/words.tsx'

const TONES: Readonly<Record<AlertRecipient['state'], Tone>> = { waiting: 'warn', confirmed: 'good', left: 'neutral', refused: 'bad' }
const SHARES = [50, 80, 100] as const
/** What each language calls itself. */
const LANGUAGE_NAMES = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español' } as const

type MailAlertsProps = { readonly customer: string; readonly budgets: readonly Budget[] }

export function MailAlerts({ customer, budgets }: MailAlertsProps) {
  const w = useWords()
  const { mail: said } = w
  const query = useQuery(ask('listAlertRecipients', { params: { customer } }))
  const remove = useWrite('deleteAlertRecipient')
  const again = useWrite('askAlertRecipient')
  const [editing, setEditing] = useState<AlertRecipient | 'new' | null>(null)
  const [asked, setAsked] = useState<string | null>(null)
  const error = remove.error ?? again.error
  const nameOf = (id: string) => budgets.find((budget) => budget.id === id)?.name ?? id
  return (
    <Card className="mt-6" title={said.title} note={said.note} actions={query.data?.sends_mail === true && <Button onClick={() => setEditing('new')}>{said.add}</Button>} flush>
      {error !== null && <div className="px-5 pb-3"><Failure error={error} /></div>}
      {asked !== null && <p role="status" className="px-5 pb-3 text-good">{said.asked(asked)}</p>}
      <Loaded query={query} rows={2}>
        {({ data, sends_mail: sendsMail }) =>
          data.length === 0 ? (
            <Empty title={said.none}>{sendsMail ? said.noneDetail : said.notSet}</Empty>
          ) : (
            <Table
              label={said.label}
              rows={data}
              rowKey={({ id }) => id}
              columns={[
                { head: said.email, cell: ({ email }) => <span className="font-medium break-all">{email}</span> },
                { head: said.shares, cell: ({ shares }) => (shares.length === 0 ? w.common.none : shares.map((share) => percent(share / 100)).join(', ')) },
                { head: said.budgets, cell: ({ budgets: wanted }) => (wanted === null ? said.allBudgets : wanted.map(nameOf).join(', ')) },
                { head: said.credits, cell: ({ credits }) => (credits ? w.common.yes : w.common.none) },
                { head: said.state, cell: ({ state, reason }) => <Badge tone={TONES[state]} title={reason ?? ''}>{said[state]}</Badge> },
                {
                  head: <span className="sr-only">{w.common.actions}</span>, isNumber: true,
                  cell: (row) => (
                    <span className="flex justify-end gap-2">
                      {row.state !== 'confirmed' && <Button className="h-7 px-2 text-xs" disabled={again.isPending} onClick={() => again.mutate({ params: { customer, recipient: row.id } })}>{said.askAgain}</Button>}
                      <Button className="h-7 px-2 text-xs" onClick={() => setEditing(row)}>{w.common.change}</Button>
                      <Button className="h-7 px-2 text-xs" look="danger" disabled={remove.isPending} onClick={() => remove.mutate({ params: { customer, recipient: row.id } })}>{said.remove}</Button>
                    </span>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {editing !== null && <Edit customer={customer} recipient={editing === 'new' ? null : editing} budgets={budgets} onClose={() => setEditing(null)} onAsked={setAsked} />}
    </Card>
  )
}

type EditProps = { readonly customer: string; readonly recipient: AlertRecipient | null; readonly budgets: readonly Budget[]; readonly onClose: () => void; readonly onAsked: (email: string) => void }

function Edit({ customer, recipient, budgets, onClose, onAsked }: EditProps) {
  const { common, mail: said } = useWords()
  const [key] = useState(randomKey)
  const [email, setEmail] = useState(recipient?.email ?? '')
  const [shares, setShares] = useState<readonly number[]>(recipient?.shares ?? SHARES)
  const [wanted, setWanted] = useState<readonly string[] | null>(recipient?.budgets ?? null)
  const [credits, setCredits] = useState(recipient?.credits ?? true)
  const [locale, setLocale] = useState(recipient?.locale ?? '')
  const add = useWrite('createAlertRecipient', (made) => {
    if (made.state === 'waiting') onAsked(made.email)
    onClose()
  })
  const change = useWrite('changeAlertRecipient', onClose)
  const body = { shares: [...shares], budgets: wanted === null ? null : [...wanted], credits, locale: locale === '' ? null : locale }
  const submit = () => (recipient === null ? add.mutate({ params: { customer }, body: { email: email.trim(), ...body }, idempotencyKey: `${key}-${email.trim()}` }) : change.mutate({ params: { customer, recipient: recipient.id }, body }))
  const limits = budgets.filter(({ kind }) => kind !== 'wallet')
  return (
    <Dialog isOpen onClose={onClose} title={recipient === null ? said.dialogAdd : said.dialogChange(recipient.email)} {...(recipient === null ? { lead: said.lead } : {})}>
      <DialogForm submit={recipient === null ? said.submitAdd : common.set} onSubmit={submit} onCancel={onClose} isBusy={add.isPending || change.isPending} error={add.error ?? change.error}>
        {recipient === null && <Field label={said.email} type="email" required maxLength={254} autoComplete="off" hint={said.emailHint} value={email} onChange={(event) => setEmail(event.target.value)} />}
        <fieldset>
          <legend className="text-xs font-medium text-muted">{said.when}</legend>
          <div className="mt-1 flex flex-wrap gap-5">
            {[...new Set([...SHARES, ...shares])].sort((a, b) => a - b).map((share) => <Check key={share} isChecked={shares.includes(share)} onChange={(isChecked) => setShares(toggled(shares, share, isChecked))}>{percent(share / 100)}</Check>)}
          </div>
        </fieldset>
        <fieldset>
          <legend className="text-xs font-medium text-muted">{said.ofWhat}</legend>
          <div className="mt-1 max-h-40 space-y-1 overflow-auto">
            <Check isChecked={wanted === null} onChange={(isChecked) => setWanted(isChecked ? null : limits.map(({ id }) => id))}>{said.allBudgets}</Check>
            {wanted !== null && limits.map(({ id, name }) => <Check key={id} isChecked={wanted.includes(id)} onChange={(isChecked) => setWanted(toggled(wanted, id, isChecked))}>{name}</Check>)}
          </div>
        </fieldset>
        <Check isChecked={credits} onChange={setCredits}>{said.creditsToo}</Check>
        <Choice label={said.language} value={locale} options={[['', said.ofCustomer], ...LANGUAGES.map((one) => [one, LANGUAGE_NAMES[one]] as const)]} onChange={(event) => setLocale(event.target.value)} />
      </DialogForm>
    </Dialog>
  )
}

function Check({ isChecked, onChange, children }: { readonly isChecked: boolean; readonly onChange: (isChecked: boolean) => void; readonly children: React.ReactNode }) {
  return (
    <label className="flex items-center gap-2">
      <input type="checkbox" className="size-4 accent-accent" checked={isChecked} onChange={(event) => onChange(event.target.checked)} /> {children}
    </label>
  )
}

function toggled<Value>(values: readonly Value[], value: Value, isIn: boolean): readonly Value[] {
  return isIn ? [...values, value] : values.filter((one) => one !== value)
}
