// The document of a contract as the API tells it, and as the text that a person edits: what is not said is left out, so that the text is
// as short as one written by hand.

type Term = { readonly id: string; readonly name?: string; readonly override: string }
export type Terms = {
  readonly discounts: readonly { readonly id: string; readonly name?: string; readonly on: string; readonly of: string | null; readonly percent: string | null; readonly amount: string | null }[]
  readonly prices: readonly (Term & { readonly meter?: string; readonly model?: string; readonly amount?: string; readonly per?: string })[]
  readonly fee: string | null
  readonly allowances: readonly (Term & { readonly quantity: string })[]
  readonly limits: readonly (Term & { readonly quantity: string; readonly window: string })[]
  readonly commitment: { readonly minimum: string | null; readonly maximum: string | null; readonly window: string; readonly counts: string } | null
}
export type ContractDocument = { readonly name: string; readonly from: string; readonly to: string | null; readonly phases: readonly (Terms & { readonly from: string })[] }

export function phasesOf({ phases }: ContractDocument): ContractDocument['phases'] {
  return phases.toSorted((a, b) => (a.from < b.from ? -1 : 1))
}

/** As YAML. A contract of one phase is written without phases. */
export function contractText({ phases: [first, ...rest], ...document }: ContractDocument): string {
  if (first === undefined || rest.length > 0) return yamlText({ ...document, phases: [...(first === undefined ? [] : [first]), ...rest] })
  const { from: _, ...terms } = first
  return yamlText({ ...document, ...terms })
}

function yamlText(document: Readonly<Record<string, unknown>>): string {
  return membersOf(document).map(([name, value]) => (Array.isArray(value) ? `${name}:\n${value.map((one) => `  - ${flowText(one)}\n`).join('')}` : `${name}: ${flowText(value)}\n`)).join('')
}

/** In one line, as YAML reads it: texts that could be read as something else are quoted. */
function flowText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowText).join(', ')}]`
  if (typeof value === 'object' && value !== null) return `{ ${membersOf(value as Readonly<Record<string, unknown>>).map(([name, one]) => `${name}: ${flowText(one)}`).join(', ')} }`
  const text = typeof value === 'string' ? value : String(value)
  return /^(?:[A-Za-z][\w-]*|\d+(?:\.\d+)?|\d{4}-\d{2}-\d{2})$/.test(text) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(text) ? text : JSON.stringify(text)
}

/** What says what it is stands first; the API tells members in no order. */
const ORDER = ['override', 'id', 'name', 'from', 'to', 'on', 'of', 'meter', 'meters', 'model', 'minimum', 'maximum', 'percent', 'amount', 'quantity', 'per', 'window', 'phases', 'fee', 'discounts', 'prices', 'allowances', 'limits', 'commitment']

function membersOf(value: Readonly<Record<string, unknown>>): [string, unknown][] {
  const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
  return Object.entries(value).toSorted(([a], [b]) => place(a) - place(b)).filter(([, one]) => one !== null && one !== undefined && !(Array.isArray(one) && one.length === 0))
}
