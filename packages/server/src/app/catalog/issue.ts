// A problem of a catalog file with its place: what `catalog validate` prints, and what the API answers to a catalog that it
// refuses. Lines and columns count from 1.

import type { CatalogPath } from '@tollgate/core'

export type CatalogIssue = {
  readonly level: 'error' | 'warning'
  /** Where in the document, such as `plans[0].prices[1].amount`; empty for the file as a whole. */
  readonly path: string
  /** The overlay that it stands in; not there for the catalog file itself. */
  readonly file?: string
  readonly line: number
  readonly column: number
  /** Stable, such as `unknown_field`. */
  readonly code: string
  /** What is wrong and what to do, in a sentence. */
  readonly message: string
  /** What to write instead, where it is known. */
  readonly suggestion: string | null
}

/** An issue whose place is still a path, before the file is asked for line and column. */
export type UnplacedIssue = Omit<CatalogIssue, 'path' | 'file' | 'line' | 'column'> & {
  readonly path: CatalogPath
  /** Point at the field's name rather than at its value. */
  readonly atKey: boolean
}

/** `catalog.yaml:12:5: message`, as compilers print it; a warning says so. */
export function formatIssue(issue: CatalogIssue, file: string): string {
  return `${issue.file ?? file}:${issue.line}:${issue.column}: ${issue.level === 'warning' ? 'warning: ' : ''}${issue.message}`
}
