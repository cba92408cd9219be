// Saves the events of a time as a file, a line each: read page by page, so that any number of them is fine and it can be stopped.

import { useRef, useState } from 'react'
import { call, type Answer } from '../api/client.ts'
import type { UsageEvent } from '../api/operations.ts'
import { Button } from '../parts/controls.tsx'
import { saveFile } from '../parts/save-file.ts'
import { useWords } from '../words/words.tsx'

const PAGE = 1_000

export function Export({ customer }: { readonly customer: string }) {
  const [read, setRead] = useState<number | null>(null)
  const { events: said } = useWords()
  const abort = useRef<AbortController | null>(null)
  const run = async () => {
    abort.current = new AbortController()
    setRead(0)
    try {
      const parts: string[] = [`${HEAD.join(',')}\n`]
      for (let cursor: string | null = '', count = 0; cursor !== null; ) {
        const page: Answer<'listEvents'> = await call('listEvents', { params: { customer }, query: { limit: PAGE, ...(cursor === '' ? {} : { cursor }) }, signal: abort.current.signal })
        parts.push(...page.data.map(lineOf))
        setRead((count += page.data.length))
        cursor = page.next_cursor
      }
      saveFile(new Blob(parts, { type: 'text/csv' }), `usage-${customer}.csv`)
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error
    } finally {
      setRead(null)
    }
  }
  if (read === null) return <Button onClick={() => void run()}>{said.export}</Button>
  return (
    <Button onClick={() => abort.current?.abort()}>
      <span role="status">{said.read(read)}</span> · {said.stop}
    </Button>
  )
}

const HEAD = ['time', 'id', 'source', 'type', 'feature', 'entity', 'model', 'quantities', 'charge', 'currency', 'estimated', 'catalog_version'] as const

function lineOf(event: UsageEvent): string {
  const used = Object.entries(event.quantities).map(([name, value]) => `${name}=${value}`).join(' ')
  return `${[event.time, event.id, event.source, event.type, event.feature ?? '', event.entity ?? '', event.dimensions['model'] ?? '', used, event.amount, event.currency, String(event.estimated), String(event.catalog_version)].map(cell).join(',')}\n`
}

/** Quoted where needed; what a spreadsheet would take for a formula becomes text. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d/.test(text) ? `'${text}` : text
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
