// Invoices as people read them: a page and a PDF. The page may style itself and nothing else.

import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { printInvoice } from '../../app/invoices/read.ts'
import { INVOICE_STYLE } from '../../app/invoices/html.ts'
import type { ControlPlane } from '../../app/control-plane.ts'
import { PRINTED } from '../contract.ts'
import { readInput } from '../read-input.ts'

const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(INVOICE_STYLE).digest('base64')}'; frame-ancestors 'self'`

export function registerPrinted(app: FastifyInstance, parts: { readonly plane: ControlPlane; readonly font: string | null }): void {
  for (const [operation, form] of [['printInvoicePdf', 'pdf'], ['printInvoiceHtml', 'html']] as const) {
    const route = PRINTED[operation]
    app.route({
      method: route.method,
      url: route.path.replace(/\{(\w+)\}/g, ':$1'),
      config: { operation },
      handler: async (request, reply) => {
        const { customer, invoice } = readInput(route.params, request.params, 'path')
        const printed = await printInvoice(parts.plane, { customer, id: invoice }, form, parts.font)
        if (form === 'html') reply.header('content-security-policy', PAGE_POLICY)
        return reply.headers({ 'content-type': printed.type, 'content-disposition': `inline; filename="${printed.name}"` }).send(printed.body)
      },
    })
  }
}
