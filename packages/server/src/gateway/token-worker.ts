// The thread that loads the tokenizer and counts. One encoding for all models: a count made here is an estimate, and the
// encodings of the current models differ by a few percent.

import { parentPort } from 'node:worker_threads'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'

parentPort?.on('message', ({ id, question }: { readonly id: number; readonly question: string }) => {
  // Text that looks like a special token is counted as the text it is.
  parentPort?.postMessage({ id, answer: countTokens(question, { disallowedSpecial: new Set<string>() }) })
})
