// What a customer may do now: each feature with every source that says something about it, and which of them won.

import { Fragment, useState } from 'react'
import type { Entitlement } from '../../api/operations.ts'
import { words } from '../../parts/format.ts'
import { Badge, Empty, join } from '../../parts/surface.tsx'
import { Time } from '../../parts/values.tsx'

type Source = Entitlement['sources'][number]

export function EntitlementTable({ features }: { readonly features: readonly Entitlement[] }) {
  const [open, setOpen] = useState<string | null>(null)
  if (features.length === 0) return <Empty title="The catalog has no features" command="npm run tollgate -- catalog apply examples/catalogs/demo.yaml" />
  return (
    <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label="Entitlements">
      <table className="w-full text-left">
        <thead>
          <tr className="border-b text-xs text-faint">
            <th scope="col" className="px-3 py-2 pl-5 font-medium">Feature</th>
            <th scope="col" className="px-3 py-2 font-medium">Now</th>
            <th scope="col" className="px-3 py-2 font-medium">Value</th>
            <th scope="col" className="px-3 py-2 font-medium">Decided by</th>
            <th scope="col" className="px-3 py-2 pr-5 font-medium">Drawn from</th>
          </tr>
        </thead>
        <tbody>
          {features.map((one) => (
            <Fragment key={one.feature}>
              <tr className={join('border-b hover:bg-hover', open === one.feature && 'bg-hover')}>
                <td className="px-3 py-2 pl-5"><span title={one.feature} className="font-medium">{one.name}</span></td>
                <td className="px-3 py-2">{one.entitled ? <Badge tone="good">may use</Badge> : <Badge tone="bad" title={one.message ?? ''}>{one.reason === null ? 'may not' : words(one.reason)}</Badge>}</td>
                <td className="px-3 py-2 text-muted">{one.value ?? modelsText(one.models)}</td>
                <td className="px-3 py-2">
                  {one.sources.length === 0 ? (
                    <span className="text-muted">nothing gives it{one.upgrade_plans.length > 0 && `; plan ${one.upgrade_plans.join(', ')} does`}</span>
                  ) : (
                    <button type="button" aria-expanded={open === one.feature} onClick={() => setOpen(open === one.feature ? null : one.feature)} className="text-left underline decoration-edge underline-offset-2">
                      {winnersText(one.sources)}
                    </button>
                  )}
                </td>
                <td className="px-3 py-2 pr-5 text-xs text-muted">{one.budgets.join(', ')}</td>
              </tr>
              {open === one.feature && (
                <tr className="border-b bg-sunken">
                  <td colSpan={5} className="px-5 py-3"><Sources sources={one.sources} /></td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Sources({ sources }: { readonly sources: readonly Source[] }) {
  return (
    <ul className="space-y-1.5 text-xs">
      {sources.map((source) => (
        <li key={`${source.kind} ${source.id}`} className="flex flex-wrap items-center gap-x-3 gap-y-1">
          {source.won ? <Badge tone="good">wins</Badge> : <Badge>outdone</Badge>}
          <span className="font-medium">{words(source.kind)} {source.id}</span>
          {source.quantity !== 1 && <span>{source.quantity} times</span>}
          <span className="text-muted">{source.value ?? modelsText(source.models)}</span>
          {source.until !== null && <span className="text-muted">until <Time at={source.until} /></span>}
          {source.reason !== null && <span className="text-muted">{source.reason}</span>}
        </li>
      ))}
      <li className="text-faint">The most generous wins, unless something replaces all or denies.</li>
    </ul>
  )
}

function winnersText(sources: readonly Source[]): string {
  const winners = sources.filter(({ won }) => won)
  const others = sources.length - winners.length
  return `${winners.length === 0 ? 'nothing' : winners.map(({ kind, id }) => `${words(kind).toLowerCase()} ${id}`).join(', ')}${others === 0 ? '' : ` over ${others} ${others === 1 ? 'other' : 'others'}`}`
}

function modelsText(models: readonly string[]): string {
  return models.length === 0 || models[0] === '*' ? '' : `models ${models.join(', ')}`
}
