// An invoice as a page: for a browser, a mail, or printing. It holds no script and loads nothing.

import type { InvoiceDocument } from '@tollgate/core'
import { factsOf, partyLines, printAmount, printQuantity, titleOf, totalsOf } from './printed.ts'

export const INVOICE_STYLE = `
body{font:14px/1.5 system-ui,sans-serif;color:#16181d;max-width:52rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}header,section.parties{display:flex;justify-content:space-between;gap:2rem;flex-wrap:wrap}
dl{display:grid;grid-template-columns:auto auto;gap:0 1rem;margin:0}dt{color:#5b6270}dd{margin:0;text-align:right}
address{font-style:normal;white-space:pre-line}table{border-collapse:collapse;width:100%;margin:2rem 0}
th,td{padding:.35rem .5rem;text-align:left;vertical-align:top;border-bottom:1px solid #e3e6ea}th{color:#5b6270;font-weight:500}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}small{color:#5b6270}tfoot td{border:0}tfoot .total td{font-weight:600;border-top:1px solid #16181d}
@media print{body{margin:0;max-width:none}thead{display:table-header-group}tr{break-inside:avoid}}`

export function renderInvoiceHtml(document: InvoiceDocument): string {
  const { currency } = document
  const facts = factsOf(document).map(([label, value]) => `<dt>${escape(label)}</dt><dd>${escape(value)}</dd>`)
  const lines = document.lines.map((line) => {
    const included = line.included === '0' ? '' : `<br><small>${escape(printQuantity(line.included))} included</small>`
    return `<tr><td>${escape(line.name)}<br><small>${line.from} to ${line.to}</small></td><td class="n">${escape(printQuantity(line.quantity))}${line.unit === null ? '' : ` ${escape(line.unit)}`}${included}</td><td class="n">${printAmount(line.amount, currency)}</td></tr>`
  })
  const totals = totalsOf(document).map(({ label, amount, isTotal }) => `<tr${isTotal ? ' class="total"' : ''}><td colspan="2" class="n">${escape(label)}</td><td class="n">${amount}</td></tr>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(titleOf(document))}</title><style>${INVOICE_STYLE}</style></head><body>
<header><h1>${escape(titleOf(document))}</h1><dl>${facts.join('')}</dl></header>
<section class="parties"><address><small>From</small>\n${partyLines(document.seller).map(escape).join('\n')}</address><address><small>To</small>\n${partyLines(document.buyer).map(escape).join('\n')}</address></section>
<table><thead><tr><th>What</th><th class="n">Quantity</th><th class="n">${escape(currency)}</th></tr></thead><tbody>${lines.join('\n')}</tbody><tfoot>${totals.join('\n')}</tfoot></table>
${document.notes.map((note) => `<p>${escape(note)}</p>`).join('\n')}
</body></html>
`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
}
