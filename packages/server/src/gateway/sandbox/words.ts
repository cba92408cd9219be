// The sandbox's language: an answer is made of words drawn by the prompt's hash, so the same prompt always gets the same answer,
// and a token is a word or a stretch of one. No model, no randomness.

import { createHash } from 'node:crypto'

const WORDS = [
  'a', 'answer', 'because', 'before', 'budget', 'careful', 'clear', 'count', 'each', 'every', 'exact', 'first', 'from', 'gives', 'here', 'holds', 'idea', 'in', 'is', 'it',
  'keeps', 'limit', 'little', 'meter', 'model', 'never', 'of', 'one', 'only', 'plain', 'price', 'question', 'reads', 'request', 'result', 'same', 'shows', 'simple', 'small',
  'so', 'stream', 'that', 'the', 'then', 'this', 'token', 'usage', 'what', 'which', 'word', 'words', 'your',
] as const

/** Answers without a length of their own have this many words, by the prompt. */
const LENGTH_MIN = 120
const LENGTH_SPAN = 120

/** `length` words, or as many as the prompt's hash says. Joined without a space they are the answer. */
export function wordsFor(prompt: string, choice: number, length: number | null): string[] {
  const seed = createHash('sha256').update(`${choice}\n${prompt}`).digest()
  const count = length ?? LENGTH_MIN + (seed[0]! % LENGTH_SPAN)
  let state = seed.readUInt32LE(4)
  return Array.from({ length: count }, (_, index) => {
    // A linear congruential step (Numerical Recipes) is plenty for choosing words.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const word = WORDS[(state >>> 8) % WORDS.length]!
    return index === 0 ? word[0]!.toUpperCase() + word.slice(1) : ` ${word}`
  })
}

/** Letters and digits count one token per six characters, every other character but space one. Never more than the text has bytes. */
export function countTokens(text: string): number {
  let tokens = 0
  for (const [match] of text.matchAll(/[A-Za-z0-9]+|[^\sA-Za-z0-9]/gu)) tokens += Math.ceil(match.length / 6)
  return tokens
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}
