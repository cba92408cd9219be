// A Recurly for tests: the part of its API that makes and lists invoices, with every parameter held against the published description. A key
// of idempotency makes one of a purchase until it is forgotten, and answers can be lost after the work was done.

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'

type FakeInvoice = { readonly id: string; readonly number: string; readonly account: { readonly code: string }; readonly currency: string; readonly po_number: string | null; readonly created_at: string; state: 'pending' | 'paid' | 'failed' | 'voided'; readonly total: number; readonly line_items: readonly string[] }

const PURCHASE = z.strictObject({
  currency: z.string().length(3), account: z.strictObject({ code: z.string().max(50) }), collection_method: z.enum(['automatic', 'manual']).optional(), po_number: z.string().max(50).optional(), net_terms: z.int().min(0).optional(), customer_notes: z.string().max(2_048).optional(),
  line_items: z.array(z.strictObject({ currency: z.string().length(3), unit_amount: z.number().nonnegative(), quantity: z.int().optional(), type: z.enum(['charge', 'credit']), description: z.string().max(255).optional(), tax_exempt: z.boolean().optional() })),
})
const USAGE = z.strictObject({ merchant_tag: z.string().max(255), amount: z.number(), recording_timestamp: z.iso.datetime(), usage_timestamp: z.iso.datetime() })
const REFUND = z.strictObject({ type: z.literal('amount'), amount: z.number().positive(), refund_method: z.enum(['all_credit', 'credit_first', 'transaction_first']), credit_customer_notes: z.string().max(2_048).optional() })
const LIST = z.strictObject({ limit: z.string().regex(/^\d+$/).optional(), sort: z.enum(['created_at', 'updated_at', 'usage_timestamp']).optional(), order: z.enum(['asc', 'desc']).optional(), begin_time: z.iso.datetime().optional(), end_time: z.iso.datetime().optional(), cursor: z.string().optional() })

type FakeNote = { readonly of: string; readonly type: 'credit'; readonly state: 'closed' | 'voided'; readonly total: number; readonly customer_notes: string }
type FakeUsage = { readonly id: string; readonly subscription: string; readonly addOn: string; readonly merchant_tag: string; readonly amount: number; readonly usage_timestamp: string }
type Answer = { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
const refused = (status: number, message: string): Answer => ({ status, body: { error: { type: status === 404 ? 'not_found' : 'validation', message } } })

export async function fakeRecurly() {
  const invoices: FakeInvoice[] = []
  const byKey = new Map<string, { readonly body: string; readonly answer: Answer }>()
  const usages: FakeUsage[] = []
  const notes: FakeNote[] = []
  const trouble = { lose: 0, pauseSeconds: 0 }
  const server = createServer((request, response) => void answer(request).then(({ status, body, headers }) => response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))))

  async function answer(request: IncomingMessage): Promise<Answer> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://recurly')
    const body = Buffer.concat(chunks).toString()
    if (request.headers.authorization !== `Basic ${Buffer.from('test_key:').toString('base64')}`) return refused(401, 'The API key you have provided is invalid.')
    if (!String(request.headers.accept).startsWith('application/vnd.recurly.v20')) return refused(406, 'Please specify a version in the Accept header')
    const ofAccount = /^\/accounts\/code-([^/]+)\/invoices$/.exec(url.pathname)
    if (request.method === 'GET' && (url.pathname === '/invoices' || ofAccount !== null)) return page(url, ofAccount === null ? null : decodeURIComponent(ofAccount[1]!))
    const one = /^\/invoices\/([^/]+)$/.exec(url.pathname)
    if (request.method === 'GET' && one !== null) {
      const found = invoices.find(({ id }) => id === one[1])
      return found === undefined ? refused(404, `Couldn't find Invoice with id = ${one[1]}`) : { status: 200, body: found }
    }
    const usageOf = /^\/subscriptions\/uuid-([^/]+)\/add_ons\/code-([^/]+)\/usage$/.exec(url.pathname)
    const related = /^\/invoices\/([^/]+)\/related_invoices$/.exec(url.pathname)
    if (request.method === 'GET' && related !== null) return { status: 200, body: { object: 'list', has_more: false, next: null, data: notes.filter((note) => note.of === related[1]) } }
    const marked = /^\/invoices\/([^/]+)\/mark_(successful|failed)$/.exec(url.pathname)
    const refund = /^\/invoices\/([^/]+)\/refund$/.exec(url.pathname)
    const isPut = request.method === 'PUT' && marked !== null
    if (request.method === 'GET' && usageOf !== null) return pageOfUsage(url, usageOf[1]!, usageOf[2]!)
    if (!isPut && (request.method !== 'POST' || (usageOf === null && refund === null && url.pathname !== '/purchases'))) return refused(404, 'no such operation')
    if (!String(request.headers['content-type']).startsWith('application/json')) return refused(415, 'Content-Type must be application/json')
    if (trouble.pauseSeconds > 0) return { ...refused(429, 'You have made too many API requests in the last hour.'), headers: { 'retry-after': String(trouble.pauseSeconds) } }
    const key = String(request.headers['idempotency-key'] ?? '')
    const done = byKey.get(key) ?? { body, answer: workOf({ usageOf, marked, refund }, JSON.parse(body)) }
    if (done.body !== body) return refused(422, 'the idempotency key was used with other parameters')
    byKey.set(key, done)
    if (trouble.lose === 0) return done.answer
    trouble.lose -= 1
    return refused(503, 'temporarily unavailable')
  }

  function purchase(parameters: unknown): Answer {
    const read = PURCHASE.safeParse(parameters)
    if (!read.success) return refused(400, read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', '))
    const cents = read.data.line_items.reduce((sum, { unit_amount: amount }) => sum + Math.round(amount * 100), 0)
    const invoice: FakeInvoice = {
      id: `rec${invoices.length + 1}`, number: String(1_000 + invoices.length), account: read.data.account, currency: read.data.currency, po_number: read.data.po_number ?? null, created_at: new Date().toISOString(), state: 'pending', total: cents / 100,
      line_items: read.data.line_items.map(({ description }) => description ?? ''),
    }
    invoices.push(invoice)
    return { status: 201, body: { object: 'invoice_collection', charge_invoice: invoice, credit_invoices: [] } }
  }

  function workOf({ usageOf, marked, refund }: Readonly<Record<'usageOf' | 'marked' | 'refund', RegExpExecArray | null>>, parameters: unknown): Answer {
    if (usageOf !== null) return addUsage(usageOf[1]!, usageOf[2]!, parameters)
    if (marked !== null) return mark(marked[1]!, marked[2] === 'successful' ? 'paid' : 'failed')
    return refund === null ? purchase(parameters) : giveBack(refund[1]!, parameters)
  }

  function mark(id: string, state: 'paid' | 'failed'): Answer {
    const invoice = invoices.find((one) => one.id === id)
    if (invoice === undefined) return refused(404, 'no such invoice')
    if (invoice.state !== 'pending' && !(invoice.state === 'failed' && state === 'paid')) return refused(422, `The invoice is ${invoice.state}.`)
    invoice.state = state
    return { status: 200, body: invoice }
  }

  /** Of what was paid. */
  function giveBack(id: string, parameters: unknown): Answer {
    const read = REFUND.safeParse(parameters)
    const invoice = invoices.find((one) => one.id === id)
    if (!read.success || invoice === undefined) return refused(400, read.error?.message ?? 'no such invoice')
    if (invoice.state !== 'paid') return refused(422, 'Only paid invoices can be refunded.')
    notes.push({ of: id, type: 'credit', state: 'closed', total: -read.data.amount, customer_notes: read.data.credit_customer_notes ?? '' })
    return { status: 201, body: { object: 'invoice' } }
  }

  function addUsage(subscription: string, addOn: string, parameters: unknown): Answer {
    const read = USAGE.safeParse(parameters)
    if (!read.success) return refused(400, read.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join(', '))
    const usage = { id: `use${usages.length + 1}`, subscription, addOn, ...read.data }
    usages.push(usage)
    return { status: 201, body: usage }
  }

  function pageOfUsage(url: URL, subscription: string, addOn: string): Answer {
    const read = LIST.safeParse(Object.fromEntries(url.searchParams))
    if (!read.success) return refused(400, read.error.message)
    const { begin_time: begin = '', end_time: end = '9' } = read.data
    return listed(url, read.data.cursor, usages.filter((usage) => usage.subscription === subscription && usage.addOn === addOn && usage.usage_timestamp >= begin && usage.usage_timestamp <= end))
  }

  function page(url: URL, account: string | null): Answer {
    const read = LIST.safeParse(Object.fromEntries(url.searchParams))
    if (!read.success) return refused(400, read.error.message)
    const { begin_time: begin = '', end_time: end = '9' } = read.data
    return listed(url, read.data.cursor, invoices.filter((invoice) => (account === null || invoice.account.code === account) && invoice.created_at >= begin && invoice.created_at <= end))
  }

  function listed(url: URL, cursor = '0', all: readonly unknown[] = []): Answer {
    const from = Number(cursor)
    const next = new URL(url)
    next.searchParams.set('cursor', String(from + 2))
    return { status: 200, body: { object: 'list', has_more: all.length > from + 2, next: all.length > from + 2 ? `${next.pathname}${next.search}` : null, data: all.slice(from, from + 2) } }
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
