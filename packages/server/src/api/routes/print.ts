// Invoices and credit notes as people read them, a page and a PDF, and as programs do, XML. The page may style itself and nothing else.

import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { printDocument, printInvoice, printNote, type Printed, type PrintedForm } from '../../app/invoices/read.ts'
import { purchaseInvoice, purchaseNote } from '../../app/wallets/purchase-invoice.ts'
import { INVOICE_STYLE } from '../../app/invoices/html.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { PRINTED } from '../contract.ts'
import { readInput } from '../read-input.ts'

type Print = (params: unknown, form: PrintedForm) => Promise<Printed>

const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(INVOICE_STYLE).digest('base64')}'; frame-ancestors 'self'`
const FORMS = { Pdf: 'pdf', Html: 'html', Xml: 'xml' } as const satisfies Record<string, PrintedForm>

export function registerPrinted(app: FastifyInstance, { plane, font }: { readonly plane: ControlPlane; readonly font: string | null }): void {
  const prints: Readonly<Record<'printInvoice' | 'printCreditNote' | 'printPaymentInvoice' | 'printRefundNote', Print>> = {
    printInvoice: (params, form) => {
      const { customer, invoice: id } = readInput(PRINTED.printInvoicePdf.params, params, 'path')
      return printInvoice(plane, { customer, id }, form, font)
    },
    printCreditNote: (params, form) => {
      const { customer, note: id } = readInput(PRINTED.printCreditNotePdf.params, params, 'path')
      return printNote(plane, { customer, id }, form, font)
    },
    printPaymentInvoice: async (params, form) => {
      const of = readInput(PRINTED.printPaymentInvoicePdf.params, params, 'path')
      return printDocument(plane, { document: await purchaseInvoice(plane, of), customer: of.customer, id: of.payment }, form, font)
    },
    printRefundNote: async (params, form) => {
      const of = readInput(PRINTED.printRefundNotePdf.params, params, 'path')
      return printDocument(plane, { document: await purchaseNote(plane, of), customer: of.customer, id: of.refund }, form, font)
    },
  }
  for (const [what, print] of Object.entries(prints) as [keyof typeof prints, Print][]) {
    for (const [suffix, form] of Object.entries(FORMS) as [keyof typeof FORMS, PrintedForm][]) {
      const operation = `${what}${suffix}` as const
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
}
