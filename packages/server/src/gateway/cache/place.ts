// Whether the answer to a request may be kept and replayed, and under which name: a hash of all that decides the answer, in a form that
// spacing and the order of the outermost members do not change. What depends on something that the body does not show, or does
// something, has no place here.

import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { CACHE_ANSWER_BYTES_MAX, type CacheRule } from '@tollgate/core'
import type { Attribution } from '../flow/attribution.ts'
import type { Known } from '../../hot/contract.ts'
import { compact, topLevelMembers, type Member } from '../json-splice.ts'
import { fitsRule } from '../flow/fits-rule.ts'
import type { Surface, SurfaceRequest } from '../surface.ts'
import type { ResolvedModel } from '../upstreams.ts'

export type CachePlace = {
  /** Whose answers it is among. */
  readonly owner: string
  readonly name: string
  readonly ttlMs: number
  /** It is kept for all gateways. */
  readonly isShared: boolean
  /** The client wants a fresh answer; it is kept for the next one. */
  readonly isRenewed: boolean
}

export type Placing = {
  readonly known: Known
  readonly surface: Surface
  readonly request: SurfaceRequest
  readonly model: ResolvedModel
  readonly attribution: Attribution
  readonly headers: IncomingHttpHeaders
}

/** Members that say for whom, not what. */
const UNHEEDED: ReadonlySet<string> = new Set(['model', 'user', 'metadata', 'safety_identifier', 'prompt_cache_key'])
/** Headers that change what a body means. */
const HEEDED_HEADERS = ['anthropic-version', 'anthropic-beta', 'openai-beta'] as const

/** Null where the answer is not kept. Asked only where the catalog has rules. */
export function placeOf(rules: readonly CacheRule[], placing: Placing): CachePlace | null {
  const { surface, request, headers, model, known, attribution } = placing
  const { cache } = surface
  const control = headers['cache-control'] ?? ''
  if (cache === undefined || request.background !== undefined || request.body.length > CACHE_ANSWER_BYTES_MAX || /\bno-store\b/i.test(control)) return null
  const rule = rules.find((one) => fitsRule(one, placing))
  if (rule === undefined) return null
  const text = request.body.toString('latin1')
  const members = topLevelMembers(text) ?? []
  if (members.some((member) => says(text, member) && (cache.never.includes(member.name) || (!rule.withTools && cache.tools.includes(member.name))))) return null
  const told = members.filter(({ name }) => !UNHEEDED.has(name)).map((member) => `${JSON.stringify(member.name)}:${compact(text.slice(member.valueStart, member.valueEnd))}`)
  const asked = request.ask(model.upstreamModel)
  const hash = createHash('sha256')
  for (const part of [surface.name, asked.path, model.upstreamModel, model.target.config.provider, ...HEEDED_HEADERS.map((name) => String(headers[name] ?? '')), ...told.toSorted()]) hash.update(part).update('\0')
  return { owner: ownerOf(rule, known.snapshot.customer, attribution.entity), name: hash.digest('base64url'), ttlMs: rule.ttlMs, isShared: rule.isShared, isRenewed: /\b(?:no-cache|max-age=0)\b/i.test(control) }
}

/** What is null, false or empty says nothing. */
function says(text: string, { valueStart, valueEnd }: Member): boolean {
  return !/^(?:null|false|\[\s*\]|\{\s*\}|"")$/.test(text.slice(valueStart, Math.min(valueEnd, valueStart + 64)))
}

function ownerOf({ sharedBy }: CacheRule, customer: string, entity: string | null): string {
  return sharedBy === 'everyone' ? '*' : sharedBy === 'customer' ? customer : `${customer} ${entity ?? ''}`
}
