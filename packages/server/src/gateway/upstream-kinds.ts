// What differs between the kinds of upstreams beside their formats: how a key is shown, which headers they insist on, how a path
// is made. Azure's older paths name the deployment and the version of the API; its base URL then carries `?api-version=…`.

import type { UpstreamKind } from '@tollgate/core'

export type KindForm = {
  /** Names and values in turn. */
  readonly authorize: (secret: string) => readonly string[]
  /** Sent where the client sends none of its own. */
  readonly defaults: readonly string[]
  readonly pathOf: (base: URL) => (path: string, model: string) => string
}

export const KIND_FORMS: Readonly<Record<UpstreamKind, KindForm>> = {
  openai: { authorize: (secret) => ['authorization', `Bearer ${secret}`], defaults: [], pathOf: plainPath },
  azure: { authorize: (secret) => ['api-key', secret], defaults: [], pathOf: azurePath },
  anthropic: { authorize: (secret) => ['x-api-key', secret], defaults: ['anthropic-version', '2023-06-01'], pathOf: plainPath },
  gemini: { authorize: (secret) => ['x-goog-api-key', secret], defaults: [], pathOf: plainPath },
}

function plainPath(base: URL): (path: string) => string {
  const prefix = base.pathname.replace(/\/$/, '')
  return (path) => `${prefix}${path}`
}

function azurePath(base: URL): (path: string, model: string) => string {
  const plain = plainPath(base)
  const version = base.searchParams.get('api-version')
  if (version === null) return plain
  return (path, model) => `${plain(`/deployments/${encodeURIComponent(model)}${path}`)}?api-version=${encodeURIComponent(version)}`
}
