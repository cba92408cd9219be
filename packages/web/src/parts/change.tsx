// How a figure stands against the time before: a percent with its direction, in words for whoever does not see the arrow.

import { isZero, subtract } from './decimal.ts'
import { percent, roughly } from './format.ts'
import { join } from './surface.tsx'

type ChangeProps = { readonly now: string; readonly before: string; /** What was before, such as "the hour before". */ readonly than: string; /** More of it is bad. */ readonly isBad?: boolean }

export function Change({ now, before, than, isBad = false }: ChangeProps) {
  if (isZero(before)) return <span className="text-faint">{isZero(now) ? `none in ${than} either` : `none in ${than}`}</span>
  const difference = roughly(subtract(now, before)) / Math.abs(roughly(before))
  if (Math.abs(difference) < 0.0005) return <span className="text-faint">as in {than}</span>
  const isMore = difference > 0
  return (
    <span className="text-faint">
      <span className={join('font-medium', isBad && isMore ? 'text-warn' : 'text-muted')}><span aria-hidden="true">{isMore ? '▲' : '▼'}</span> {percent(Math.abs(difference))}<span className="sr-only"> {isMore ? 'more' : 'less'}</span></span> than {than}
    </span>
  )
}
