// A mail in the language and zone of whom it goes to. Amounts stay decimal text until Intl formats them; nothing that a tenant wrote is in the
// question to an address that has not said yes.

import { languageOf } from '@tollgate/core'
import type { ClaimedMail, RecipientRow } from '../../store/mail.ts'
import type { CustomerRow } from '../../store/customers.ts'
import type { ControlPlane } from '../control-plane.ts'
import { oneClickLink, pageLink } from './links.ts'
import type { Mail } from './port.ts'
import { WORDS } from './words.ts'

type Parts = { readonly mail: Pick<ClaimedMail, 'id' | 'kind' | 'payload'>; readonly person: RecipientRow; readonly customer: Pick<CustomerRow, 'name' | 'timeZone' | 'locale'> }
type Threshold = { readonly name: string; readonly percent: number; readonly limit: string; readonly used: string; readonly unit: string; readonly period: { readonly end: string } }
type Low = { readonly asset: string; readonly balance: string; readonly threshold: string; readonly top_up_url?: string }
type Ending = { readonly asset: string; readonly remaining: string; readonly expires_at: string }

export function composeMail(plane: Pick<ControlPlane, 'masterKey' | 'links'>, { mail, person, customer }: Parts): Mail {
  const locale = person.locale ?? customer.locale ?? 'en'
  const language = languageOf(locale)
  const words = WORDS[language]
  const base = { to: person.email, language, messageId: `<mail-${mail.id}.${person.id}@tollgate>` }
  if (mail.kind === 'confirm')
    return { ...base, subject: words.confirm.subject(customer.name), text: words.confirm.text({ customer: customer.name, link: pageLink(plane, 'confirm', person, language) }), headers: {} }
  const { subject, text } = told({ mail, customer, locale })
  const leave = words.leave({ customer: customer.name, link: pageLink(plane, 'leave', person, language) })
  return { ...base, subject, text: `${text}\n\n--\n${leave}\n`, headers: { 'list-unsubscribe': `<${oneClickLink(plane, person)}>`, 'list-unsubscribe-post': 'List-Unsubscribe=One-Click' } }
}

function told({ mail: { kind, payload }, customer: { name: customer, timeZone }, locale }: Pick<Parts, 'mail' | 'customer'> & { readonly locale: string }): { readonly subject: string; readonly text: string } {
  const words = WORDS[languageOf(locale)]
  const at = (time: string) => `${new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone }).format(new Date(time))} (${timeZone})`
  const amount = (text: string, unit: string) => formatAmount(locale, text, unit)
  if (kind === 'budget.threshold') {
    const { name: budget, percent, limit, used, unit, period } = payload as Threshold
    const facts = { customer, budget, percent: new Intl.NumberFormat(locale, { style: 'percent' }).format(percent / 100), used: amount(used, unit), limit: amount(limit, unit) }
    const isForEver = Date.parse(period.end) > FOR_EVER
    return { subject: words.threshold.subject(facts), text: [words.threshold.text(facts), ...(isForEver ? [] : [words.threshold.anew(at(period.end))]), ...(percent >= 100 ? [words.threshold.full] : [])].join('\n') }
  }
  if (kind === 'credits.low') {
    const { asset, balance, threshold, top_up_url: topUp } = payload as Low
    const facts = { customer, balance: amount(balance, asset), threshold: amount(threshold, asset) }
    return { subject: words.low.subject(facts), text: [words.low.text(facts), ...(topUp === undefined ? [] : [words.low.topUp(topUp)])].join('\n') }
  }
  const { asset, remaining, expires_at: expires } = payload as Ending
  const facts = { customer, amount: amount(remaining, asset), time: at(expires) }
  return { subject: words.ending.subject(facts), text: words.ending.text(facts) }
}

/** A budget without a window ends with time itself. */
const FOR_EVER = Date.UTC(9000, 0)
/** Cents; below one unit as many places as show something. */
const decimalsOf = (text: string) => (/^-?0(\.|$)/.test(text) ? 6 : 2)

function formatAmount(locale: string, text: string, unit: string): string {
  const isMoney = /^[A-Z]{3}$/.test(unit)
  const format = new Intl.NumberFormat(locale, isMoney ? { style: 'currency', currency: unit, minimumFractionDigits: 2, maximumFractionDigits: decimalsOf(text) } : { maximumFractionDigits: decimalsOf(text) })
  return `${format.format(text as Intl.StringNumericLiteral)}${isMoney ? '' : ` ${unit.replaceAll('_', ' ')}`}`
}
