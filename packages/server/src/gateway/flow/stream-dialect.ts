// What differs between the streams of the surfaces, as data for the one stream meter: where usage may stand, which event is the
// last, where the produced text is. Patterns look for members of JSON by their quotes, which inside of text are escaped.

export type StreamDialect = {
  /** What makes a chunk worth splitting into its events: usage, an error, the end. */
  readonly notable: RegExp
  /** The event that ends the stream, held until its charge is written; null where only the end of the body is one. */
  readonly end: RegExp | null
  /** What the last pieces have where no event is the last one: without it the stream ended early. */
  readonly closing: RegExp | null
  /** The end event tells usage itself. */
  readonly endTells: boolean
  /** Where events name the model. */
  readonly model: RegExp
  /** What an event with a piece of the answer has, and the members that hold its text, the usual one first. */
  readonly pieceMark: string
  readonly pieces: readonly string[]
  /** How the usual piece goes on behind its mark, up to its text; null where none is usual. */
  readonly usualPiece: string | null
  /** An event with a problem of the provider. */
  readonly isError: (data: Readonly<Record<string, unknown>>) => boolean
}
