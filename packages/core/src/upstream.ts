// What upstreams speak, and the providers that are known by name: a preset fills in format, address and rate card provider, so
// that whoever adds one gives its key and nothing else.

/** The format that an upstream speaks; `openai` for any compatible base URL, `azure` where only keys and paths differ from it. */
export const UPSTREAM_KINDS = ['openai', 'azure', 'anthropic', 'gemini'] as const
export type UpstreamKind = (typeof UPSTREAM_KINDS)[number]

/** One of several keys of an upstream; requests are shared among them by weight. */
export type UpstreamKey = { readonly name: string; readonly secret: string; readonly weight: number }

/** How requests come to an upstream and how long they wait there. Plain JSON, as it is stored. */
export type UpstreamRouting = {
  /** Among the upstreams that list a model by name: lower is asked first, the others where it cannot. */
  readonly priority: number
  /** Share among those of one priority. */
  readonly weight: number
  /** Further attempts of one request; null for as many as other keys and upstreams are there, two at most. */
  readonly retries: number | null
  readonly timeouts: {
    readonly connectMs: number | null
    /** Until a stream begins. */
    readonly firstByteMs: number | null
    /** Until an answer in one piece begins, which is its whole generation. */
    readonly answerMs: number | null
    /** Silence within an answer. */
    readonly idleMs: number | null
  }
}

/** What holds where nothing is said. */
export const UPSTREAM_ROUTING: UpstreamRouting = { priority: 1, weight: 1, retries: null, timeouts: { connectMs: null, firstByteMs: null, answerMs: null, idleMs: null } }
/** Keys of one upstream, and the largest weight: shares of a thousandth are fine enough. */
export const UPSTREAM_KEYS_MAX = 32
export const UPSTREAM_WEIGHT_MAX = 1_000
/** Further attempts of one request: a client that waits for six has gone. */
export const UPSTREAM_RETRIES_MAX = 5

export type UpstreamPreset = {
  readonly kind: UpstreamKind
  /** Up to and including the version path; null where each account has an address of its own. */
  readonly baseUrl: string | null
  /** Rate card provider whose prices apply. */
  readonly provider: string
  /** It runs on the operator's own network. */
  readonly isPrivate: boolean
}

export const UPSTREAM_PRESETS: Readonly<Record<string, UpstreamPreset>> = {
  openai: hosted('openai', 'https://api.openai.com/v1', 'openai'),
  anthropic: hosted('anthropic', 'https://api.anthropic.com/v1', 'anthropic'),
  gemini: hosted('gemini', 'https://generativelanguage.googleapis.com/v1beta', 'google'),
  groq: hosted('openai', 'https://api.groq.com/openai/v1', 'groq'),
  mistral: hosted('openai', 'https://api.mistral.ai/v1', 'mistral'),
  deepseek: hosted('openai', 'https://api.deepseek.com/v1', 'deepseek'),
  xai: hosted('openai', 'https://api.x.ai/v1', 'xai'),
  together: hosted('openai', 'https://api.together.xyz/v1', 'together'),
  fireworks: hosted('openai', 'https://api.fireworks.ai/inference/v1', 'fireworks'),
  openrouter: hosted('openai', 'https://openrouter.ai/api/v1', 'openrouter'),
  perplexity: hosted('openai', 'https://api.perplexity.ai', 'perplexity'),
  cohere: hosted('openai', 'https://api.cohere.ai/compatibility/v1', 'cohere'),
  azure: { kind: 'azure', baseUrl: null, provider: 'openai', isPrivate: false },
  ollama: local('http://127.0.0.1:11434/v1', 'ollama'),
  vllm: local('http://127.0.0.1:8000/v1', 'vllm'),
}

function hosted(kind: UpstreamKind, baseUrl: string, provider: string): UpstreamPreset {
  return { kind, baseUrl, provider, isPrivate: false }
}

function local(baseUrl: string, provider: string): UpstreamPreset {
  return { kind: 'openai', baseUrl, provider, isPrivate: true }
}
