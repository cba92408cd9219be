// Writes a contract: as text, begun from what is in force or from a pattern. It is checked as it is typed, and what it would mean is shown
// in words before the button.

import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { call } from '../../api/client.ts'
import type { Customer } from '../../api/operations.ts'
import { useWrite } from '../../api/queries.ts'
import { Button, Dialog, DialogForm } from '../../parts/controls.tsx'
import { Badge, Failure } from '../../parts/surface.tsx'
import { SourceEditor } from '../catalog/source-editor.tsx'
import { contractText, type ContractDocument } from './contract-document.ts'
import { ContractTerms } from './contract-terms.tsx'

const CHECK_AFTER_MS = 400

/** The first day of the next month, and of the one that is so many months after it. */
function monthAfter(months: number): string {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1 + months, 1)).toISOString().slice(0, 10)
}

const PATTERNS: readonly (readonly [label: string, text: (name: string) => string])[] = [
  ['Discount', (name) => `name: ${JSON.stringify(name)}\nfrom: ${monthAfter(0)}\ndiscounts:\n  - { id: partner, percent: 15 }\n`],
  ['Commitment', (name) => `name: ${JSON.stringify(name)}\nfrom: ${monthAfter(0)}\nto: ${monthAfter(12)}\ncommitment: { minimum: 12000, window: contract_year, counts: all }\n`],
  ['Ramp', (name) => `name: ${JSON.stringify(name)}\nfrom: ${monthAfter(0)}\nphases:\n  - { from: ${monthAfter(0)}, commitment: { minimum: 500 } }\n  - { from: ${monthAfter(3)}, commitment: { minimum: 2000 }, discounts: [{ id: volume, percent: 10 }] }\n`],
]

type EditorProps = { readonly customer: Customer; readonly version: number; readonly document: ContractDocument | null; readonly onClose: () => void }

export function ContractEditor({ customer, version, document, onClose }: EditorProps) {
  const params = { customer: customer.id }
  const [text, setText] = useState(() => (document === null ? PATTERNS[0]![1](customer.name) : contractText(document)))
  const editor = useRef<HTMLTextAreaElement>(null)
  const check = useMutation({ mutationFn: (source: string) => call('checkContract', { params, body: { source } }) })
  const { mutate } = check
  useEffect(() => {
    const timer = setTimeout(() => mutate(text), CHECK_AFTER_MS)
    return () => clearTimeout(timer)
  }, [text, mutate])
  const write = useWrite('putContract', onClose)
  const isChecked = check.data !== undefined && check.error === null && check.variables === text
  const problems = isChecked ? check.data.problems : []
  return (
    <Dialog isOpen isWide onClose={onClose} title={document === null ? `A contract for ${customer.name}` : `Change the contract of ${customer.name}`} lead="Every gateway decides by it when this answers. Begin from a pattern, or from what is there.">
      <DialogForm submit="Put it in force" onSubmit={() => write.mutate({ params, body: { source: text, base_version: version } })} onCancel={onClose} isBusy={write.isPending} isReady={isChecked && problems.length === 0} error={write.error}>
        <p className="flex flex-wrap gap-2">{PATTERNS.map(([label, of]) => <Button key={label} className="h-7 px-2 text-xs" onClick={() => setText(of(customer.name))}>{label}</Button>)}</p>
        <div className="overflow-hidden rounded-lg border"><SourceEditor label="Contract, as YAML" isShort value={text} onChange={setText} issues={[]} textarea={editor} /></div>
        <div aria-live="polite">
          {check.error !== null ? <Failure error={check.error} /> : problems.length > 0 ? (
            <ul className="space-y-1">{problems.map(({ path, code, message }) => <li key={`${path} ${code}`}><Badge tone="bad">{path === '' ? 'contract' : path}</Badge> {message}</li>)}</ul>
          ) : check.data === undefined ? (
            <p className="text-muted">Reading it …</p>
          ) : (
            <ContractTerms document={check.data.document as ContractDocument} currency={customer.currency ?? 'USD'} />
          )}
        </div>
      </DialogForm>
    </Dialog>
  )
}
