// What was asked and answered, where the catalog says to keep it. Each reading stands in the audit log: it is asked for by a button, once, and
// never again by itself.

import { useMutation, useQuery } from '@tanstack/react-query'
import { call } from '../api/client.ts'
import type { Prompt } from '../api/operations.ts'
import { ask } from '../api/queries.ts'
import { words } from '../parts/format.ts'
import { Button } from '../parts/controls.tsx'
import { Card, Failure } from '../parts/surface.tsx'
import { Time } from '../parts/values.tsx'
import { useMay } from './session.tsx'

type PromptProps = { readonly customer: string; /** Id of the request. */ readonly request: string }

/** Nothing where none is kept. */
export function PromptCard({ customer, request }: PromptProps) {
  const params = { customer, request }
  const record = useQuery(ask('getRequest', { params }))
  const mayRead = useMay('support')
  const read = useMutation({ mutationFn: () => call('getPrompt', { params }), retry: false })
  const until = record.data?.prompt_kept_until ?? null
  if (until === null) return null
  return (
    <Card title="Prompt and answer" note={<>Kept until <Time at={until} />, sealed and redacted.</>}>
      {!mayRead && <p className="text-muted">The roles support and admin may read it.</p>}
      {mayRead && read.data === undefined && <p className="flex items-center gap-3"><Button disabled={read.isPending} onClick={() => read.mutate()}>{read.isPending ? 'Reading …' : 'Read it'}</Button> <span className="text-muted">The audit log notes that you did.</span></p>}
      {read.error !== null && <div className="mt-3"><Failure error={read.error} /></div>}
      {read.data !== undefined && <Kept prompt={read.data} />}
    </Card>
  )
}

function Kept({ prompt: { prompt, answer, redacted, cut } }: { readonly prompt: Prompt }) {
  const taken = Object.entries(redacted).map(([kind, count]) => `${count} ${words(kind).toLowerCase()}`)
  return (
    <div className="space-y-4">
      <Text title="Asked" value={prompt} />
      <Text title="Answered" value={answer} />
      <p className="text-xs text-muted">{taken.length === 0 ? 'Nothing was taken out.' : `Taken out: ${taken.join(', ')}.`}{cut && ' Something was left out, because it is too long or a file.'}</p>
    </div>
  )
}

function Text({ title, value }: { readonly title: string; readonly value: unknown }) {
  return (
    <section>
      <h3 className="text-xs font-semibold text-muted">{title}</h3>
      {value === null ? <p className="mt-1 text-muted">Not kept.</p> : <pre tabIndex={0} aria-label={title} className="mt-1 max-h-96 overflow-auto rounded-lg bg-sunken p-3 font-mono text-xs break-words whitespace-pre-wrap">{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>}
    </section>
  )
}
