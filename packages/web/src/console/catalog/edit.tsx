// The catalog as its file: edited here with the errors at their lines, and put in force only after its changes and the customers whom they
// touch were seen.

import { useMutation, useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { call, ProblemError } from '../../api/client.ts'
import type { CatalogChange, CatalogIssue } from '../../api/operations.ts'
import { ask } from '../../api/queries.ts'
import { Button } from '../../parts/controls.tsx'
import { Badge, Card, Failure, Loaded, PageHead, type Tone } from '../../parts/surface.tsx'
import { useMay } from '../session.tsx'
import { Publish, Touched, type Overlay } from './publish.tsx'
import { SchemaHelp } from './schema-help.tsx'
import { SimulationCard } from './simulation.tsx'
import { SourceEditor } from './source-editor.tsx'

const VALIDATE_AFTER_MS = 500

const DRAFT = 'tollgate-catalog-draft'

export function EditPage() {
  const catalog = useQuery({ ...ask('getCatalog', {}), staleTime: Infinity, refetchOnWindowFocus: false })
  return (
    <>
      <PageHead title="Edit the catalog" lead="Plans, prices, limits and rates as one file. Nothing changes until you publish, and you see first what would." />
      <Loaded query={catalog} rows={10}>{({ source, version, overlays }) => <Editor key={version} source={source} version={version} overlays={overlays} />}</Loaded>
    </>
  )
}

/** A draft survives leaving the page, in this tab, as long as the version that it began from is in force. */
function draftOf(version: number): string | null {
  try {
    const draft = JSON.parse(sessionStorage.getItem(DRAFT) ?? 'null') as { readonly version: number; readonly text: string } | null
    return draft?.version === version ? draft.text : null
  } catch {
    return null
  }
}

function keepDraft(version: number, text: string | null): void {
  try {
    if (text === null) sessionStorage.removeItem(DRAFT)
    else sessionStorage.setItem(DRAFT, JSON.stringify({ version, text }))
  } catch {
    // Storage is closed to this page: the draft lives as long as the page.
  }
}

function Editor({ source, version, overlays }: { readonly source: string; readonly version: number; readonly overlays: readonly Overlay[] }) {
  const { simulation } = useSearch({ from: '/catalog/edit' })
  const [text, setText] = useState(() => draftOf(version) ?? source)
  const [caret, setCaret] = useState(0)
  const editor = useRef<HTMLTextAreaElement>(null)
  const [isPublishing, setPublishing] = useState(false)
  const isAdmin = useMay()
  const plan = useMutation({ mutationFn: (wanted: string) => call('planCatalog', { body: { source: wanted, overlays } }) })
  const { mutate } = plan
  const isChanged = text !== source
  useEffect(() => {
    keepDraft(version, isChanged ? text : null)
    if (!isChanged) return
    const timer = setTimeout(() => mutate(text), VALIDATE_AFTER_MS)
    return () => clearTimeout(timer)
  }, [text, isChanged, version, mutate])
  const issues = issuesOf(plan.error) ?? plan.data?.issues ?? []
  const isFine = isChanged && plan.data !== undefined && plan.error === null && plan.variables === text
  const insert = (piece: string) => {
    setText(text.slice(0, caret) + piece + text.slice(caret))
    editor.current?.focus()
    requestAnimationFrame(() => editor.current?.setSelectionRange(caret + piece.length, caret + piece.length))
  }
  return (
    <>
    <div className="grid gap-6 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <Card title={`Catalog, from version ${version}`} note={overlays.length === 0 ? undefined : `${overlays.map(({ name }) => name).join(', ')} ${overlays.length === 1 ? 'is' : 'are'} laid over it, and stay as they are.`} actions={<><Button disabled={!isChanged} onClick={() => setText(source)}>Undo all</Button>{isAdmin && <Button look="primary" disabled={!isFine || plan.data.changes.length === 0} onClick={() => setPublishing(true)}>Publish …</Button>}</>} flush>
        <SourceEditor label="Catalog, as YAML" value={text} onChange={setText} onCaret={setCaret} issues={issues} textarea={editor} />
      </Card>
      <div className="space-y-6">
        {plan.error !== null && issuesOf(plan.error) === null && <Failure error={plan.error} retry={() => mutate(text)} />}
        {issues.length > 0 && <Issues issues={issues} />}
        {!isChanged ? <Card title="What would change"><p className="text-muted">Nothing yet. Edit the file, and every difference with what is in force is listed here.</p></Card> : isFine ? <Changes changes={plan.data.changes} touched={plan.data.customers_touched} /> : issues.length === 0 && <Card title="What would change"><p role="status" className="text-muted">Reading it …</p></Card>}
        <SchemaHelp text={text} caret={caret} onInsert={insert} />
      </div>
      {isPublishing && <Publish what={{ kind: 'draft', source: text, overlays }} onClose={() => setPublishing(false)} />}
    </div>
    <SimulationCard source={text} overlays={overlays} isReady={isFine} shown={simulation ?? null} />
    </>
  )
}

function issuesOf(error: unknown): readonly CatalogIssue[] | null {
  return error instanceof ProblemError && Array.isArray(error.problem['issues']) ? (error.problem['issues'] as readonly CatalogIssue[]) : null
}

function Issues({ issues }: { readonly issues: readonly CatalogIssue[] }) {
  return (
    <Card title={`${issues.length} ${issues.length === 1 ? 'thing' : 'things'} to look at`} flush>
      <ol>
        {issues.map((issue) => (
          <li key={`${issue.line} ${issue.path} ${issue.code}`} className="border-t px-5 py-2.5">
            <p><Badge tone={issue.level === 'error' ? 'bad' : 'warn'}>line {issue.line}</Badge> <code className="font-mono text-xs text-muted">{issue.path}</code></p>
            <p className="mt-0.5">{issue.message}</p>
            {issue.suggestion !== null && <p className="text-xs text-muted">Write: {issue.suggestion}</p>}
          </li>
        ))}
      </ol>
    </Card>
  )
}

const ACTIONS: Readonly<Record<CatalogChange['action'], Tone>> = { added: 'good', removed: 'bad', changed: 'accent' }

function Changes({ changes, touched }: { readonly changes: readonly CatalogChange[]; readonly touched: Readonly<Record<string, number>> }) {
  return (
    <Card title={changes.length === 0 ? 'It is the same as what is in force' : `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`} note={<Touched touched={touched} />} flush>
      <ol>
        {changes.map((change) => (
          <li key={`${change.kind} ${change.plan} ${change.id}`} className="border-t px-5 py-2.5">
            <p><Badge tone={ACTIONS[change.action]}>{change.action}</Badge> {change.kind} <b className="font-medium">{change.id}</b> {change.plan !== null && <span className="text-muted">of plan {change.plan}</span>}</p>
            {change.fields.map(({ field, before, after }) => (
              <p key={field} className="mt-0.5 font-mono text-xs break-words">
                <span className="text-muted">{field}:</span> <del className="text-bad">{shown(before)}</del> → <ins className="text-good no-underline">{shown(after)}</ins>
              </p>
            ))}
          </li>
        ))}
      </ol>
    </Card>
  )
}

function shown(value: unknown): string {
  return value === undefined || value === null ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value)
}
