// Every version of the catalog that was ever in force, and what each changed, line by line.

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { CatalogVersion } from '../../api/operations.ts'
import { ask, askPages, useWrite } from '../../api/queries.ts'
import { Button } from '../../parts/controls.tsx'
import { Badge, Card, Empty, Failure, Loaded, PageHead, join } from '../../parts/surface.tsx'
import { More } from '../../parts/table.tsx'
import { Time } from '../../parts/values.tsx'
import { useMay } from '../session.tsx'
import { lineChanges } from './line-changes.ts'
import { Publish } from './publish.tsx'

export function VersionsPage() {
  const query = useInfiniteQuery(askPages('listCatalogVersions', { query: { limit: 20 } }))
  const rows = query.data?.pages.flatMap(({ data }) => data)
  const [open, setOpen] = useState<number | null>(null)
  const [restoring, setRestoring] = useState<number | null>(null)
  const catalog = useQuery(ask('getCatalog', {}))
  const withdraw = useWrite('withdrawCatalog')
  const isAdmin = useMay()
  const inForce = catalog.data?.version
  const scheduled = catalog.data?.scheduled ?? null
  return (
    <>
      <PageHead title="Versions" lead="A version never changes. An earlier one is published again as a new one." />
      {scheduled !== null && (
        <p className="mb-6 flex flex-wrap items-center justify-between gap-3 rounded-xl border bg-accent-soft px-4 py-3">
          <span>Version {scheduled.version} takes force on <Time at={scheduled.in_force_from} />.</span>
          {isAdmin && <Button disabled={withdraw.isPending} onClick={() => withdraw.mutate({})}>Withdraw it</Button>}
        </p>
      )}
      {withdraw.error !== null && <Failure error={withdraw.error} />}
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
                      {version.version === inForce && <Badge tone="good">in force</Badge>}
                      {version.version === scheduled?.version && <Badge tone="accent">takes force later</Badge>}
                      {version.withdrawn && <Badge>withdrawn</Badge>}
                      {version.restores !== null && <Badge>version {version.restores} again</Badge>}
                      <span className="text-muted"><Time at={version.applied_at} /></span>
                      <code className="font-mono text-xs text-faint">{version.applied_by}</code>
                    </button>
                    {open === version.version && isAdmin && version.version !== inForce && !version.withdrawn && <p className="border-t bg-sunken px-5 py-2 text-right"><Button onClick={() => setRestoring(version.version)}>Publish it again …</Button></p>}
                    {open === version.version && <Difference version={version} before={versions[index + 1] ?? null} />}
                  </li>
                ))}
              </ol>
            )
          }
        </Loaded>
        <More query={query} />
      </Card>
      {restoring !== null && <Publish what={{ kind: 'earlier', version: restoring }} onClose={() => setRestoring(null)} />}
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
