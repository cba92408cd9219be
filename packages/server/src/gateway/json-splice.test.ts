import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { insertMember, memberNamed, replaceValue, splice, topLevelMembers, within } from './json-splice.ts'

/** Replaces `name` or inserts it, as the gateway does with the model. */
function setMember(json: string, name: string, value: string): string {
  const bytes = Buffer.from(json)
  const text = bytes.toString('latin1')
  const member = memberNamed(topLevelMembers(text)!, name)
  return splice(bytes, [member === undefined ? insertMember(text, name, value) : replaceValue(member, value)]).toString()
}

test('a member is replaced and every other byte stays', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['{"model":"a"}', '{"model":"b"}'],
    [' { "model" : "a" , "x":1} ', ' { "model" : "b" , "x":1} '],
    ['{"seed":123456789012345678901234567890,"model":"a"}', '{"seed":123456789012345678901234567890,"model":"b"}'],
    ['{"nested":{"model":"c"},"model":"a","list":["model",{"model":1}]}', '{"nested":{"model":"c"},"model":"b","list":["model",{"model":1}]}'],
    ['{"text":"a \\"model\\":\\"x\\" \\\\","model":"a"}', '{"text":"a \\"model\\":\\"x\\" \\\\","model":"b"}'],
    ['{"x":1.5e+3,"y":null,"z":true,"model":"a"}', '{"x":1.5e+3,"y":null,"z":true,"model":"b"}'],
    ['{"emoji":"🦊 ü","model":"a","after":"日本"}', '{"emoji":"🦊 ü","model":"b","after":"日本"}'],
    ['{"x":1,"x":2,"model":"a"}', '{"x":1,"x":2,"model":"b"}'],
    ['{"mod\\u0065l":"a"}', '{"mod\\u0065l":"b"}'],
    ['{"x":1}', '{"model":"b","x":1}'],
    ['{ }', '{"model":"b" }'],
  ]
  for (const [before, after] of cases) expect(setMember(before, 'model', '"b"')).toBe(after)
})

test('a nested object is edited in place', () => {
  const text = '{"a":1,"stream_options":{"include_usage":false,"x":9}}'
  const outer = memberNamed(topLevelMembers(text)!, 'stream_options')!
  const inner = memberNamed(topLevelMembers(text.slice(outer.valueStart, outer.valueEnd))!, 'include_usage')!
  expect(splice(Buffer.from(text), [within(outer.valueStart, replaceValue(inner, 'true'))]).toString()).toBe('{"a":1,"stream_options":{"include_usage":true,"x":9}}')
})

test('what is not one whole object has no members', () => {
  for (const text of ['', '[]', '1', 'null', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":"x', '{"a":[1,2', '{"a":1} x', '{a:1}', '{"a" 1}', '{"a":,"b":1}']) {
    expect(topLevelMembers(text), text).toBeNull()
  }
})

test('for any object and any key, only the value of that key changes', () => {
  const object = fc.dictionary(fc.string({ unit: 'binary' }).filter((key) => key !== '__proto__'), fc.jsonValue({ depthSize: 'small' }), { maxKeys: 6 })
  fc.assert(
    fc.property(object, fc.constantFrom(0, 1, 3), fc.jsonValue(), fc.nat(), (value, indent, replacement, pick) => {
      const keys = Object.keys(value)
      // Names that the gateway looks for are ASCII; other keys need only survive.
      const name = keys.filter((key) => /^[\x00-\x7f]*$/.test(key))[pick % (keys.length + 1)] ?? 'model'
      const changed = setMember(JSON.stringify(value, null, indent), name, JSON.stringify(replacement))
      expect(JSON.parse(changed)).toEqual(JSON.parse(JSON.stringify({ ...value, [name]: replacement })))
    }),
  )
}, 60_000)
