// Reads a form (multipart/form-data) as far as a decision needs, and changes single fields of it in place: files and unknown fields
// pass byte for byte. A field that decides may come once; long fields are not read as text.

import { invalidRequest, type RequestRefused } from './refusal.ts'

export type Form = {
  readonly body: Buffer
  /** Text fields by name, the last of each, without files. */
  readonly fields: ReadonlyMap<string, FormField>
  /** Bytes of its files together. */
  readonly fileBytes: number
  /** The first bytes of its first file. */
  readonly fileHead: Buffer
  /** Where its first file stands; null without one. */
  readonly file: { readonly start: number; readonly end: number } | null
}

export type FormField = { readonly value: string; readonly start: number; readonly end: number }

const PARTS_MAX = 200
const FIELD_BYTES_MAX = 1024 * 1024
const HEAD_BYTES = 64

/** @throws {RequestRefused} 400 for what is no form, or says a deciding field twice. */
export function readForm(body: Buffer, contentType: string, deciding: ReadonlySet<string>): Form {
  const boundary = /;\s*boundary=(?:"([^"]{1,200})"|([^;\s]{1,200}))/i.exec(contentType)
  if (!/^multipart\/form-data/i.test(contentType) || boundary === null) throw malformed('must be sent as multipart/form-data')
  const mark = Buffer.from(`--${boundary[1] ?? boundary[2]!}`)
  const fields = new Map<string, FormField>()
  let fileBytes = 0
  let fileHead: Buffer = Buffer.alloc(0)
  let file: Form['file'] = null
  let parts = 0
  for (let at = body.indexOf(mark); at >= 0; ) {
    const next = body.indexOf(mark, at + mark.length)
    if (next < 0) break
    if (++parts > PARTS_MAX) throw malformed(`has more than ${PARTS_MAX} parts`)
    const headEnd = body.indexOf('\r\n\r\n', at + mark.length)
    if (headEnd < 0 || headEnd > next) throw malformed('has a part without a head')
    const head = body.toString('utf8', at + mark.length, headEnd)
    const name = /\bname="([^"]{0,200})"/i.exec(head)?.[1]
    if (name === undefined) throw malformed('has a part without a name')
    const start = headEnd + 4
    const end = next - 2
    if (/\bfilename\*?=/i.test(head)) {
      fileBytes += end - start
      file ??= { start, end }
      if (fileHead.length === 0) fileHead = body.subarray(start, Math.min(end, start + HEAD_BYTES))
    } else if (end - start <= FIELD_BYTES_MAX) {
      if (deciding.has(name) && fields.has(name)) throw invalidRequest(`${name} is given twice.`, { param: name, code: 'invalid_value' })
      fields.set(name, { value: body.toString('utf8', start, end), start, end })
    }
    at = next
  }
  if (parts === 0) throw malformed('has no parts')
  return { body, fields, fileBytes, fileHead, file }
}

/** The form with one field replaced. */
export function replaceField(form: Form, name: string, value: string): Buffer {
  const field = form.fields.get(name)
  if (field === undefined || field.value === value) return form.body
  return Buffer.concat([form.body.subarray(0, field.start), Buffer.from(value), form.body.subarray(field.end)])
}

function malformed(what: string): RequestRefused {
  return invalidRequest(`The body ${what}.`, { code: 'invalid_form' })
}
