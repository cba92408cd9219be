// What is generated and checked in: each file with what renders it. `npm run gen` writes them, test/generated.test.ts compares.

import { renderCatalogReference, renderCatalogSchema } from '../packages/server/src/app/catalog/reference.ts'
import { renderConfigReference } from '../packages/server/src/platform/config.ts'
import type { Sql } from '../packages/server/src/platform/postgres.ts'
import { renderSchema } from './render-schema.ts'

export type Generated = {
  /** From the project's root. */
  readonly path: string
  /** `sql`: a database after all migrations and nothing else. */
  readonly render: (sql: Sql) => string | Promise<string>
}

export const GENERATED: readonly Generated[] = [
  { path: 'docs/reference/catalog.schema.json', render: renderCatalogSchema },
  { path: 'docs/reference/catalog.md', render: renderCatalogReference },
  { path: 'docs/reference/configuration.md', render: renderConfigReference },
  { path: 'packages/server/sql/schema.sql', render: renderSchema },
]
