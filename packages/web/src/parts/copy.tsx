// Copies a text and says so.

import { useEffect, useState } from 'react'
import { useWords } from '../words/words.tsx'

export function Copy({ text, label }: { readonly text: string; readonly label?: string }) {
  const { common } = useWords()
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 1_500)
    return () => clearTimeout(timer)
  }, [isCopied])
  return (
    <button
      type="button"
      aria-label={isCopied ? common.copied : (label ?? common.copy)}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      className="shrink-0 rounded-md border bg-surface px-2 py-0.5 text-xs font-medium text-muted hover:bg-hover hover:text-ink"
    >
      {isCopied ? common.copied : common.copy}
    </button>
  )
}

/** An id: short to the eye, whole in the clipboard. */
export function Id({ id }: { readonly id: string }) {
  const { common } = useWords()
  return (
    <span className="inline-flex max-w-full items-center gap-1.5">
      <code className="truncate font-mono text-xs text-muted" title={id}>
        {id}
      </code>
      <Copy text={id} label={common.copyId(id)} />
    </span>
  )
}
