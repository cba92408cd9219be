// The part of the fake Stripe that has invoices: drafts, their items, finalized once. A key of idempotency makes one of a write, until it is
// forgotten, as Stripe's are after a day; and an answer can be lost after the work was done.

export type FakeInvoice = { readonly id: string; readonly object: 'invoice'; status: 'draft' | 'open' | 'paid' | 'void' | 'uncollectible'; readonly customer: string; readonly currency: string; number: string | null; total: number; readonly created: number; readonly collection_method: string; readonly metadata: Record<string, string> }
type FakeItem = { readonly id: string; readonly object: 'invoiceitem'; readonly invoice: string; readonly amount: number; readonly description: string; readonly metadata: Record<string, string> }

type FakeNote = { readonly id: string; readonly object: 'credit_note'; readonly invoice: string; readonly total: number; readonly status: 'issued' | 'void'; readonly memo: string; readonly metadata: Record<string, string> }

/** What each operation makes of an invoice, and from which states. */
const ENDS: Readonly<Record<string, readonly [FakeInvoice['status'], readonly FakeInvoice['status'][]]>> = {
  PostInvoicesInvoicePay: ['paid', ['open', 'uncollectible']], PostInvoicesInvoiceVoid: ['void', ['open', 'uncollectible']], PostInvoicesInvoiceMarkUncollectible: ['uncollectible', ['open']],
}

type Call = { readonly id: string; readonly parameters: Record<string, unknown>; readonly key: string }
type Answer = { readonly status: number; readonly body: unknown }

export function fakeInvoices(now: () => number) {
  const invoices: FakeInvoice[] = []
  const items: FakeItem[] = []
  const notes: FakeNote[] = []
  const byKey = new Map<string, { readonly parameters: string; readonly answer: Answer }>()
  /** `lose`: the answers of so many writes from now on are lost after the work was done. */
  const trouble = { lose: 0, refuse: false }

  function answer(operation: string, call: Call): Answer {
    switch (operation) {
      case 'GetInvoices': {
        const { created, starting_after: after } = call.parameters as { created?: { gte?: string; lt?: string }; starting_after?: string }
        const all = invoices.filter((one) => one.created >= Number(created?.gte ?? 0) && one.created < Number(created?.lt ?? Infinity)).toReversed()
        const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
        return { status: 200, body: { object: 'list', url: '/v1/invoices', has_more: all.length > from + 2, data: all.slice(from, from + 2) } }
      }
      case 'GetInvoicesInvoice': {
        const found = invoices.find(({ id }) => id === call.id)
        return found === undefined ? missing(call.id) : { status: 200, body: found }
      }
      case 'GetInvoiceitems':
        return { status: 200, body: { object: 'list', url: '/v1/invoiceitems', has_more: false, data: items.filter(({ invoice }) => invoice === call.parameters['invoice']) } }
      case 'GetCreditNotes':
        return { status: 200, body: { object: 'list', url: '/v1/credit_notes', has_more: false, data: notes.filter(({ invoice }) => invoice === call.parameters['invoice']) } }
      default:
        return write(operation, call)
    }
  }

  function write(operation: string, call: Call): Answer {
    if (trouble.refuse) return { status: 400, body: { error: { type: 'invalid_request_error', message: 'This customer has no email address.' } } }
    const text = `${operation} ${call.id} ${JSON.stringify(call.parameters)}`
    const known = byKey.get(call.key)
    const done = known ?? { parameters: text, answer: work(operation, call) }
    if (known !== undefined && known.parameters !== text) return { status: 400, body: { error: { type: 'idempotency_error', message: 'Keys for idempotent requests can only be used with the same parameters they were first used with.' } } }
    if (call.key !== '') byKey.set(call.key, done)
    if (trouble.lose === 0) return done.answer
    trouble.lose -= 1
    return { status: 503, body: { error: { type: 'api_error', message: 'Stripe is having a moment' } } }
  }

  function work(operation: string, { id, parameters }: Call): Answer {
    if (operation === 'PostInvoices') {
      const invoice: FakeInvoice = {
        id: `in_fake_${invoices.length + 1}`, object: 'invoice', status: 'draft', customer: String(parameters['customer']), currency: String(parameters['currency']), number: (parameters['number'] as string | undefined) ?? null, total: 0, created: Math.floor(now() / 1000),
        collection_method: String(parameters['collection_method']), metadata: parameters['metadata'] as Record<string, string>,
      }
      invoices.push(invoice)
      return { status: 200, body: { ...invoice } }
    }
    const invoice = invoices.find((one) => one.id === (operation === 'PostInvoiceitems' || operation === 'PostCreditNotes' ? parameters['invoice'] : id))
    if (invoice === undefined) return missing(id)
    const refused = (message: string): Answer => ({ status: 400, body: { error: { type: 'invalid_request_error', message } } })
    if (operation === 'PostCreditNotes') return credit(invoice, parameters)
    const end = ENDS[operation]
    if (end !== undefined) {
      if (!end[1].includes(invoice.status)) return refused(`You can only do this with invoices that are ${end[1].join(' or ')}; this one is ${invoice.status}.`)
      invoice.status = end[0]
      return { status: 200, body: { ...invoice } }
    }
    if (invoice.status !== 'draft') return { status: 400, body: { error: { type: 'invalid_request_error', message: 'This invoice is not a draft.' } } }
    if (operation === 'PostInvoicesInvoiceFinalize') {
      invoice.status = invoice.total > 0 ? 'open' : 'paid'
      return { status: 200, body: { ...invoice } }
    }
    const item: FakeItem = { id: `ii_fake_${items.length + 1}`, object: 'invoiceitem', invoice: invoice.id, amount: Number(parameters['amount']), description: String(parameters['description']), metadata: parameters['metadata'] as Record<string, string> }
    items.push(item)
    invoice.total += item.amount
    return { status: 200, body: item }
  }

  /** A note on an open invoice takes from what is due, and one over all of it leaves nothing to pay. */
  function credit(invoice: FakeInvoice, parameters: Record<string, unknown>): Answer {
    const total = Number(parameters['amount'])
    const left = invoice.total - notes.filter(({ invoice: of, status }) => of === invoice.id && status !== 'void').reduce((sum, note) => sum + note.total, 0)
    const isPaid = invoice.status === 'paid'
    if (total > left || (invoice.status !== 'open' && !isPaid) || isPaid !== (parameters['credit_amount'] !== undefined)) return { status: 400, body: { error: { type: 'invalid_request_error', message: `The credit note of ${total} does not fit invoice ${invoice.id}, which is ${invoice.status} with ${left} left.` } } }
    const note: FakeNote = { id: `cn_fake_${notes.length + 1}`, object: 'credit_note', invoice: invoice.id, total, status: 'issued', memo: String(parameters['memo'] ?? ''), metadata: (parameters['metadata'] ?? {}) as Record<string, string> }
    notes.push(note)
    if (total === left && !isPaid) invoice.status = 'paid'
    return { status: 200, body: note }
  }

  return { invoices, items, notes, trouble, forgetKeys: () => byKey.clear(), answer }
}

function missing(id: string): Answer {
  return { status: 404, body: { error: { type: 'invalid_request_error', code: 'resource_missing', message: `No such invoice: '${id}'` } } }
}
