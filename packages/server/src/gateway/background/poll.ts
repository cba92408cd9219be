// Asks a provider how its background work stands, and reads what it used when it has ended. One look; when to look again is the
// keeper's affair.

import { inputTokens, openUsageReader, outputTokens, type BackgroundJob, type PartUsage, type ProviderUsage, type UsageSurface } from '@tollgate/core'
import { fieldsIn, fieldsOf, type Fields } from '../json-request.ts'
import { usageSurfaceOf } from '../openai/batch-file.ts'
import type { Target } from '../upstreams.ts'
import { fetchLines, fetchWhole } from './fetch.ts'
import { placeOfWork } from './kinds.ts'

export type Look =
  | { readonly kind: 'running' }
  /** `requests`: how many of it were answered; null where it is one. `isTold`: all of them told their usage. */
  | { readonly kind: 'ended'; readonly usage: ProviderUsage; readonly requests: number | null; readonly isTold: boolean; readonly status: string; /** What it wrote. */ readonly files: readonly string[] }
  /** The provider knows it no more: what it cost is never told. */
  | { readonly kind: 'gone' }

/** Rejects when the provider cannot be asked right now. */
export function lookAt(target: Target, job: BackgroundJob): Promise<Look> {
  return job.kind === 'response' ? lookAtResponse(target, job) : job.kind === 'batch' ? lookAtFileBatch(target, job) : lookAtBatch(target, job)
}

const RUNNING = new Set<unknown>(['queued', 'in_progress', 'canceling'])

async function lookAtResponse(target: Target, job: BackgroundJob): Promise<Look> {
  const { status, body } = await fetchWhole(target, { method: 'GET', path: `/responses/${encodeURIComponent(job.providerId)}`, model: job.upstreamModel })
  if (status === 404 || status === 410) return { kind: 'gone' }
  if (status !== 200) throw new Error(`the provider answered ${status}`)
  const response = fieldsOf(JSON.parse(body.toString()))
  if (RUNNING.has(response['status'])) return { kind: 'running' }
  const reader = openUsageReader('responses', target.config.provider)
  reader.add(response)
  const usage = reader.usage()
  return { kind: 'ended', usage, requests: null, isTold: usage.problems.length === 0, status: String(response['status']), files: [] }
}

async function lookAtBatch(target: Target, job: BackgroundJob): Promise<Look> {
  const path = `/messages/batches/${encodeURIComponent(job.providerId)}`
  const { status, body } = await fetchWhole(target, { method: 'GET', path, model: job.upstreamModel })
  if (status === 404 || status === 410) return { kind: 'gone' }
  if (status !== 200) throw new Error(`the provider answered ${status}`)
  const batch = fieldsOf(JSON.parse(body.toString()))
  if (batch['processing_status'] !== 'ended') return { kind: 'running' }
  const counted = { answers: [] as ProviderUsage[], untold: 0 }
  const answered = await fetchLines(target, { method: 'GET', path: `${path}/results`, model: job.upstreamModel }, (line) => addResult(counted, line, target.config.provider))
  if (answered !== 200) throw new Error(`the provider answered ${answered} for the results`)
  return { kind: 'ended', usage: together(counted.answers), requests: counted.answers.length, isTold: counted.untold === 0, status: 'ended', files: [] }
}

const RUNNING_BATCH = new Set<unknown>(['validating', 'in_progress', 'finalizing', 'cancelling'])

/** OpenAI's: it writes a file of answers, and one of errors, which cost nothing. */
async function lookAtFileBatch(target: Target, job: BackgroundJob): Promise<Look> {
  const { status, body } = await fetchWhole(target, { method: 'GET', path: placeOfWork('batch', job.providerId), model: job.upstreamModel })
  if (status === 404 || status === 410) return { kind: 'gone' }
  if (status !== 200) throw new Error(`the provider answered ${status}`)
  const batch = fieldsOf(JSON.parse(body.toString()))
  if (RUNNING_BATCH.has(batch['status'])) return { kind: 'running' }
  const counted = { answers: [] as ProviderUsage[], untold: 0 }
  const output = batch['output_file_id']
  if (typeof output === 'string') {
    const answered = await fetchLines(target, { method: 'GET', path: placeOfWork('file', output, '/content'), model: job.upstreamModel }, (line) => addFileResult(counted, line, { provider: target.config.provider, surface: usageSurfaceOf(job.requests?.endpoint) }))
    if (answered !== 200) throw new Error(`the provider answered ${answered} for the output file`)
  }
  return { kind: 'ended', usage: together(counted.answers), requests: counted.answers.length, isTold: counted.untold === 0, status: String(batch['status']), files: filesOf(batch) }
}

/** The files that a batch of OpenAI's wrote. */
export function filesOf(batch: Fields): string[] {
  return [batch['output_file_id'], batch['error_file_id']].filter((id) => typeof id === 'string')
}

function addFileResult(counted: { readonly answers: ProviderUsage[]; untold: number }, line: string | null, { provider, surface }: { readonly provider: string; readonly surface: UsageSurface }): void {
  const response = line === null ? null : fieldsOf(fieldsIn(line)['response'])
  if (response === null || typeof response['status_code'] !== 'number') return void (counted.untold += 1)
  if (response['status_code'] !== 200) return
  const reader = openUsageReader(surface, provider)
  reader.add(response['body'])
  const usage = reader.usage()
  if (usage.problems.length > 0) counted.untold += 1
  counted.answers.push(usage)
}

function addResult(counted: { readonly answers: ProviderUsage[]; untold: number }, line: string | null, provider: string): void {
  const result = line === null ? null : fieldsOf(fieldsIn(line)['result'])
  if (result === null || result['type'] === undefined) return void (counted.untold += 1)
  if (result['type'] !== 'succeeded') return
  const reader = openUsageReader('messages', provider)
  reader.add(result['message'])
  const usage = reader.usage()
  if (usage.problems.length > 0) counted.untold += 1
  counted.answers.push(usage)
}

/** All answers of a batch as one usage: those of one model add up, other models stand apart. */
function together(answers: readonly ProviderUsage[]): ProviderUsage {
  const model = answers[0]?.model ?? null
  const own: Record<string, number> = {}
  const elsewhere: PartUsage[] = []
  for (const answer of answers) {
    if (answer.model === model) for (const [bucket, count] of Object.entries(answer.buckets)) own[bucket] = (own[bucket] ?? 0) + count
    else elsewhere.push({ model: answer.model, kind: 'declined', buckets: answer.buckets })
    elsewhere.push(...answer.elsewhere)
  }
  return { model, tier: 'batch', region: answers[0]?.region ?? null, labels: {}, buckets: own, elsewhere, total: { counted: inputTokens(own) + outputTokens(own), stated: null }, problems: [] }
}
