// A text area with line numbers and marks at the lines that have an issue. Tab leaves it, as everywhere: two spaces are typed.

import { useEffect, useEffectEvent, useMemo, useRef, type RefObject } from 'react'
import type { CatalogIssue } from '../../api/operations.ts'
import { join } from '../../parts/surface.tsx'

const LINE_PX = 20

type SourceEditorProps = { readonly label: string; readonly isShort?: boolean; readonly value: string; readonly onChange: (value: string) => void; /** Where the caret is, as it moves. */ readonly onCaret?: (offset: number) => void; readonly issues: readonly CatalogIssue[]; readonly textarea: RefObject<HTMLTextAreaElement | null> }

export function SourceEditor({ label, isShort = false, value, onChange, onCaret, issues, textarea }: SourceEditorProps) {
  const gutter = useRef<HTMLDivElement>(null)
  const tellCaret = useEffectEvent(() => {
    if (document.activeElement === textarea.current && textarea.current !== null) onCaret?.(textarea.current.selectionStart)
  })
  useEffect(() => {
    document.addEventListener('selectionchange', tellCaret)
    return () => document.removeEventListener('selectionchange', tellCaret)
  }, [])
  const lines = useMemo(() => value.split('\n').length, [value])
  const marked = new Map(issues.map((issue) => [issue.line, issue]))
  return (
    <div className={join('flex overflow-hidden bg-sunken font-mono text-xs', isShort ? 'h-64' : 'h-[34rem] rounded-b-xl border-t')}>
      <div ref={gutter} aria-hidden="true" className="w-12 shrink-0 overflow-hidden border-r py-2 text-right text-faint select-none">
        {Array.from({ length: lines }, (_, index) => (
          <div key={index} style={{ height: LINE_PX, lineHeight: `${LINE_PX}px` }} className={join('pr-2', marked.has(index + 1) && (marked.get(index + 1)!.level === 'error' ? 'bg-bad-soft font-semibold text-bad' : 'bg-warn-soft font-semibold text-warn'))}>
            {index + 1}
          </div>
        ))}
        <div style={{ height: 40 }} />
      </div>
      <textarea
        ref={textarea}
        aria-label={label}
        aria-invalid={issues.some(({ level }) => level === 'error') || undefined}
        spellCheck={false}
        autoCapitalize="off"
        wrap="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onScroll={(event) => {
          if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop
        }}
        style={{ lineHeight: `${LINE_PX}px` }}
        className="min-w-0 flex-1 resize-none overflow-auto bg-surface px-3 py-2 whitespace-pre outline-none focus-visible:ring-2 focus-visible:ring-accent focus-visible:ring-inset"
      />
    </div>
  )
}
