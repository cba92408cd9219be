// Prices of plans in the languages of pages: amounts and counts as the locale writes them. Without a locale they are as the catalog writes them.

import { languageOf, PLAIN_PRICE_WORDS, type Language, type PriceWords } from '@tollgate/core'

type Said = Omit<PriceWords, 'money' | 'count' | 'percent'> & { readonly followsProvider: string; readonly periods: Readonly<Record<string, string>> }

const SAID: Readonly<Record<Language, Said>> = {
  en: { ...PLAIN_PRICE_WORDS, followsProvider: 'follows the price of the provider', periods: {} },
  de: {
    per: (count) => ` je ${count}`, upTo: (count) => ` bis ${count}`, atLeast: (amount) => `, mindestens ${amount}`, atMost: (amount) => `, höchstens ${amount}`, next: ', danach ', otherwise: 'sonst', wholePackages: ', in ganzen Paketen', costPlus: (percent) => `Kosten des Anbieters + ${percent}`, asEventSays: 'wie das Ereignis angibt',
    forEach: (amount, outcomes) => `${amount} je Ergebnis (${outcomes.join(', ')})`, each: (amount, period) => `${amount} pro ${period}`, andSeat: ' und Platz', afterwards: ', nachträglich', followsProvider: 'folgt dem Preis des Anbieters', periods: { day: 'Tag', week: 'Woche', month: 'Monat', quarter: 'Quartal', year: 'Jahr' },
  },
  fr: {
    per: (count) => ` pour ${count}`, upTo: (count) => ` jusqu’à ${count}`, atLeast: (amount) => `, au moins ${amount}`, atMost: (amount) => `, au plus ${amount}`, next: ', puis ', otherwise: 'sinon', wholePackages: ', par paquets entiers', costPlus: (percent) => `coût du fournisseur + ${percent}`, asEventSays: 'selon chaque événement',
    forEach: (amount, outcomes) => `${amount} par résultat (${outcomes.join(', ')})`, each: (amount, period) => `${amount} par ${period}`, andSeat: ' et par siège', afterwards: ', à terme échu', followsProvider: 'suit le prix du fournisseur', periods: { day: 'jour', week: 'semaine', month: 'mois', quarter: 'trimestre', year: 'an' },
  },
  es: {
    per: (count) => ` por ${count}`, upTo: (count) => ` hasta ${count}`, atLeast: (amount) => `, como mínimo ${amount}`, atMost: (amount) => `, como máximo ${amount}`, next: ', después ', otherwise: 'si no', wholePackages: ', en paquetes enteros', costPlus: (percent) => `coste del proveedor + ${percent}`, asEventSays: 'según cada evento',
    forEach: (amount, outcomes) => `${amount} por resultado (${outcomes.join(', ')})`, each: (amount, period) => `${amount} al ${period}`, andSeat: ' y por plaza', afterwards: ', a periodo vencido', followsProvider: 'sigue el precio del proveedor', periods: { day: 'día', week: 'semana', month: 'mes', quarter: 'trimestre', year: 'año' },
  },
}

const DECIMALS_MAX = 12

/** How prices are said; `followsProvider` stands for one whose margin is the operator's. */
export function priceWords(locale: string | null): PriceWords & { readonly followsProvider: string } {
  if (locale === null) return { ...PLAIN_PRICE_WORDS, followsProvider: SAID.en.followsProvider }
  const { periods, ...said } = SAID[languageOf(locale)]
  const number = (text: string, options: Intl.NumberFormatOptions = {}) => new Intl.NumberFormat(locale, { maximumFractionDigits: DECIMALS_MAX, ...options }).format(text as Intl.StringNumericLiteral)
  return {
    ...said,
    money: (amount, asset) => (/^[A-Z]{3}$/.test(asset) ? number(amount, { style: 'currency', currency: asset, minimumFractionDigits: 2 }) : `${number(amount)} ${asset}`),
    count: (text) => number(text), percent: (text) => `${number(text)} %`, each: (amount, period) => said.each(amount, periods[period] ?? period),
  }
}
