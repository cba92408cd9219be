// Whether the page hears what happens.

import { useLiveState } from '../api/live.tsx'
import { join } from './surface.tsx'

const STATES = {
  live: { label: 'Live', dot: 'bg-good animate-breathe', title: 'Changes appear by themselves.' },
  connecting: { label: 'Connecting', dot: 'bg-edge', title: 'The live stream is being opened.' },
  offline: { label: 'Offline', dot: 'bg-warn', title: 'The live stream is broken; it resumes where it was, without a gap.' },
} as const

export function LiveBadge() {
  const { label, dot, title } = STATES[useLiveState()]
  return (
    <span role="status" title={title} className="inline-flex items-center gap-1.5 text-xs text-muted">
      <span aria-hidden="true" className={join('size-1.5 rounded-full', dot)} />
      {label}
    </span>
  )
}
