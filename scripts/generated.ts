// What is generated and checked in: each file with what renders it. `npm run gen` writes them, test/generated.test.ts compares.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderClientTypes } from '../packages/server/src/api/client-types.ts'
import { renderOpenApi } from '../packages/server/src/api/openapi.ts'
import { renderErrorReference } from '../packages/server/src/api/problems.ts'
import { renderApiReference } from '../packages/server/src/api/reference.ts'
import { renderCatalogReference, renderCatalogSchema } from '../packages/server/src/app/catalog/reference.ts'
import { renderExplainSchemas } from '../packages/server/src/cli/explain.ts'
import { renderConfigReference } from '../packages/server/src/platform/config.ts'
import type { Sql } from '../packages/server/src/platform/postgres.ts'
import { renderStates } from '../packages/core/src/subscription/render-states.ts'
import { renderSchema } from './render-schema.ts'

export type Generated = {
  /** From the project's root. */
  readonly path: string
  /** `sql`: a database after all migrations and nothing else. */
  readonly render: (sql: Sql) => string | Promise<string>
}

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'packages', 'server', 'package.json'), 'utf8')) as { version: string }

export const GENERATED: readonly Generated[] = [
  { path: 'docs/reference/catalog.schema.json', render: renderCatalogSchema },
  { path: 'docs/reference/catalog.md', render: renderCatalogReference },
  { path: 'docs/reference/configuration.md', render: renderConfigReference },
  { path: 'docs/reference/openapi.json', render: () => renderOpenApi(version) },
  { path: 'docs/reference/api.md', render: () => renderApiReference(version) },
  { path: 'docs/reference/errors.md', render: renderErrorReference },
  { path: 'docs/reference/subscription-states.md', render: renderStates },
  ...[...renderExplainSchemas()].map(([name, text]) => ({ path: `docs/reference/explain/${name}`, render: () => text })),
  { path: 'packages/web/src/api/operations.ts', render: () => renderClientTypes(version) },
  { path: 'packages/server/sql/schema.sql', render: renderSchema },
]
