// A Chargebee for tests: the part of its API that takes invoices, with every parameter held against the published names. A key of idempotency
// makes one of a write until it is forgotten, and answers can be lost after the work was done.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'
import { readForm } from '../stripe/published.ts'

type FakeNote = { readonly id: string; readonly reference_invoice_id: string; readonly total: number; readonly status: 'adjusted' | 'voided'; readonly reason_code: string; readonly customer_notes: string }
type FakeUsage = { readonly id: string; readonly subscription_id: string; readonly item_price_id: string; readonly usage_date: number; quantity: string }
type FakeInvoice = { readonly id: string; readonly customer_id: string; readonly currency_code: string; readonly po_number: string | undefined; readonly date: number; status: 'paid' | 'payment_due' | 'voided'; write_off_amount: number; readonly total: number; readonly line_items: readonly unknown[] }

const whole = z.string().regex(/^\d+$/)
const column = (value: z.ZodType) => z.array(value)
const CREATE = z.strictObject({
  customer_id: z.string().min(1), currency_code: z.string().length(3).optional(), po_number: z.string().max(100).optional(), invoice_note: z.string().max(2_000).optional(), auto_collection: z.enum(['on', 'off']).optional(), net_term_days: whole.optional(), invoice_date: whole.optional(),
  charges: z.strictObject({ amount: column(whole), description: column(z.string().max(250)), taxable: column(z.enum(['true', 'false'])).optional(), date_from: column(whole).optional(), date_to: column(whole).optional() }),
  discounts: z.strictObject({ apply_on: column(z.enum(['invoice_amount', 'specific_item_price'])), amount: column(whole) }).optional(),
})
const USAGE = z.strictObject({ id: z.string().max(50).optional(), item_price_id: z.string().max(100), quantity: z.string().regex(/^-?\d+(\.\d+)?$/), usage_date: whole, dedupe_option: z.enum(['skip', 'update_existing']).optional(), note: z.string().max(500).optional() })
const USAGES = z.strictObject({ limit: whole.optional(), offset: z.string().optional(), subscription_id: z.strictObject({ is: z.string() }), item_price_id: z.strictObject({ is: z.string() }), usage_date: z.strictObject({ after: whole, before: whole }) })
const NOTE = z.strictObject({ reference_invoice_id: z.string(), total: whole, type: z.enum(['adjustment', 'refundable']), reason_code: z.enum(['other', 'waiver', 'order_change']), date: whole.optional(), customer_notes: z.string().max(2_000).optional() })
const NOTES = z.strictObject({ limit: whole.optional(), offset: z.string().optional(), reference_invoice_id: z.strictObject({ is: z.string() }) })
const ENDS = {
  record_payment: z.strictObject({ comment: z.string().max(300).optional(), transaction: z.strictObject({ amount: whole.optional(), payment_method: z.enum(['cash', 'check', 'bank_transfer', 'other', 'custom']), reference_number: z.string().max(100).optional(), date: whole.optional() }) }),
  void: z.strictObject({ comment: z.string().max(300).optional(), void_reason_code: z.string().max(100).optional() }),
  write_off: z.strictObject({ comment: z.string().max(300).optional() }),
}
const LIST = z.strictObject({ limit: whole.optional(), offset: z.string().optional(), date: z.strictObject({ after: whole, before: whole }).optional(), customer_id: z.strictObject({ is: z.string() }).optional() })

export async function fakeChargebee() {
  const invoices: FakeInvoice[] = []
  const byKey = new Map<string, { readonly body: string; readonly answer: Answer }>()
  const usages: FakeUsage[] = []
  const notes: FakeNote[] = []
  const trouble = { lose: 0, pauseSeconds: 0 }
  const server = createServer((request, response) => void answer(request).then(({ status, body, headers }) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))))

  type Answer = { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  const refused = (status: number, message: string): Answer => ({ status, body: { message, type: 'invalid_request', api_error_code: 'param_wrong_value' } })

  async function answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://chargebee')
    const body = Buffer.concat(chunks).toString()
    if (request.headers.authorization !== `Basic ${Buffer.from('test_key:').toString('base64')}`) return refused(401, 'Sorry, authentication failed. Invalid api key')
    if (request.method === 'GET' && url.pathname === '/invoices') return page(readForm(url.search.slice(1)))
    if (request.method === 'GET' && url.pathname === '/usages') return pageOfUsage(readForm(url.search.slice(1)))
    if (request.method === 'GET' && url.pathname === '/credit_notes') return pageOfNotes(readForm(url.search.slice(1)))
    const one = /^\/invoices\/([^/]+)$/.exec(url.pathname)
    if (request.method === 'GET' && one !== null) {
      const found = invoices.find(({ id }) => id === one[1])
      return found === undefined ? refused(404, 'not found') : { status: 200, body: { invoice: found } }
    }
    const usageOf = /^\/subscriptions\/([^/]+)\/usages$/.exec(url.pathname)
    const endOf = /^\/invoices\/([^/]+)\/(record_payment|void|write_off)$/.exec(url.pathname)
    if (request.method !== 'POST' || (usageOf === null && endOf === null && url.pathname !== '/credit_notes' && url.pathname !== '/invoices/create_for_charge_items_and_charges')) return refused(404, `no such operation: ${request.method} ${url.pathname}`)
    if (trouble.pauseSeconds > 0) return { status: 429, body: { message: 'Sorry, access has been blocked temporarily due to request count exceeding the acceptable limit.', api_error_code: 'api_request_limit_exceeded' }, headers: { 'retry-after': String(trouble.pauseSeconds) } }
    const key = String(request.headers['chargebee-idempotency-key'] ?? '')
    const known = byKey.get(key)
    if (known !== undefined && known.body !== body) return refused(400, 'the idempotency key was used with other parameters')
    const done = known ?? { body, answer: workOf(url.pathname, { usageOf, endOf, parameters: readForm(body) }) }
    byKey.set(key, done)
    if (trouble.lose === 0) return done.answer
    trouble.lose -= 1
    return { status: 503, body: { message: 'temporarily unavailable' } }
  }

  function create(parameters: unknown): Answer {
    const read = CREATE.safeParse(parameters)
    if (!read.success) return refused(400, read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', '))
    const { charges, discounts, ...of } = read.data
    const total = charges.amount.reduce((sum: number, amount) => sum + Number(amount), 0) - (discounts?.amount ?? []).reduce((sum: number, amount) => sum + Number(amount), 0)
    const invoice: FakeInvoice = { id: String(invoices.length + 1), customer_id: of.customer_id, currency_code: of.currency_code ?? 'USD', po_number: of.po_number, date: Number(of.invoice_date ?? Math.floor(Date.now() / 1000)), status: 'payment_due', write_off_amount: 0, total, line_items: charges.description }
    invoices.push(invoice)
    return { status: 200, body: { invoice } }
  }

  function workOf(path: string, { usageOf, endOf, parameters }: { readonly usageOf: RegExpExecArray | null; readonly endOf: RegExpExecArray | null; readonly parameters: unknown }): Answer {
    if (usageOf !== null) return addUsage(usageOf[1]!, parameters)
    if (endOf !== null) return end(endOf[1]!, endOf[2] as keyof typeof ENDS, parameters)
    return path === '/credit_notes' ? addNote(parameters) : create(parameters)
  }

  function end(id: string, verb: keyof typeof ENDS, parameters: unknown): Answer {
    const read = ENDS[verb].safeParse(parameters)
    const invoice = invoices.find((one) => one.id === id)
    if (!read.success || invoice === undefined) return refused(400, read.error?.message ?? 'no such invoice')
    if (invoice.status !== 'payment_due') return refused(400, `The invoice ${id} is ${invoice.status} and cannot be changed like this.`)
    invoice.status = verb === 'void' ? 'voided' : 'paid'
    if (verb === 'write_off') {
      invoice.write_off_amount = invoice.total
      notes.push({ id: `CN-${notes.length + 1}`, reference_invoice_id: id, total: invoice.total, status: 'adjusted', reason_code: 'write_off', customer_notes: '' })
    }
    return { status: 200, body: { invoice } }
  }

  function addNote(parameters: unknown): Answer {
    const read = NOTE.safeParse(parameters)
    if (!read.success) return refused(400, read.error.message)
    const { reference_invoice_id: id, total, type, customer_notes: text = '', reason_code: reason } = read.data
    const invoice = invoices.find((one) => one.id === id)
    const left = (invoice?.total ?? 0) - notes.filter((note) => note.reference_invoice_id === id).reduce((sum, note) => sum + note.total, 0)
    if (invoice === undefined || Number(total) > left || (invoice.status === 'paid') !== (type === 'refundable')) return refused(400, `a credit note of ${total} does not fit the invoice`)
    const note: FakeNote = { id: `CN-${notes.length + 1}`, reference_invoice_id: id, total: Number(total), status: 'adjusted', reason_code: reason, customer_notes: text }
    notes.push(note)
    if (Number(total) === left) invoice.status = 'paid'
    return { status: 200, body: { credit_note: note, invoice } }
  }

  function pageOfNotes(parameters: unknown): Answer {
    const read = NOTES.safeParse(parameters)
    if (!read.success) return refused(400, read.error.message)
    return { status: 200, body: { list: notes.filter((note) => note.reference_invoice_id === read.data.reference_invoice_id.is).map((note) => ({ credit_note: note })) } }
  }

  function addUsage(subscription: string, parameters: unknown): Answer {
    const read = USAGE.safeParse(parameters)
    if (!read.success) return refused(400, read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', '))
    const { id = `usage_${usages.length + 1}`, item_price_id: price, usage_date: date, quantity, dedupe_option: dedupe } = read.data
    const same = usages.find((usage) => usage.id === id || (usage.subscription_id === subscription && usage.item_price_id === price && usage.usage_date === Number(date)))
    if (same !== undefined && dedupe === undefined) return refused(400, 'A usage with the same id or date is present already.')
    const usage = same ?? { id, subscription_id: subscription, item_price_id: price, usage_date: Number(date), quantity }
    if (same === undefined) usages.push(usage)
    else if (dedupe === 'update_existing') same.quantity = quantity
    return { status: 200, body: { usage } }
  }

  function pageOfUsage(parameters: unknown): Answer {
    const read = USAGES.safeParse(parameters)
    if (!read.success) return refused(400, read.error.message)
    const { subscription_id: subscription, item_price_id: price, usage_date: date, offset = '0' } = read.data
    const all = usages.filter((usage) => usage.subscription_id === subscription.is && usage.item_price_id === price.is && usage.usage_date > Number(date.after) && usage.usage_date < Number(date.before))
    const from = Number(offset)
    return { status: 200, body: { list: all.slice(from, from + 2).map((usage) => ({ usage })), ...(all.length > from + 2 ? { next_offset: String(from + 2) } : {}) } }
  }

  function page(parameters: unknown): Answer {
    const read = LIST.safeParse(parameters)
    if (!read.success) return refused(400, read.error.message)
    const { date, customer_id: customer, offset = '0' } = read.data
    const all = invoices.filter((invoice) => (customer === undefined || invoice.customer_id === customer.is) && (date === undefined || (invoice.date > Number(date.after) && invoice.date < Number(date.before))))
    const from = Number(offset)
    return { status: 200, body: { list: all.slice(from, from + 2).map((invoice) => ({ invoice })), ...(all.length > from + 2 ? { next_offset: String(from + 2) } : {}) } }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, invoices, usages, notes, trouble, forgetKeys: () => byKey.clear(),
    goAway: () => new Promise<void>((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
  }
}
