// Invoices as people read them: a page and a PDF. The page may style itself and nothing else.

import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { printDocument, printInvoice, type Printed } from '../../app/invoices/read.ts'
import { purchaseInvoice, purchaseNote } from '../../app/wallets/purchase-invoice.ts'
import { INVOICE_STYLE } from '../../app/invoices/html.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { PRINTED } from '../contract.ts'
import { readInput } from '../read-input.ts'

type Print = (params: unknown, form: 'pdf' | 'html') => Promise<Printed>

const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(INVOICE_STYLE).digest('base64')}'; frame-ancestors 'self'`

export function registerPrinted(app: FastifyInstance, parts: { readonly plane: ControlPlane; readonly font: string | null }): void {
  const invoice: Print = async (params, form) => {
    const { customer, invoice: id } = readInput(PRINTED.printInvoicePdf.params, params, 'path')
    return printInvoice(parts.plane, { customer, id }, form, parts.font)
  }
  const purchase: Print = async (params, form) => {
    const of = readInput(PRINTED.printPaymentInvoicePdf.params, params, 'path')
    return printDocument(parts.plane, { document: await purchaseInvoice(parts.plane, of), id: of.payment }, form, parts.font)
  }
  const note: Print = async (params, form) => {
    const of = readInput(PRINTED.printRefundNotePdf.params, params, 'path')
    return printDocument(parts.plane, { document: await purchaseNote(parts.plane, of), id: of.refund }, form, parts.font)
  }
  for (const [operation, form, print] of [['printRefundNotePdf', 'pdf', note], ['printRefundNoteHtml', 'html', note], ['printInvoicePdf', 'pdf', invoice], ['printInvoiceHtml', 'html', invoice], ['printPaymentInvoicePdf', 'pdf', purchase], ['printPaymentInvoiceHtml', 'html', purchase]] as const) {
    const route = PRINTED[operation]
    app.route({
      method: route.method,
      url: route.path.replace(/\{(\w+)\}/g, ':$1'),
      config: { operation },
      handler: async (request, reply) => {
        const printed = await print(request.params, form)
        if (form === 'html') reply.header('content-security-policy', PAGE_POLICY)
        return reply.headers({ 'content-type': printed.type, 'content-disposition': `inline; filename="${printed.name}"` }).send(printed.body)
      },
    })
  }
}
