// Words by language, without a framework: English is part of every page; another language is loaded when somebody speaks it.

import { languageOf, type Language, type WordsLike } from '@tollgate/core'
import { speak, words as plain } from '../parts/format.ts'
import { en } from './en.ts'

export type Words = WordsLike<typeof en>
export type Spoken = { readonly language: Language; readonly words: Words; /** What was asked for, with its region; left out where nobody said. */ readonly locale?: string }
export const ENGLISH: Spoken = { language: 'en', words: en }

const LOADERS: Readonly<Record<Exclude<Language, 'en'>, () => Promise<Words>>> = {
  de: async () => (await import('./de.ts')).de,
  fr: async () => (await import('./fr.ts')).fr,
  es: async () => (await import('./es.ts')).es,
}

/** The words of a locale's language. */
export async function loadWords(locale: string): Promise<Spoken> {
  const language = languageOf(locale)
  return { locale, language, words: language === 'en' ? en : await LOADERS[language]() }
}

/** Numbers, dates and units are written so from now on; days begin where `timeZone` says. */
export function speakAs({ locale = 'en', language, words }: Spoken, timeZone: string | null): void {
  speak({ locale, timeZone, unit: language === 'en' ? null : (name) => termOf(words, name) })
}

/** Both, for a page that has one language. */
export async function speakLocale(locale: string, timeZone: string | null): Promise<Spoken> {
  const spoken = await loadWords(locale)
  speakAs(spoken, timeZone)
  return spoken
}

/** A word of the API in the language of the page; as the API writes it where nobody translated it. */
export function termOf({ terms }: Pick<Words, 'terms'>, name: string): string {
  return (terms as Readonly<Record<string, string>>)[name] ?? plain(name).toLowerCase()
}

/** With a capital. */
export function titleTerm(words: Pick<Words, 'terms'>, name: string): string {
  const text = termOf(words, name)
  return text.charAt(0).toUpperCase() + text.slice(1)
}
