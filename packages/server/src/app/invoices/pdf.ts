// An invoice as PDF. The table's head is repeated on every page and no line is cut in two. The font that comes along covers Latin, Greek and
// Cyrillic; for other scripts the operator names one of its own, and what no font can show is reported, not dropped in silence.

import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { InvoiceDocument } from '@tollgate/core'
import type { Content, TableCell, TDocumentDefinitions } from 'pdfmake/interfaces.js'
import { factsOf, partyLines, printAmount, printQuantity, titleOf, totalsOf } from './printed.ts'

const MUTED = '#5b6270'
const RULE = '#e3e6ea'

type PdfMake = {
  readonly setUrlAccessPolicy: (policy: (url: string) => boolean) => void
  readonly setLocalAccessPolicy: (policy: (path: string) => boolean) => void
  readonly setFonts: (fonts: Record<string, Record<'normal' | 'bold' | 'italics' | 'bolditalics', string>>) => void
  readonly createPdf: (document: TDocumentDefinitions) => { readonly getBuffer: () => Promise<Buffer> }
}

let loaded: Promise<{ readonly pdf: PdfMake; readonly fonts: string }> | null = null

/** Loaded at the first invoice: most processes never print one. */
function load(): Promise<{ readonly pdf: PdfMake; readonly fonts: string }> {
  loaded ??= (async () => {
    const { default: pdf } = (await import('pdfmake')) as unknown as { readonly default: PdfMake }
    return { pdf, fonts: join(dirname(createRequire(import.meta.url).resolve('pdfmake/package.json')), 'fonts', 'Roboto') }
  })()
  return loaded
}

export type PdfOptions = {
  /** A TrueType or OpenType file for scripts that the default font does not have; null for the default. */
  readonly font: string | null
}

/** The bytes of the PDF. */
export async function renderInvoicePdf(document: InvoiceDocument, options: PdfOptions): Promise<Buffer> {
  const { pdf, fonts } = await load()
  const file = (name: string) => join(fonts, `Roboto-${name}.ttf`)
  const font = options.font === null ? { normal: file('Regular'), bold: file('Medium'), italics: file('Italic'), bolditalics: file('MediumItalic') } : { normal: options.font, bold: options.font, italics: options.font, bolditalics: options.font }
  const files = new Set(Object.values(font))
  pdf.setUrlAccessPolicy(() => false)
  pdf.setLocalAccessPolicy((path) => files.has(path))
  pdf.setFonts({ Roboto: font })
  return pdf.createPdf(layoutOf(document)).getBuffer()
}

function layoutOf(document: InvoiceDocument): TDocumentDefinitions {
  return {
    pageSize: 'A4',
    pageMargins: [48, 56, 48, 64],
    info: { title: titleOf(document), author: document.seller.name },
    defaultStyle: { fontSize: 9.5, lineHeight: 1.25 },
    footer: (page: number, pages: number): Content => ({
      margin: [48, 16, 48, 0], fontSize: 8, color: MUTED,
      columns: [{ text: `${document.seller.name} · ${titleOf(document)}` }, { text: `${page} / ${pages}`, alignment: 'right' }],
    }),
    content: [
      { columns: [{ text: titleOf(document), fontSize: 18, bold: true }, { width: 'auto', layout: 'noBorders', table: { body: factsOf(document).map(([label, value]) => [{ text: label, color: MUTED }, { text: value, alignment: 'right' }]) } }] },
      { margin: [0, 24, 0, 24], columns: [partyBlock('From', document.seller), partyBlock('To', document.buyer)] },
      lineTable(document),
      totalsTable(document),
      ...document.notes.map((note): Content => ({ text: note, margin: [0, 12, 0, 0] })),
    ],
  }
}

function partyBlock(label: string, party: InvoiceDocument['seller']): Content {
  const [name = '', ...rest] = partyLines(party)
  return { stack: [{ text: label, color: MUTED, fontSize: 8 }, { text: name, bold: true }, ...rest] }
}

const LINE_LAYOUT = { hLineWidth: (row: number) => (row === 0 ? 0 : 0.5), vLineWidth: () => 0, hLineColor: () => RULE, paddingTop: () => 5, paddingBottom: () => 5 }

function lineTable(document: InvoiceDocument): Content {
  const head: TableCell[] = [{ text: 'What', color: MUTED }, { text: 'Quantity', color: MUTED, alignment: 'right' }, { text: document.currency, color: MUTED, alignment: 'right' }]
  const body = document.lines.map((line): TableCell[] => [
    { stack: [line.name, { text: `${line.from} to ${line.to}`, color: MUTED, fontSize: 8 }] },
    { stack: [`${printQuantity(line.quantity)}${line.unit === null ? '' : ` ${line.unit}`}`, ...(line.included === '0' ? [] : [{ text: `${printQuantity(line.included)} included`, color: MUTED, fontSize: 8 }])], alignment: 'right' },
    { text: printAmount(line.amount, document.currency), alignment: 'right' },
  ])
  return { table: { headerRows: 1, dontBreakRows: true, widths: ['*', 'auto', 'auto'], body: [head, ...body] }, layout: LINE_LAYOUT }
}

function totalsTable(document: InvoiceDocument): Content {
  const body = totalsOf(document).map(({ label, amount, isTotal }): TableCell[] => [{ text: label, alignment: 'right', bold: isTotal }, { text: amount, alignment: 'right', bold: isTotal }])
  return { margin: [0, 8, 0, 0], unbreakable: true, table: { widths: ['*', 'auto'], body }, layout: 'noBorders' }
}

/** Characters of the document that the font in use cannot show; none for the usual one and European names. */
export async function missingCharacters(document: InvoiceDocument, options: PdfOptions): Promise<string[]> {
  const { fonts } = await load()
  const { openSync } = (await import('fontkit')) as unknown as { readonly openSync: (path: string) => { readonly hasGlyphForCodePoint: (code: number) => boolean } }
  const font = openSync(options.font ?? join(fonts, 'Roboto-Regular.ttf'))
  const texts = [...partyLines(document.seller), ...partyLines(document.buyer), ...document.lines.flatMap(({ name, unit }) => [name, unit ?? '']), ...document.notes]
  return [...new Set(texts.join(''))].filter((letter) => !font.hasGlyphForCodePoint(letter.codePointAt(0)!))
}
