// Words for components: from a context, so that one page has one language. The console names none and has English.

import type { Language } from '@tollgate/core'
import { createContext, use, type ReactNode } from 'react'
import { ENGLISH, type Spoken, type Words } from './speech.ts'

export { termOf, titleTerm, type Words } from './speech.ts'

const Context = createContext<Spoken>(ENGLISH)

export function WordsProvider({ spoken, children }: { readonly spoken: Spoken; readonly children: ReactNode }) {
  return <Context value={spoken}>{children}</Context>
}

export function useWords(): Words {
  return use(Context).words
}

/** What the page was asked to speak, with its region; undefined where nobody said. */
export function useLocale(): string | undefined {
  return use(Context).locale
}

export function useLanguage(): Language {
  return use(Context).language
}
