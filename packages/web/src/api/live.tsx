// The live stream for components: one connection a page. `useLive` gets its messages, `useRefresh` asks again for queries when something
// of theirs happened, at most once a second.

import { useQueryClient, type QueryKey } from '@tanstack/react-query'
import { createContext, use, useEffect, useEffectEvent, useState, useSyncExternalStore, type ReactNode } from 'react'
import { openStream, type LiveMessage, type LiveState, type LiveStream } from './stream.ts'

const REFRESH_MS = 1_000
const Live = createContext<LiveStream | null>(null)

export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const [stream, setStream] = useState<LiveStream | null>(null)
  useEffect(() => {
    const opened = openStream()
    setStream(opened)
    return opened.close
  }, [])
  return <Live value={stream}>{children}</Live>
}

export function useLiveState(): LiveState {
  const stream = use(Live)
  return useSyncExternalStore((changed) => stream?.onState(changed) ?? (() => {}), () => stream?.state() ?? 'connecting')
}

export function useLive(handle: (messages: readonly LiveMessage[]) => void): void {
  const stream = use(Live)
  const onMessages = useEffectEvent(handle)
  useEffect(() => stream?.subscribe(onMessages), [stream])
}

/** Pages that are asked again at each message; whoever reads further back reads in peace. */
const FRESH_PAGES = 2

/** As `useRefresh`, for a list that is read page by page. `isBehind`: something happened since, and is not in it. */
export function useFreshPages(key: QueryKey, pages: number, concerns: (message: LiveMessage) => boolean): { readonly isBehind: boolean; readonly toNow: () => void } {
  const client = useQueryClient()
  const [isBehind, setBehind] = useState(false)
  const isDeep = pages > FRESH_PAGES
  useRefresh([key], (message) => !isDeep && concerns(message))
  useLive((messages) => {
    if (isDeep && !isBehind && messages.some(concerns)) setBehind(true)
  })
  const toNow = () => {
    setBehind(false)
    scrollTo({ top: 0 })
    void client.resetQueries({ queryKey: key })
  }
  return { isBehind: isDeep && isBehind, toNow }
}

/** Asks again for what stands under `keys` when a message concerns it. */
export function useRefresh(keys: readonly QueryKey[], concerns: (message: LiveMessage) => boolean = () => true): void {
  const client = useQueryClient()
  const [pending, setPending] = useState(false)
  useLive((messages) => {
    if (messages.some(concerns)) setPending(true)
  })
  const refresh = useEffectEvent(() => {
    setPending(false)
    for (const queryKey of keys) void client.invalidateQueries({ queryKey })
  })
  useEffect(() => {
    if (!pending) return
    const timer = setTimeout(refresh, REFRESH_MS)
    return () => clearTimeout(timer)
  }, [pending])
}
