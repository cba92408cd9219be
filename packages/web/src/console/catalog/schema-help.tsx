// Help at the caret: what the field is for, which values it takes, and what may be written here, to be put in by a press.

import { useQuery } from '@tanstack/react-query'
import { useDeferredValue } from 'react'
import { ask } from '../../api/queries.ts'
import { Badge, Card } from '../../parts/surface.tsx'
import { kindOf, pathAt, propertiesOf, schemasAt, type Schema } from './schema-at.ts'

type SchemaHelpProps = { readonly text: string; readonly caret: number; readonly onInsert: (text: string) => void }

export function SchemaHelp({ text, caret, onInsert }: SchemaHelpProps) {
  const schema = useQuery({ ...ask('getCatalogSchema', {}), staleTime: Infinity })
  const place = useDeferredValue(`${caret} ${text}`)
  if (schema.data === undefined) return null
  const split = place.indexOf(' ')
  const path = pathAt(place.slice(split + 1), Number(place.slice(0, split)))
  const schemas = schemasAt(schema.data as Schema, path)
  const properties = propertiesOf(schemas)
  const shown = path.map((step) => (typeof step === 'number' ? `${step + 1}.` : step))
  const [about] = schemas
  return (
    <Card title="At the caret" note={<code className="font-mono">{shown.length === 0 ? 'the whole file' : shown.join(' › ')}</code>}>
      {schemas.length === 0 ? (
        <p className="text-muted">Nothing of this name belongs here.</p>
      ) : (
        <>
          <p className="text-muted">{about?.description ?? ''}</p>
          {properties.length === 0 && <p className="mt-2 flex flex-wrap gap-1">{kindOf(schemas).split(', ').filter(Boolean).map((word) => <Badge key={word}>{word}</Badge>)}</p>}
          {properties.length === 0 && about?.examples !== undefined && <p className="mt-2 text-xs text-faint">Such as <code className="font-mono">{about.examples.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join(', ')}</code></p>}
          {properties.length > 0 && (
            <ul className="mt-3 max-h-72 space-y-1.5 overflow-auto" tabIndex={0} aria-label="What may be written here">
              {properties.map(({ name, isRequired, schema: one }) => (
                <li key={name} className="text-xs">
                  <button type="button" onClick={() => onInsert(`${name}: `)} title="Put it in at the caret" className="font-mono font-medium text-accent hover:underline">{name}</button>
                  {isRequired && <span className="ml-1.5 text-bad">required</span>}
                  <span className="ml-1.5 text-muted">{one.description}</span>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Card>
  )
}
