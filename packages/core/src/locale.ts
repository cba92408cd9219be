// Languages that the words of pages, mails and invoices are written in, and which of them a locale asks for. A locale also says how numbers and
// dates look, which the runtime's Intl knows for all of them; words fall back to English.

export const LANGUAGES = ['en', 'de', 'fr', 'es'] as const
export type Language = (typeof LANGUAGES)[number]

/** A language, and whatever else: region, script. */
const LOCALE = /^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/

/** Whether it has the form of a BCP 47 tag as short as people need. */
export function isLocale(text: string): boolean {
  return LOCALE.test(text)
}

/** The language of a locale, English where nobody wrote the words of it. */
export function languageOf(locale: string | null): Language {
  const wanted = locale?.split('-', 1)[0]
  return LANGUAGES.find((language) => language === wanted) ?? 'en'
}

/** The words of one language: text, or a text with gaps. Every language has exactly the words of the first, or it does not compile. */
export type WordsLike<Words> = { readonly [Name in keyof Words]: Words[Name] extends string ? string : Words[Name] extends (...given: infer Given) => string ? (...given: Given) => string : WordsLike<Words[Name]> }
