// Adds a sentence to the instructions of a request, in place: at the end of those that it has, else as instructions of its own. All
// other bytes stay as they came.

import { arrayElements, insertMember, memberNamed, replaceValue, topLevelMembers, within, type Edit, type Member } from './json-splice.ts'
import type { JsonRequest } from './json-request.ts'

/** A member that holds a text or a list of parts, such as `system` or `instructions`. */
export function instructMember({ text, members }: JsonRequest, name: string, instruction: string): Edit[] {
  const member = memberNamed(members, name)
  const written = JSON.stringify(instruction)
  if (member === undefined) return [insertMember(text, name, written)]
  const added = addedTo(text, member, instruction, { type: 'text', text: instruction })
  return [added ?? replaceValue(member, written)]
}

/** The system message of a conversation; one in front of it where it has none. */
export function instructMessages({ text, members }: JsonRequest, instruction: string): Edit[] {
  const messages = memberNamed(members, 'messages')
  if (messages === undefined) return []
  const list = text.slice(messages.valueStart, messages.valueEnd)
  const [first] = arrayElements(list) ?? []
  if (first !== undefined) {
    const message = list.slice(first.start, first.end)
    const inner = topLevelMembers(message) ?? []
    const role = memberNamed(inner, 'role')
    const content = memberNamed(inner, 'content')
    if (role !== undefined && content !== undefined && /^"(?:system|developer)"$/.test(message.slice(role.valueStart, role.valueEnd))) {
      const added = addedTo(message, content, instruction, { type: 'text', text: instruction })
      if (added !== null) return [within(messages.valueStart + first.start, added)]
    }
  }
  const own = JSON.stringify({ role: 'system', content: instruction })
  const at = messages.valueStart + 1
  return [{ start: at, end: at, text: first === undefined ? own : `${own},` }]
}

/** Gemini's, in either spelling. */
export function instructSystem({ text, members }: JsonRequest, instruction: string): Edit[] {
  const system = memberNamed(members, 'systemInstruction') ?? memberNamed(members, 'system_instruction')
  const own = JSON.stringify({ parts: [{ text: instruction }] })
  if (system === undefined) return [insertMember(text, 'systemInstruction', own)]
  const value = text.slice(system.valueStart, system.valueEnd)
  const inner = topLevelMembers(value)
  const parts = memberNamed(inner ?? [], 'parts')
  const added = parts === undefined ? null : addedTo(value, parts, instruction, { text: instruction })
  if (added !== null) return [within(system.valueStart, added)]
  return [inner === null ? (addedTo(text, system, instruction, { text: instruction }) ?? replaceValue(system, own)) : within(system.valueStart, insertMember(value, 'parts', JSON.stringify([{ text: instruction }])))]
}

/** To the end of a text or of a list of parts; null where the value is neither. */
function addedTo(text: string, { valueStart, valueEnd }: Pick<Member, 'valueStart' | 'valueEnd'>, instruction: string, part: object): Edit | null {
  const end = valueEnd - 1
  if (text.startsWith('"', valueStart)) return { start: end, end, text: JSON.stringify(`\n\n${instruction}`).slice(1, -1) }
  if (!text.startsWith('[', valueStart)) return null
  const isEmpty = (arrayElements(text.slice(valueStart, valueEnd)) ?? []).length === 0
  return { start: end, end, text: `${isEmpty ? '' : ','}${JSON.stringify(part)}` }
}
