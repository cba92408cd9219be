// Usage of transcription, translation and speech in OpenAI's format: tokens, or seconds of audio. A duration that is only
// told as a fraction is rounded up to whole seconds. Speech as plain bytes tells no usage at all; its stream of events does.

import { addCounts, countTable, faultProblems, fieldsOf, mismatch, missing, noCounts, type Counts } from './count.ts'
import { splitInput, splitOutput } from './split.ts'
import { finishUsage, noUsage, tellCircumstances, UNTOLD, type Circumstances, type ProviderUsage, type UsageFamily, type UsageProblem } from './usage.ts'

const TABLE = countTable({ input: 'input_tokens', output: 'output_tokens', total: 'total_tokens', audioInput: ['input_token_details.audio_tokens', 'input_tokens_details.audio_tokens'], seconds: 'seconds' })

type Told = { readonly of: Circumstances; readonly counts: Counts<keyof typeof TABLE>; readonly seconds: number; readonly isSpeech: boolean }

export const openaiAudio: UsageFamily<Told> = { start: { of: UNTOLD, counts: noCounts(TABLE), seconds: 0, isSpeech: false }, add, finish }

function add(told: Told, event: unknown): Told {
  const body = fieldsOf(event)
  return {
    of: tellCircumstances(told.of, { model: body['model'] }),
    counts: addCounts(TABLE, told.counts, body['usage']),
    seconds: Math.max(told.seconds, wholeSeconds(body['duration'])),
    isSpeech: told.isSpeech || String(body['type']).startsWith('speech.audio.'),
  }
}

function finish({ of, counts, seconds, isSpeech }: Told): ProviderUsage {
  const { figures } = counts
  const problems: UsageProblem[] = faultProblems(counts)
  if (figures.input === null && figures.output === null) {
    const audioSeconds = figures.seconds ?? seconds
    return audioSeconds === 0 ? noUsage(of, 'usage', problems) : finishUsage(of, { buckets: { audio_seconds: audioSeconds }, total: { counted: 0, stated: null }, problems })
  }
  if (figures.input === null) problems.push(missing('input_tokens'))
  if (figures.output === null) problems.push(missing('output_tokens'))
  const whole = figures.output ?? 0
  const input = splitInput({ whole: figures.input ?? 0, audio: figures.audioInput ?? 0, image: 0, video: 0, cached: 0, cachedAudio: 0, cachedImage: 0, cachedVideo: 0, cacheWrite: 0 }, 'input_tokens')
  const output = splitOutput({ whole, reasoning: 0, audio: isSpeech ? whole : 0, image: 0 }, 'output_tokens')
  const counted = (figures.input ?? 0) + whole
  if (figures.total !== null && figures.total !== counted) problems.push(mismatch('total_tokens', counted, figures.total))
  return finishUsage(of, { buckets: { ...input.buckets, ...output.buckets }, total: { counted, stated: figures.total }, problems: [...problems, ...input.problems, ...output.problems] })
}

/** A duration is told as a number or as its text. */
function wholeSeconds(duration: unknown): number {
  const seconds = typeof duration === 'number' || typeof duration === 'string' ? Math.ceil(Number(duration)) : 0
  return Number.isSafeInteger(seconds) && seconds > 0 ? seconds : 0
}
