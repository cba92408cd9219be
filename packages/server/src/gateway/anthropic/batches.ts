// POST /v1/messages/batches: many messages answered within a day, at half the price. What all of them can cost is held at once; the
// keeper settles when the batch has ended. One batch asks one model, so that what it may do and cost is one decision.

import type { Rate } from '@tollgate/core'
import { arrayElements, memberNamed, replaceValue, splice, topLevelMembers, within, type Edit } from '../json-splice.ts'
import { fieldsOf, readJson, wrong, type Fields, type JsonRequest } from '../json-request.ts'
import type { Surface } from '../surface.ts'
import { messageBound, messages } from './messages.ts'

/** The bound of Anthropic's API. */
const REQUESTS_MAX = 100_000

export const messageBatches: Surface = {
  ...messages,
  name: 'message_batches',
  read: ({ body }) => {
    const json = readJson(body, new Set(['requests']))
    const all = requestsIn(json.value)
    const model = String(all[0]!['model'])
    return {
      body, model, isStream: false, wantsUsage: true, background: 'message_batch',
      bound: (rate) => boundOf(all, rate),
      ask: (upstreamModel) => ({ path: '/messages/batches', body: upstreamModel === model ? body : splice(body, modelEdits(json, upstreamModel)), contentType: 'application/json' }),
      countable: () => null,
    }
  },
}

function requestsIn(value: Fields): readonly Fields[] {
  const { requests } = value
  if (!Array.isArray(requests) || requests.length === 0 || requests.length > REQUESTS_MAX) throw wrong('requests', `must be a list of 1 to ${REQUESTS_MAX} requests`)
  const all = requests.map((request) => fieldsOf(fieldsOf(request)['params']))
  const model = all[0]!['model']
  if (typeof model !== 'string' || model === '' || model.length > 200) throw wrong('requests', 'must each name a model in params')
  if (all.some((params) => params['model'] !== model)) throw wrong('requests', 'must all ask one model: send a batch for each')
  return all
}

function boundOf(all: readonly Fields[], rate: Rate | null) {
  const bounds = all.map((params) => messageBound(Buffer.from(JSON.stringify(params)), params, rate))
  const units: Record<string, number> = { requests: all.length }
  for (const bound of bounds) for (const [unit, count] of Object.entries(bound.units ?? {})) units[unit] = (units[unit] ?? 0) + count
  return {
    inputTokens: bounds.reduce((sum, bound) => sum + bound.inputTokens, 0), outputTokens: bounds.reduce((sum, bound) => sum + bound.outputTokens, 0),
    outputOfOne: bounds.reduce((most, bound) => Math.max(most, bound.outputTokens), 0), writesCache: bounds.some((bound) => bound.writesCache === true), units,
  }
}

/** The model of each request, in its place. */
function modelEdits({ text, members }: JsonRequest, upstreamModel: string): Edit[] {
  const requests = memberNamed(members, 'requests')!
  const list = text.slice(requests.valueStart, requests.valueEnd)
  return (arrayElements(list) ?? []).flatMap(({ start, end }) => {
    const params = memberNamed(topLevelMembers(list.slice(start, end)) ?? [], 'params')
    if (params === undefined) return []
    const at = requests.valueStart + start + params.valueStart
    const model = memberNamed(topLevelMembers(text.slice(at, requests.valueStart + start + params.valueEnd)) ?? [], 'model')
    return model === undefined ? [] : [within(at, replaceValue(model, JSON.stringify(upstreamModel)))]
  })
}
