// The address of a batch's results, as the provider tells it, is its own: a client that followed it would show the provider a key of ours.
// It becomes the path here, which the SDKs take as one below their base URL.

import { memberNamed, replaceValue, splice, topLevelMembers } from '../json-splice.ts'

const QUOTE = 0x22

export function withOwnResultsUrl(body: Buffer, id: string): Buffer {
  const text = body.toString('latin1')
  const member = memberNamed(topLevelMembers(text) ?? [], 'results_url')
  if (member === undefined || text.charCodeAt(member.valueStart) !== QUOTE) return body
  return splice(body, [replaceValue(member, JSON.stringify(`/v1/messages/batches/${encodeURIComponent(id)}/results`))])
}
