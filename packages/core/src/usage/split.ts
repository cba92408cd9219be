// Wholes into disjoint parts: input by modality and by what a cache held, output by modality and reasoning. What the
// provider does not attribute is text; cached input of unknown modality is text first. The parts always sum to the whole.

import type { Buckets } from './bucket.ts'
import type { UsageProblem } from './usage.ts'

export type InputFigures = {
  /** All input, cached and written to a cache included. */
  readonly whole: number
  readonly audio: number
  readonly image: number
  readonly video: number
  /** Read from a cache; the modalities, where told, are parts of `cached`. */
  readonly cached: number
  readonly cachedAudio: number
  readonly cachedImage: number
  readonly cachedVideo: number
  readonly cacheWrite: number
}

/** Splits input; `field` names the whole in problems. */
export function splitInput(figures: InputFigures, field: string): { readonly buckets: Buckets; readonly problems: readonly UsageProblem[] } {
  const take = taker(figures.whole, field)
  const audio = take(figures.audio, 'audio tokens')
  const image = take(figures.image, 'image tokens')
  const video = take(figures.video, 'video tokens')
  const text = take.left()
  const cached = within(figures.cached, figures.whole, 'cached tokens', field)
  const cachedAudio = Math.min(figures.cachedAudio, audio)
  const cachedImage = Math.min(figures.cachedImage, image)
  const cachedVideo = Math.min(figures.cachedVideo, video)
  let unknown = Math.max(0, cached.count - cachedAudio - cachedImage - cachedVideo)
  const spread = (room: number): number => {
    const taken = Math.min(unknown, room)
    unknown -= taken
    return taken
  }
  const cachedText = spread(text)
  const imageRead = cachedImage + spread(image - cachedImage)
  const videoRead = cachedVideo + spread(video - cachedVideo)
  const audioRead = cachedAudio + spread(audio - cachedAudio)
  const written = within(figures.cacheWrite, text - cachedText, 'tokens written to a cache', field)
  return {
    buckets: {
      input: text - cachedText - written.count, cached_input: cachedText, cache_write: written.count,
      audio_input: audio - audioRead, cached_audio_input: audioRead, image_input: image - imageRead, cached_image_input: imageRead, video_input: video - videoRead, cached_video_input: videoRead,
    },
    problems: [...take.problems(), ...cached.problems, ...written.problems],
  }
}

/** Splits output of which reasoning is a part. */
export function splitOutput(figures: { readonly whole: number; readonly reasoning: number; readonly audio: number; readonly image: number }, field: string): { readonly buckets: Buckets; readonly problems: readonly UsageProblem[] } {
  const take = taker(figures.whole, field)
  const audio = take(figures.audio, 'audio tokens')
  const image = take(figures.image, 'image tokens')
  const reasoning = take(figures.reasoning, 'reasoning tokens')
  return { buckets: { output: take.left(), reasoning, audio_output: audio, image_output: image }, problems: take.problems() }
}

/**
 * The whole output and its reasoning, when `completion` may or may not include the reasoning: the provider's total decides,
 * and where there is none, what is known of the provider. `isExplained` is false when the total fits neither reading.
 */
export function wholeOutput(told: {
  readonly prompt: number
  readonly completion: number
  readonly total: number | null
  readonly reasoning: number | null
  /** The provider leaves reasoning out of the completion: decides where no total does. */
  readonly excludesReasoning: boolean
  /** The provider tells its reasoning by the total alone. */
  readonly hidesReasoning: boolean
}): { readonly whole: number; readonly reasoning: number; readonly isExplained: boolean } {
  const { prompt, completion, total } = told
  const reasoning = told.reasoning ?? 0
  const isBeside = told.excludesReasoning || reasoning > completion
  if (total === null) return { whole: isBeside ? completion + reasoning : completion, reasoning, isExplained: true }
  const rest = total - prompt - completion
  if (rest <= 0) return { whole: completion, reasoning, isExplained: rest === 0 }
  // What the total has beyond input and answer was thought, whether or not the answer says how much.
  if (told.reasoning === null) return { whole: completion + rest, reasoning: rest, isExplained: told.hidesReasoning }
  return { whole: completion + rest, reasoning, isExplained: rest === reasoning }
}

type Taker = { (wanted: number, what: string): number; readonly left: () => number; readonly problems: () => readonly UsageProblem[] }

function taker(whole: number, field: string): Taker {
  let left = whole
  let problems: readonly UsageProblem[] = []
  const take = (wanted: number, what: string): number => {
    const taken = within(wanted, left, what, field)
    left -= taken.count
    problems = [...problems, ...taken.problems]
    return taken.count
  }
  return Object.assign(take, { left: () => left, problems: () => problems })
}

function within(part: number, whole: number, what: string, field: string): { readonly count: number; readonly problems: readonly UsageProblem[] } {
  if (part <= whole) return { count: part, problems: [] }
  return { count: whole, problems: [{ code: 'part_exceeds_whole', field, message: `${part} ${what} do not fit into the ${whole} that ${field} leaves for them` }] }
}
