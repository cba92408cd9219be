// Inside a frame the portal tells the page around it how high it is and where it went: only to an origin that the session allows.

import { useEffect } from 'react'
import type { PortalSession } from '../api/operations.ts'

export type FrameMessage = { readonly type: 'tollgate:resize'; readonly height: number } | { readonly type: 'tollgate:navigate'; readonly page: string }

export function useFrame(session: PortalSession | null): void {
  useEffect(() => {
    const origin = session === null ? null : allowedParent(session.allowed_origins)
    if (origin === null) return
    const observer = new ResizeObserver(() => tell(origin, { type: 'tollgate:resize', height: document.documentElement.scrollHeight }))
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [session])
}

export function tellPage(session: PortalSession, page: string): void {
  const origin = allowedParent(session.allowed_origins)
  if (origin !== null) tell(origin, { type: 'tollgate:navigate', page })
}

function tell(origin: string, message: FrameMessage): void {
  parent.postMessage(message, origin)
}

/** The origin of the page around this one, if the session allows it; the browser tells it by the referrer or its list of ancestors. */
function allowedParent(allowed: readonly string[]): string | null {
  if (parent === window) return null
  const origin = location.ancestorOrigins?.[0] ?? (document.referrer === '' ? null : new URL(document.referrer).origin)
  return origin !== null && allowed.includes(origin) ? origin : null
}
