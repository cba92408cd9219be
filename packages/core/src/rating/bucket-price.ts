// The price of a usage bucket on a list that may not name it. Reasoning costs as output, because providers bill it so, and what
// a cache held costs as input, because a cache may only make a request cheaper. Writing to a cache costs more than input, so
// nothing stands in for it but its own kind; whatever else is missing has no price, and the caller must say so.

import type { Units } from '../money.ts'

/** Which bucket's price holds where a bucket has none of its own. */
const KIN: Readonly<Record<string, string>> = {
  cached_input: 'input',
  reasoning: 'output',
  cached_audio_input: 'audio_input',
  cached_image_input: 'image_input',
  cached_video_input: 'video_input',
  cache_write: 'cache_write_5m',
  cache_write_5m: 'cache_write',
}

export type BucketPrice = { readonly amount: Units; /** The bucket whose price it is. */ readonly bucket: string }

export function bucketPrice(prices: ReadonlyMap<string, Units>, bucket: string): BucketPrice | null {
  const own = prices.get(bucket)
  if (own !== undefined) return { amount: own, bucket }
  const kin = KIN[bucket]
  const amount = kin === undefined ? undefined : prices.get(kin)
  return kin === undefined || amount === undefined ? null : { amount, bucket: kin }
}
