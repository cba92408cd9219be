// Upstreams that come from the environment: a provider's key there is enough to reach the real provider. They live in memory and
// are never stored; an upstream of the same name in the database takes precedence.

import { UPSTREAM_PRESETS, type UpstreamConfig } from '@tollgate/core'
import type { Config } from '../platform/config.ts'

/** Setting with the key of each preset that the environment can bring. */
const KEYS = {
  openai: 'openaiApiKey', anthropic: 'anthropicApiKey', gemini: 'geminiApiKey', groq: 'groqApiKey', mistral: 'mistralApiKey', deepseek: 'deepseekApiKey', xai: 'xaiApiKey', together: 'togetherApiKey',
} as const satisfies Readonly<Record<string, keyof Config>>

export type EnvironmentKeys = Pick<Config, (typeof KEYS)[keyof typeof KEYS] | 'openaiBaseUrl'>

export function environmentUpstreams(config: EnvironmentKeys): readonly UpstreamConfig[] {
  return Object.entries(KEYS).flatMap(([name, setting]): readonly UpstreamConfig[] => {
    const preset = UPSTREAM_PRESETS[name]!
    const secret = config[setting]
    const baseUrl = name === 'openai' ? config.openaiBaseUrl : null
    if (secret === null && baseUrl === null) return []
    return [{
      id: name === 'openai' ? 'ups_environment' : `ups_environment_${name}`, name, kind: preset.kind, baseUrl: baseUrl ?? preset.baseUrl!, secret, provider: preset.provider, models: ['*'],
      // Whoever sets the variable runs the machine: a model server on its own network is theirs to name.
      allowPrivate: true,
    }]
  })
}
