// Says that a list has newer rows than are shown, where somebody reads further back, and leads to them.

import { useWords } from '../words/words.tsx'
import { Button } from './controls.tsx'

export function Newer({ fresh: { isBehind, toNow } }: { readonly fresh: { readonly isBehind: boolean; readonly toNow: () => void } }) {
  const { common } = useWords()
  if (!isBehind) return null
  return (
    <div role="status" className="sticky top-2 z-10 flex justify-center">
      <Button look="primary" className="shadow-pop" onClick={toNow}>{common.newer}</Button>
    </div>
  )
}
