// Where each kind of background work is found at its provider, and which upstreams do it.

import type { BackgroundKind, UpstreamKind } from '@tollgate/core'

export const BACKGROUND: Readonly<Record<BackgroundKind, { readonly path: string; readonly kinds: readonly UpstreamKind[] }>> = {
  response: { path: '/responses', kinds: ['openai', 'azure'] },
  message_batch: { path: '/messages/batches', kinds: ['anthropic'] },
  batch: { path: '/batches', kinds: ['openai'] },
  file: { path: '/files', kinds: ['openai'] },
}

/** Below the upstream's base URL. */
export function placeOfWork(kind: BackgroundKind, providerId: string, action = ''): string {
  return `${BACKGROUND[kind].path}/${encodeURIComponent(providerId)}${action}`
}
