// Every version of the catalog that was ever in force, and what each changed, line by line.

import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { CatalogVersion } from '../../api/operations.ts'
import { askPages } from '../../api/queries.ts'
import { Badge, Card, Empty, Loaded, PageHead, join } from '../../parts/surface.tsx'
import { More } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { lineChanges } from './line-changes.ts'

export function VersionsPage() {
  const query = useInfiniteQuery(askPages('listCatalogVersions', { query: { limit: 20 } }))
  const rows = query.data?.pages.flatMap(({ data }) => data)
  const [open, setOpen] = useState<number | null>(null)
  return (
    <>
      <PageHead title="Versions" lead="A version never changes; the highest is in force." />
      <Card flush>
        <Loaded query={{ ...query, data: rows }}>
          {(versions) =>
            versions.length === 0 ? (
              <Empty title="No catalog was ever in force" command="npm run tollgate -- catalog apply examples/catalogs/demo.yaml" />
            ) : (
              <ol>
                {versions.map((version, index) => (
                  <li key={version.version} className="border-b last:border-b-0">
                    <button type="button" aria-expanded={open === version.version} onClick={() => setOpen(open === version.version ? null : version.version)} className="flex w-full flex-wrap items-center gap-x-4 gap-y-1 px-5 py-3 text-left hover:bg-hover">
                      <span className="font-medium">Version {version.version}</span>
                      {index === 0 && <Badge tone="good">in force</Badge>}
                      <span className="text-muted"><Time at={version.applied_at} /></span>
                      <code className="font-mono text-xs text-faint">{version.applied_by}</code>
                    </button>
                    {open === version.version && <Difference version={version} before={versions[index + 1] ?? null} />}
                  </li>
                ))}
              </ol>
            )
          }
        </Loaded>
        <More query={query} />
      </Card>
    </>
  )
}

const LOOKS = { same: 'text-muted', added: 'bg-good-soft text-good', removed: 'bg-bad-soft text-bad', gap: 'text-faint' } as const
const SIGNS = { same: ' ', added: '+', removed: '−', gap: ' ' } as const

function Difference({ version, before }: { readonly version: CatalogVersion; readonly before: CatalogVersion | null }) {
  const lines = lineChanges(before?.source ?? '', version.source)
  return (
    <div tabIndex={0} role="region" aria-label={`What version ${version.version} changed`} className="max-h-[32rem] overflow-auto border-t bg-sunken py-2 font-mono text-xs leading-5">
      {lines.map(({ kind, text }, index) => (
        <div key={index} className={join('min-w-max px-5 whitespace-pre', LOOKS[kind])}>
          {SIGNS[kind]} {text}
        </div>
      ))}
    </div>
  )
}
