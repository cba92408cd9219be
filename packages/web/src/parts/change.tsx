// How a figure stands against the time before: a percent with its direction, in words for whoever does not see the arrow.

import { isZero, subtract } from './decimal.ts'
import { percent, roughly } from './format.ts'
import { join } from './surface.tsx'
import { useWords } from '../words/words.tsx'

type ChangeProps = { readonly now: string; readonly before: string; /** What was before, such as "the hour before". */ readonly than: string; /** More of it is bad. */ readonly isBad?: boolean }

export function Change({ now, before, than, isBad = false }: ChangeProps) {
  const { compare: said } = useWords()
  if (isZero(before)) return <span className="text-faint">{isZero(now) ? said.noneEither(than) : said.none(than)}</span>
  const difference = roughly(subtract(now, before)) / Math.abs(roughly(before))
  if (Math.abs(difference) < 0.0005) return <span className="text-faint">{said.as(than)}</span>
  const isMore = difference > 0
  return (
    <span className="text-faint">
      <span className={join('font-medium', isBad && isMore ? 'text-warn' : 'text-muted')}><span aria-hidden="true">{isMore ? '▲' : '▼'}</span> {percent(Math.abs(difference))}<span className="sr-only"> {isMore ? said.more : said.less}</span></span> {said.than(than)}
    </span>
  )
}
