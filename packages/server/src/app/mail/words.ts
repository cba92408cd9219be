// The words of mails, by language: the compiler sees to it that none is missing in any.

import type { Language, WordsLike } from '@tollgate/core'
import { de } from './words/de.ts'
import { en } from './words/en.ts'
import { es } from './words/es.ts'
import { fr } from './words/fr.ts'

export type MailWords = WordsLike<typeof en>
export const WORDS: Readonly<Record<Language, MailWords>> = { en, de, fr, es }
