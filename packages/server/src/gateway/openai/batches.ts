// POST /v1/files and /v1/batches: a file of requests is checked and bounded when it is sent, which costs nothing; a batch of it holds what
// all of them can cost, and the keeper settles it by the file of answers when it has ended. The provider's account is shared, so that a
// batch reads only a file of its own customer, at the upstream and with the key that took it.

import { openUsageReader, rateInForce } from '@tollgate/core'
import { readJson, wrong } from '../json-request.ts'
import { readForm } from '../multipart.ts'
import { invalidRequest } from '../refusal.ts'
import type { Preparing, Surface, SurfaceRequest } from '../surface.ts'
import { readBatchFile } from './batch-file.ts'
import { chat } from './chat.ts'
import { OPENAI_SHAPE } from './shape.ts'

const NOTHING = { inputTokens: 0, outputTokens: 0 }

export const files: Surface = {
  name: 'files',
  shape: OPENAI_SHAPE,
  kinds: ['openai'],
  event: 'ai.file',
  isFree: true,
  read: unprepared,
  prepare: prepareFile,
  openReader: (provider) => openUsageReader('embeddings', provider),
  answer: { ...chat.answer, tell: () => null, textOf: () => '' },
}

export const batches: Surface = { ...files, name: 'batches', event: 'ai.request', isFree: false, prepare: prepareBatch }

function unprepared(): never {
  throw invalidRequest('This cannot be read by its bytes alone.')
}

async function prepareFile({ asked, catalog, at }: Preparing): Promise<SurfaceRequest> {
  const { body, contentType } = asked
  const form = readForm(body, contentType, new Set(['purpose']))
  if (form.fields.get('purpose')?.value !== 'batch') throw invalidRequest('purpose must be batch: files for other purposes are not served here, because what they cost cannot be told from them.', { param: 'purpose', code: 'file_purpose_not_served' })
  const place = form.file
  if (place === null) throw wrong('file', 'is missing')
  const { requests, content } = await readBatchFile(body.subarray(place.start, place.end), (model) => {
    const upstreamModel = catalog.gatewayModels.get(model)?.model ?? model
    return { upstreamModel, rate: rateInForce(catalog.rateCard, upstreamModel, at) }
  })
  const sent = Buffer.concat([body.subarray(0, place.start), content, body.subarray(place.end)])
  return {
    body, model: requests.model, isStream: false, wantsUsage: true, background: 'file', requests,
    bound: () => NOTHING,
    ask: () => ({ path: '/files', body: sent, contentType }),
    countable: () => null,
    fixed: () => ({ buckets: {}, isEstimated: false }),
  }
}

const DECIDING = new Set(['input_file_id', 'endpoint', 'completion_window'])

async function prepareBatch({ asked, find }: Preparing): Promise<SurfaceRequest> {
  const { body } = asked
  const { value } = readJson(body, DECIDING)
  const { input_file_id: id, endpoint } = value
  if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,200}$/.test(id)) throw wrong('input_file_id', 'must be the id of a file that was sent with POST /v1/files')
  const file = await find(id)
  const requests = file?.kind === 'file' ? file.requests : undefined
  if (file === null || requests === undefined || file.batch !== undefined) throw invalidRequest(`There is no file ${id} of requests of this customer: send it with POST /v1/files and the purpose batch.`, { status: 404, param: 'input_file_id', code: 'not_found' })
  if (endpoint !== requests.endpoint) throw wrong('endpoint', `must be ${requests.endpoint}, which the file asks`)
  const { inputTokens, outputTokens, outputOfOne, units, count } = requests
  return {
    body, model: requests.model, isStream: false, wantsUsage: true, background: 'batch', requests,
    pinned: { upstream: file.upstream, key: file.upstreamKey ?? null },
    bound: () => ({ inputTokens, outputTokens, outputOfOne, units: { ...units, requests: count } }),
    ask: () => ({ path: '/batches', body, contentType: 'application/json' }),
    countable: () => null,
    fixed: () => ({ buckets: {}, isEstimated: false }),
  }
}
