// The disjoint buckets that a provider's usage is sorted into: a token is in exactly one of them, so that a bill is the sum
// of the buckets times their prices. Reasoning is never part of `output`, cached input never part of `input`; where a bucket
// has no price of its own its kin's price holds (rating/bucket-price.ts). Tokens are priced per million, all else per unit.

export const TOKEN_BUCKETS = [
  'input', 'cached_input', 'cache_write', 'cache_write_5m', 'cache_write_1h', 'output', 'reasoning',
  'audio_input', 'cached_audio_input', 'audio_output', 'image_input', 'cached_image_input', 'image_output', 'video_input', 'cached_video_input', 'citation',
] as const

export type TokenBucket = (typeof TOKEN_BUCKETS)[number]

/** What is counted one by one. A provider may add a tool: its bucket is then named after its own field. */
export const UNIT_BUCKETS = [
  'requests', 'web_search_requests', 'web_fetch_requests', 'grounded_prompts', 'search_sources', 'search_units', 'classifications', 'file_search_requests',
  'code_interpreter_containers', 'image_generation_requests', 'images', 'audio_seconds', 'characters',
] as const

/** Counts above zero by bucket. */
export type Buckets = Readonly<Record<string, number>>

/** The tokens that a model read: what a price by length of context goes by. */
export const INPUT_BUCKETS: readonly TokenBucket[] = [
  'input', 'cached_input', 'cache_write', 'cache_write_5m', 'cache_write_1h', 'audio_input', 'cached_audio_input', 'image_input', 'cached_image_input', 'video_input', 'cached_video_input',
]
const CACHED_BUCKETS: readonly TokenBucket[] = ['cached_input', 'cached_audio_input', 'cached_image_input', 'cached_video_input']
export const OUTPUT_BUCKETS: readonly TokenBucket[] = ['output', 'reasoning', 'audio_output', 'image_output']

const TOKENS: ReadonlySet<string> = new Set(TOKEN_BUCKETS)

export function isTokenBucket(bucket: string): bucket is TokenBucket {
  return TOKENS.has(bucket)
}

export function inputTokens(buckets: Buckets): number {
  return sumOf(buckets, INPUT_BUCKETS)
}

/** The part of {@link inputTokens} that a provider's cache held. */
export function cachedInputTokens(buckets: Buckets): number {
  return sumOf(buckets, CACHED_BUCKETS)
}

/** All that was written, reasoning included. */
export function outputTokens(buckets: Buckets): number {
  return sumOf(buckets, OUTPUT_BUCKETS)
}

/** The same tokens as if no provider's cache had held or kept any: what was read from one or written to one is plain input. */
export function withoutCache(buckets: Buckets): Buckets {
  const plain: Record<string, number> = {}
  for (const [bucket, count] of Object.entries(buckets)) {
    const base = bucket.startsWith('cache_write') ? 'input' : bucket.startsWith('cached_') ? bucket.slice('cached_'.length) : bucket
    plain[base] = (plain[base] ?? 0) + count
  }
  return plain
}

/** Buckets without those that are zero. */
export function nonZero(buckets: Buckets): Buckets {
  return Object.fromEntries(Object.entries(buckets).filter(([, count]) => count > 0))
}

function sumOf(buckets: Buckets, names: readonly string[]): number {
  let sum = 0
  for (const name of names) sum += buckets[name] ?? 0
  return sum
}
