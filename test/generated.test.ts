// Whatever is generated and checked in is what its source makes today.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase, type TestDatabase } from '../packages/server/src/platform/test-database.ts'
import { GENERATED } from '../scripts/generated.ts'
import { renderSchema } from '../scripts/render-schema.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase({ max: 1 })
})
afterAll(() => database.drop())

test.each(GENERATED)('$path is what `npm run gen` writes', async ({ path, render }) => {
  const file = join(import.meta.dirname, '..', path)
  expect(existsSync(file) ? readFileSync(file, 'utf8') : 'not there', `${path} differs from its source: run \`npm run gen\``).toBe(await render(database.sql))
})

test('the rendered schema makes the same schema again', async () => {
  const again = await testDatabase({ empty: true, max: 1 })
  try {
    const text = await renderSchema(database.sql)
    // References before their tables: the order is by name, so checks of references wait until all is there.
    const [constraints, rest] = splitReferences(text)
    await again.sql.unsafe(rest)
    await again.sql.unsafe(constraints)
    expect(await renderSchema(again.sql)).toBe(text)
  } finally {
    await again.drop()
  }
})

test('a kind of object that the rendering does not know is told, not left out', async () => {
  const odd = await testDatabase({ empty: true, max: 1 })
  try {
    await odd.sql`create view something as select 1 as one`
    await expect(renderSchema(odd.sql)).rejects.toThrow('does not render: v something')
  } finally {
    await odd.drop()
  }
})

/** Foreign keys as statements of their own. */
function splitReferences(text: string): readonly [string, string] {
  const references: string[] = []
  let table = ''
  const rest = text.split('\n').filter((line) => {
    table = /^create table (\S+) \($/.exec(line)?.[1] ?? table
    const reference = /^ {2}(constraint \S+ FOREIGN KEY .*?),?$/.exec(line)?.[1]
    if (reference !== undefined) references.push(`alter table ${table} add ${reference};`)
    return reference === undefined
  })
  return [references.join('\n'), rest.join('\n').replaceAll(/,\n\)/g, '\n)')]
}
