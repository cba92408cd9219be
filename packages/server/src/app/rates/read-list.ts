// Which public price list a text is, by its shape, and its entries: LiteLLM's map, pydantic's genai-prices, models.dev's list, or our
// own format, a YAML file with `rates`. What a list says is checked as any rate is; an entry that would not stand is passed over.

import { InputError, validateRates, type RateDocument } from '@tollgate/core'
import * as z from 'zod'
import { fields, list, text } from '../catalog/fields.ts'
import { rate } from '../catalog/schema.ts'
import { readYaml } from '../catalog/yaml-source.ts'
import { readGenai } from './genai-list.ts'
import { fieldsOf, parseList } from './list-json.ts'
import type { ReadList } from './listed-rate.ts'
import { readLitellm } from './litellm-list.ts'
import { readModelsDev } from './models-dev-list.ts'

/** Our own format: the rates of a catalog, with who says so. */
export const rateFile = fields('Rate file', {
  source: text({ description: 'Name of the list: entries of one source follow each other, those of two disagree.', example: 'finance' }).default('own'),
  rates: list(rate, { description: 'Entries as in a catalog.' }),
}, 'Rates to import.')

export type PriceList = { readonly name: string; readonly content: string }

/** @throws InputError when the text is none of the shapes. */
export function readPriceList(given: PriceList, options: { readonly from: string }): ReadList {
  const read = /^\s*[[{]/.test(given.content) ? readPublic(given, options) : readOwn(given)
  const skipped: Record<string, number> = { ...read.skipped }
  const rates = read.rates.filter(({ rate: entry }) => {
    const isFine = !validateRates([entry]).some(({ level }) => level === 'error')
    if (!isFine) skipped['not a valid rate'] = (skipped['not a valid rate'] ?? 0) + 1
    return isFine
  })
  return { ...read, rates, skipped }
}

function readPublic(given: PriceList, options: { readonly from: string }): ReadList {
  const value = parseList(given.content, given.name)
  if (Array.isArray(value)) return readGenai(value, options)
  const entries = Object.values(fieldsOf(value)).map(fieldsOf)
  if (entries.some((entry) => entry['litellm_provider'] !== undefined)) return readLitellm(fieldsOf(value), options)
  if (entries.some((entry) => typeof entry['models'] === 'object')) return readModelsDev(fieldsOf(value), options)
  throw new InputError({ code: 'invalid_price_list', field: 'lists', message: `${given.name} is no price list that is known here: LiteLLM's map, genai-prices, models.dev's list, or a YAML file with \`rates\`` })
}

function readOwn(given: PriceList): ReadList {
  const source = readYaml(given.content)
  const refuse = (message: string) => new InputError({ code: 'invalid_price_list', field: 'lists', message: `${given.name}: ${message}` })
  if (source.kind === 'faulty') throw refuse(`line ${source.faults[0]!.line}: ${source.faults[0]!.message}`)
  const parsed = rateFile.safeParse(source.value)
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error).slice(0, 1000))
  const [problem] = validateRates(parsed.data.rates).filter(({ level }) => level === 'error')
  if (problem !== undefined) throw refuse(`${problem.path.join('.')}: ${problem.message}`)
  const { source: name, rates } = parsed.data
  return { source: name, rates: rates.map((entry: RateDocument) => ({ rate: { ...entry, source: entry.source ?? name }, assumed: [] })), skipped: {} }
}
