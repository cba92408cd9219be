// Reads a file of requests (one JSON object a line: custom_id, method, url, body), as OpenAI's batches take it: what all of them can use at
// most, and the file as the provider gets it, with its own name for the model. A file asks one model at one path, so that what it may
// do and cost is one decision. Long files are read in stretches, so that other requests are not kept waiting.

import { setImmediate as turn } from 'node:timers/promises'
import type { BatchRequests, Rate, UsageSurface } from '@tollgate/core'
import { fieldsIn, wrong } from '../json-request.ts'
import { memberNamed, replaceValue, topLevelMembers, within } from '../json-splice.ts'
import type { Surface } from '../surface.ts'
import { chat } from './chat.ts'
import { completions } from './completions.ts'
import { embeddings } from './embeddings.ts'
import { responses } from './responses.ts'

/** Paths that a batch may ask, and the shape in which their answers tell usage. */
const ENDPOINTS: ReadonlyMap<string, { readonly surface: Surface; readonly usage: UsageSurface }> = new Map([
  ['/v1/chat/completions', { surface: chat, usage: 'chat' }],
  ['/v1/completions', { surface: completions, usage: 'completions' }],
  ['/v1/responses', { surface: responses, usage: 'responses' }],
  ['/v1/embeddings', { surface: embeddings, usage: 'embeddings' }],
])

export function usageSurfaceOf(endpoint: string | undefined): UsageSurface {
  return ENDPOINTS.get(endpoint ?? '')?.usage ?? 'chat'
}

/** The bound of OpenAI's API. */
const REQUESTS_MAX = 50_000
/** Bytes that are read before others get their turn: a few milliseconds. */
const STRETCH_BYTES = 128 * 1024

export type BatchFile = { readonly requests: BatchRequests; readonly content: Buffer }
type Named = { readonly upstreamModel: string; readonly rate: Rate | null }

/** @throws {RequestRefused} 400 with the line at fault. */
export async function readBatchFile(content: Buffer, named: (model: string) => Named): Promise<BatchFile> {
  const lines: string[] = []
  const sum = { model: '', endpoint: '', count: 0, inputTokens: 0, outputTokens: 0, outputOfOne: 0, units: {} as Record<string, number> }
  let known: Named | null = null
  let read = 0
  for (let at = 0; at < content.length; ) {
    const newline = content.indexOf(0x0a, at)
    const end = newline < 0 ? content.length : newline
    const line = content.toString('latin1', at, end).replace(/\r$/, '')
    read += end - at
    at = end + 1
    if (line.trim() === '') continue
    if (++sum.count > REQUESTS_MAX) throw wrong('file', `must be at most ${REQUESTS_MAX} requests`)
    const one = readLine(line, sum.count)
    if (known === null) {
      sum.model = one.model
      sum.endpoint = one.endpoint
      known = named(one.model)
    }
    if (one.model !== sum.model) throw wrong('file', `asks for ${one.model} on line ${sum.count} and for ${sum.model} before: send a file for each model`)
    if (one.endpoint !== sum.endpoint) throw wrong('file', `asks ${one.endpoint} on line ${sum.count} and ${sum.endpoint} before: send a file for each`)
    const bound = one.bound(known.rate)
    sum.inputTokens += bound.inputTokens
    sum.outputTokens += bound.outputTokens
    sum.outputOfOne = Math.max(sum.outputOfOne, bound.outputTokens)
    for (const unit in bound.units) sum.units[unit] = (sum.units[unit] ?? 0) + bound.units[unit]!
    lines.push(one.renamed(known.upstreamModel))
    if (read > STRETCH_BYTES) {
      read = 0
      await turn()
    }
  }
  if (sum.count === 0) throw wrong('file', 'must have at least one line with a request')
  return { requests: sum, content: Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1') }
}

function readLine(line: string, number: number) {
  const members = topLevelMembers(line)
  if (members === null) throw wrong('file', `has a line ${number} that is no JSON object`)
  const value = fieldsIn(Buffer.from(line, 'latin1').toString())
  const endpoint = String(value['url'])
  const form = ENDPOINTS.get(endpoint)
  if (form === undefined || value['method'] !== 'POST') throw wrong('file', `asks ${String(value['method']).slice(0, 20)} ${endpoint.slice(0, 100)} on line ${number}: a batch may ask POST ${[...ENDPOINTS.keys()].join(', ')}`)
  const body = memberNamed(members, 'body')
  if (body === undefined || members.filter(({ name }) => name === 'body').length > 1) throw wrong('file', `must have one body on line ${number}`)
  const text = line.slice(body.valueStart, body.valueEnd)
  const request = form.surface.read({ body: Buffer.from(text, 'latin1'), params: [], query: '', contentType: 'application/json' })
  if (request.isStream || request.background !== undefined) throw wrong('file', `asks for a stream or for work in the background on line ${number}, which a batch cannot have`)
  const model = memberNamed(topLevelMembers(text) ?? [], 'model')
  return {
    endpoint, model: request.model, bound: request.bound,
    renamed: (upstreamModel: string) => {
      if (model === undefined || upstreamModel === request.model) return line
      const { start, end, text: name } = within(body.valueStart, replaceValue(model, Buffer.from(JSON.stringify(upstreamModel)).toString('latin1')))
      return line.slice(0, start) + name + line.slice(end)
    },
  }
}
