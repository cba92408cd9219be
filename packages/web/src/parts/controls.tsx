// What is pressed and filled in: buttons, fields, choices, and the dialog (the browser's own element, which keeps the focus inside,
// closes with Escape and gives the focus back).

import { useEffect, useId, useRef, useState, type ButtonHTMLAttributes, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from 'react'
import { Failure, join } from './surface.tsx'
import { useWords } from '../words/words.tsx'

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { readonly look?: 'plain' | 'primary' | 'danger' | 'quiet' }
const LOOKS = {
  plain: 'border bg-surface text-ink hover:bg-hover',
  primary: 'border border-transparent bg-accent text-accent-ink hover:bg-accent-hover',
  danger: 'border border-bad/40 bg-surface text-bad hover:bg-bad-soft',
  quiet: 'border border-transparent text-muted hover:bg-hover hover:text-ink',
} as const

export function buttonLook(look: keyof typeof LOOKS = 'plain'): string {
  return join('inline-flex h-8 items-center justify-center gap-1.5 rounded-lg px-3 text-sm font-medium whitespace-nowrap transition-colors disabled:opacity-50', LOOKS[look])
}

export function Button({ look = 'plain', className, type = 'button', ...rest }: ButtonProps) {
  return <button type={type} className={join(buttonLook(look), className)} {...rest} />
}

const BARE = 'h-8 rounded-lg border border-edge bg-surface text-sm hover:border-faint'
const FIELD = 'h-9 w-full rounded-lg border border-edge bg-surface px-3 text-sm hover:border-faint disabled:opacity-60'

export function Field({ label, hint, error, ...input }: { readonly label: string; readonly hint?: ReactNode; readonly error?: string | null } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId()
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs font-medium text-muted">
        {label}
      </label>
      <input id={id} className={FIELD} aria-invalid={error ? true : undefined} aria-describedby={`${id}-hint`} {...input} />
      <p id={`${id}-hint`} className={join('mt-1 min-h-4 text-xs', error ? 'text-bad' : 'text-faint')}>
        {error ?? hint}
      </p>
    </div>
  )
}

type ChoiceProps = { readonly label: string; readonly hint?: ReactNode; readonly options: readonly (readonly [value: string, label: string])[]; readonly isBare?: boolean } & SelectHTMLAttributes<HTMLSelectElement>

/** `isBare`: the label is for screen readers only. */
export function Choice({ label, hint, options, isBare = false, className, ...select }: ChoiceProps) {
  const id = useId()
  return (
    <div className={className}>
      <label htmlFor={id} className={isBare ? 'sr-only' : 'mb-1 block text-xs font-medium text-muted'}>
        {label}
      </label>
      <select id={id} className={isBare ? `${BARE} min-w-32 px-2` : FIELD} {...select}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {hint !== undefined && <p className="mt-1 text-xs text-faint">{hint}</p>}
    </div>
  )
}

export function Search({ label, isShort = false, ...input }: { readonly label: string; readonly isShort?: boolean } & InputHTMLAttributes<HTMLInputElement>) {
  return <input type="search" aria-label={label} placeholder={label} className={`${BARE} px-3 ${isShort ? 'w-36' : 'w-72'}`} {...input} />
}

/** A search that asks when the typing pauses. */
export function Filter({ label, value, onChange }: { readonly label: string; readonly value: string; readonly onChange: (value: string) => void }) {
  const [text, setText] = useState(value)
  useEffect(() => {
    if (text.trim() === value) return
    const timer = setTimeout(() => onChange(text.trim()), 400)
    return () => clearTimeout(timer)
  })
  return <Search isShort label={label} value={text} onChange={(event) => setText(event.target.value)} />
}

type DialogProps = { readonly isOpen: boolean; readonly onClose: () => void; readonly title: string; readonly lead?: ReactNode; /** For tables and texts. */ readonly isWide?: boolean; readonly children: ReactNode }

export function Dialog({ isOpen, onClose, title, lead, isWide = false, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    if (isOpen && dialog.current?.open === false) dialog.current.showModal()
    if (!isOpen) dialog.current?.close()
  }, [isOpen])
  if (!isOpen) return null
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose} className={join('m-auto rounded-2xl border bg-raised p-0 text-ink shadow-pop', isWide ? 'w-[min(56rem,calc(100vw-2rem))]' : 'w-[min(32rem,calc(100vw-2rem))]')}>
      <div className="p-6">
        <h2 id={id} className="text-base font-semibold">
          {title}
        </h2>
        {lead !== undefined && <p className="mt-1 text-muted">{lead}</p>}
        <div className="mt-5">{children}</div>
      </div>
    </dialog>
  )
}

type FormProps = { readonly submit: string; readonly onSubmit: () => void; readonly onCancel: () => void; readonly isBusy: boolean; /** Whether there is something to do. */ readonly isReady?: boolean; readonly error: unknown; readonly look?: 'primary' | 'danger'; readonly children: ReactNode }

/** The inside of a dialog that does something: fields, what went wrong, and the two buttons. */
export function DialogForm({ submit, onSubmit, onCancel, isBusy, isReady = true, error, look = 'primary', children }: FormProps) {
  const { common } = useWords()
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault()
        onSubmit()
      }}
    >
      {children}
      {error !== null && error !== undefined && <Failure error={error} />}
      <div className="flex justify-end gap-2 pt-2">
        <Button onClick={onCancel}>{common.cancel}</Button>
        <Button type="submit" look={look} disabled={isBusy || !isReady}>
          {isBusy ? common.working : submit}
        </Button>
      </div>
    </form>
  )
}

/** A share of a whole, with words for whoever does not see it. */
export function Gauge({ share, label, tone = 'accent' }: { readonly share: number; readonly label: string; readonly tone?: 'accent' | 'good' | 'warn' | 'bad' }) {
  const filled = Math.max(0, Math.min(1, share))
  return (
    <div role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(filled * 100)} className="h-1.5 overflow-hidden rounded-full bg-sunken">
      <div className={join('h-full rounded-full transition-[width] duration-300', { accent: 'bg-accent', good: 'bg-good', warn: 'bg-warn', bad: 'bg-bad' }[tone])} style={{ width: `${filled * 100}%` }} />
    </div>
  )
}

/** From where a limit is worth a look. */
export function toneOf(share: number): 'accent' | 'warn' | 'bad' {
  return share >= 1 ? 'bad' : share >= 0.8 ? 'warn' : 'accent'
}
