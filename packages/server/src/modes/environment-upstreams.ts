// Upstreams that come from the environment: a provider key in OPENAI_API_KEY is enough to reach the real provider. They
// live in memory and are never stored; an upstream of the same name in the database takes precedence.

import type { UpstreamConfig } from '@tollgate/core'
import type { Config } from '../platform/config.ts'

const OPENAI_URL = 'https://api.openai.com/v1'

export function environmentUpstreams(config: Pick<Config, 'openaiApiKey' | 'openaiBaseUrl'>): readonly UpstreamConfig[] {
  if (config.openaiApiKey === null && config.openaiBaseUrl === null) return []
  return [{
    id: 'ups_environment', name: 'openai', kind: 'openai', baseUrl: config.openaiBaseUrl ?? OPENAI_URL, secret: config.openaiApiKey, provider: 'openai', models: ['*'],
    // Whoever sets the variable runs the machine: a model server on its own network is theirs to name.
    allowPrivate: true,
  }]
}
