// The dispute file: for a customer and a time, everything that says why it was charged what it was, with what a stranger needs to check it. Made of
// the records themselves, page by page; it computes nothing anew.

import { DAY_MS, DISPUTE_DAYS_MAX, DISPUTE_STATEMENT_EVENTS_MAX, formatInstant, formatUnits, InputError, instant, parseUnits, type CatalogDocument, type Instant, type InvoiceDocument } from '@tollgate/core'
import { catalogVersion } from '../../store/catalogs.ts'
import { contractHistory } from '../../store/contracts.ts'
import { chargedIn, countEvents, documentsOf, plansIn, versionsIn } from '../../store/disputes.ts'
import { retiredUntil } from '../../store/partitions.ts'
import type { ControlPlane } from '../control-plane.ts'
import { csvRow } from '../csv.ts'
import { contextOf, getCustomer } from '../customers.ts'
import { DATASETS, type Dataset } from '../exports/dataset.ts'
import { printDocument } from '../invoices/read.ts'
import { billingSettings } from '../invoices/settings.ts'
import { requestsPage } from '../requests.ts'
import { archive, type ArchiveFile } from './archive.ts'
import { guideText } from './guide.ts'
import { statementLines } from './statement.ts'

export type DisputeInput = { readonly customer: string; readonly from: Instant; readonly to: Instant; readonly font: string | null }

/** Checks what is asked for, then tells the archive piece by piece. */
export async function disputeFile(plane: ControlPlane, input: DisputeInput): Promise<AsyncGenerator<Uint8Array>> {
  await getCustomer(plane, input.customer)
  if (input.from >= input.to) throw new InputError({ code: 'out_of_range', field: 'to', message: 'to must not be before from' })
  if (input.to - input.from > DISPUTE_DAYS_MAX * DAY_MS) throw new InputError({ code: 'out_of_range', field: 'to', message: `at most ${DISPUTE_DAYS_MAX} days in one file` })
  return archive(filesOf(plane, input))
}

async function* filesOf(plane: ControlPlane, input: DisputeInput): AsyncGenerator<ArchiveFile> {
  const { customer } = input
  const at = plane.clock.now()
  const withEvents = (await retiredUntil(plane.sql)) === null && (await countEvents(plane.sql, customer, DISPUTE_STATEMENT_EVENTS_MAX)) <= DISPUTE_STATEMENT_EVENTS_MAX
  const documents = await documentsOf(plane.sql, input)
  yield { name: 'README.md', pieces: once(await guideOf(plane, input, { at, withEvents, documents })) }
  yield { name: 'events.csv', pieces: rowsOf(plane, DATASETS.events, input, COST_COLUMNS) }
  yield { name: 'charges.csv', pieces: rowsOf(plane, DATASETS.charges, input, []) }
  for (const version of await versionsIn(plane.sql, input)) yield { name: `prices/version-${version}.json`, pieces: once(await pricesOf(plane, input, version)) }
  yield { name: 'contract.json', pieces: once(json((await contractHistory(plane.sql, customer, CONTRACT_VERSIONS_MAX)).map(({ version, document, appliedAt }) => ({ version, applied_at: formatInstant(appliedAt), document })))) }
  yield { name: 'decisions.ndjson', pieces: decisionsOf(plane, input) }
  for (const one of documents) {
    const document = one.document as InvoiceDocument
    const name = `documents/${document.number ?? one.id}`
    yield { name: `${name}.json`, pieces: once(json({ id: one.id, state: one.state, document })) }
    yield { name: `${name}.pdf`, pieces: once((await printDocument(plane, { document, customer, id: one.id }, 'pdf', input.font)).body) }
  }
  yield { name: 'statement.ndjson', pieces: statementLines(plane, { customer, withEvents, at }) }
}

/** What providers charged us is not the customer's. */
const COST_COLUMNS: readonly string[] = ['cost', 'cost_currency']
const CONTRACT_VERSIONS_MAX = 1_000
const ROWS_PER_PAGE = 1_000

async function* rowsOf(plane: ControlPlane, dataset: Dataset, { customer, from, to }: DisputeInput, without: readonly string[]): AsyncGenerator<string> {
  const kept = dataset.columns.flatMap(([name], index) => (without.includes(name) ? [] : [index]))
  yield csvRow(kept.map((index) => dataset.columns[index]![0]))
  for (let after: readonly string[] | null = null; ; ) {
    const page = await dataset.page(plane, { from, to, customer, after, limit: ROWS_PER_PAGE })
    yield page.rows.map((row) => csvRow(kept.map((index) => row[index] ?? ''))).join('')
    if (page.next === null) return
    after = page.next
  }
}

async function* decisionsOf(plane: ControlPlane, { customer, from, to }: DisputeInput): AsyncGenerator<string> {
  for (let after: string | null = null; ; ) {
    const page = await requestsPage(plane, customer, { after, outcome: null, from, to, feature: null, run: null, model: null, limit: ROWS_PER_PAGE })
    yield page.rows.map(({ cost: _cost, upstream: _upstream, upstreamKey: _key, tried: _tried, ...row }) => `${JSON.stringify(wireNames({ ...row, time: formatInstant(row.time) }))}\n`).join('')
    if (page.next === null) return
    after = page.next
  }
}

/** Members are named as in the API. */
function wireNames(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]))
}

/** The plans that the customer was on, those that they extend, and what their meters count; the rate card is not the customer's. */
async function pricesOf(plane: ControlPlane, input: DisputeInput, version: number): Promise<string> {
  const row = await catalogVersion(plane.sql, version)
  if (row === null) throw new Error(`an event was charged under catalog version ${version}, which is not there`)
  const { document } = row
  const now = (await contextOf(plane, input.customer)).plan.id
  const named = new Set([...(await plansIn(plane.sql, input)), now])
  const plans = withParents(document, named)
  const meters = new Set(plans.flatMap((plan) => [...plan.prices.flatMap((price) => ('meter' in price ? [price.meter] : [])), ...plan.allowances.flatMap(({ meters: own }) => own)]))
  return json({ version, applied_at: formatInstant(row.appliedAt), in_force_from: formatInstant(row.inForceFrom), currency: document.currency, plans, meters: document.meters.filter(({ id }) => meters.has(id)) })
}

function withParents(document: CatalogDocument, named: ReadonlySet<string>): CatalogDocument['plans'] {
  const chosen = new Set(named)
  for (let before = -1; before !== chosen.size; ) {
    before = chosen.size
    for (const { id, parent } of document.plans) if (chosen.has(id) && parent !== undefined) chosen.add(parent)
  }
  return document.plans.filter(({ id }) => chosen.has(id))
}

async function guideOf(plane: ControlPlane, input: DisputeInput, of: { readonly at: Instant; readonly withEvents: boolean; readonly documents: readonly { readonly state: string; readonly document: unknown }[] }): Promise<string> {
  const [{ name }, settings, charged] = [await getCustomer(plane, input.customer), await billingSettings(plane), await chargedIn(plane.sql, input)]
  return guideText({
    customer: input.customer, name, seller: settings?.seller ?? null, from: formatInstant(input.from).slice(0, 10), to: formatInstant(instant(input.to - 1)).slice(0, 10), madeAt: formatInstant(of.at), withEvents: of.withEvents,
    charged: charged.map(({ asset, amount, events }) => ({ currency: asset, amount: formatUnits(parseUnits(amount, asset), asset), events: String(events) })),
    documents: of.documents.map(({ state, document: stored }) => {
      const document = stored as InvoiceDocument
      const tax = document.taxes.reduce((sum, one) => sum + parseUnits(one.amount, document.currency), 0n)
      return { number: document.number ?? '', kind: document.kind, issued: document.issued ?? '', state, net: document.taxable, tax: formatUnits(tax as never, document.currency), amountDue: document.amountDue, currency: document.currency }
    }),
  })
}

async function* once(text: string | Uint8Array): AsyncGenerator<string | Uint8Array> {
  yield text
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
