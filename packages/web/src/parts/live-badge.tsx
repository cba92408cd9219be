// Whether the page hears what happens.

import { useLiveState } from '../api/live.tsx'
import { join } from './surface.tsx'
import { useWords } from '../words/words.tsx'

const DOTS = { live: 'bg-good animate-breathe', connecting: 'bg-edge', offline: 'bg-warn' } as const

export function LiveBadge() {
  const state = useLiveState()
  const { live } = useWords()
  return (
    <span role="status" title={live[`${state}Title`]} className="inline-flex items-center gap-1.5 text-xs text-muted">
      <span aria-hidden="true" className={join('size-1.5 rounded-full', DOTS[state])} />
      {live[state]}
    </span>
  )
}
