// Renders the schema of a migrated database as SQL from PostgreSQL's own catalogs, because the embedded server comes without pg_dump.
// Invariant: the same schema gives the same text, whatever the order of its migrations: everything is sorted by name, columns by
// position. What it does not render (types, views, grants, sequences of identities) does not occur, and a test fails if it does.

import type { Sql } from '../packages/server/src/platform/postgres.ts'

/** The tables that start-up makes by the calendar are left out: they follow from their parent. */
export async function renderSchema(sql: Sql): Promise<string> {
  await refuseUnknownKinds(sql)
  const functions = await sql<{ definition: string }[]>`
    select pg_get_functiondef(p.oid) as definition from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'public' order by p.proname, p.oid`
  const tables = await sql<Table[]>`
    select c.oid::int as oid, c.relname as name, pg_get_partkeydef(c.oid) as partition_by, pg_get_expr(c.relpartbound, c.oid) as bound, i.inhparent::regclass::text as parent
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_inherits i on i.inhrelid = c.oid
    where n.nspname = 'public' and c.relkind in ('r', 'p') and (c.relpartbound is null or pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT')
    order by c.relname`
  const parts = [PREFACE, ...functions.map(({ definition }) => `${definition.trimEnd()};`)]
  for (const table of tables) parts.push(await renderTable(sql, table))
  return `${parts.join('\n\n')}\n`
}

const PREFACE = '-- The schema after all migrations. Made by `npm run gen`; change it with a new migration beside this file.'

type Table = { readonly oid: number; readonly name: string; readonly partition_by: string | null; readonly bound: string | null; readonly parent: string | null }

async function renderTable(sql: Sql, table: Table): Promise<string> {
  if (table.parent !== null) return `create table ${table.name} partition of ${table.parent} ${table.bound?.toLowerCase()};`
  const columns = await sql<{ name: string; type: string; required: boolean; value: string | null; identity: string; generated: string }[]>`
    select quote_ident(a.attname) as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
      pg_get_expr(d.adbin, d.adrelid) as value, a.attidentity as identity, a.attgenerated as generated
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = ${table.oid} and a.attnum > 0 and not a.attisdropped order by a.attnum`
  const constraints = await sql<{ name: string; definition: string }[]>`
    select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
    where conrelid = ${table.oid} and contype in ('p', 'u', 'f', 'c', 'x') and conparentid = 0
    order by array_position(array['p', 'u', 'f', 'c', 'x'], contype::text), conname`
  const indexes = await sql<{ definition: string }[]>`
    select pg_get_indexdef(i.indexrelid) as definition from pg_index i
    where i.indrelid = ${table.oid} and not exists (select from pg_constraint c where c.conindid = i.indexrelid) order by i.indexrelid::regclass::text`
  const triggers = await sql<{ definition: string }[]>`
    select pg_get_triggerdef(oid) as definition from pg_trigger where tgrelid = ${table.oid} and not tgisinternal order by tgname`
  const lines = [
    ...columns.map(({ name, type, required, value, identity, generated }) =>
      [name, type, identity === 'a' ? 'generated always as identity' : '', generated === 's' ? `generated always as (${value}) stored` : value === null ? '' : `default ${value}`, required ? 'not null' : ''].filter((word) => word !== '').join(' ')),
    ...constraints.map(({ name, definition }) => `constraint ${name} ${definition}`),
  ]
  return [
    `create table ${table.name} (\n${lines.map((line) => `  ${line}`).join(',\n')}\n)${table.partition_by === null ? '' : ` partition by ${table.partition_by}`};`,
    ...[...indexes, ...triggers].map(({ definition }) => `${definition};`),
  ].join('\n')
}

/** A kind of object that this file does not know would be missing in silence. */
async function refuseUnknownKinds(sql: Sql): Promise<void> {
  const unknown = await sql<{ what: string }[]>`
    select c.relkind::text || ' ' || c.relname as what from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind not in ('r', 'p', 'i', 'I', 'S')
    union all
    select 'type ' || t.typname from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where n.nspname = 'public' and t.typtype::text in ('e', 'd', 'r', 'm')
    union all
    select 'sequence ' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind = 'S' and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'i')`
  if (unknown.length > 0) throw new Error(`scripts/render-schema.ts does not render: ${unknown.map(({ what }) => what).join(', ')}. Teach it to.`)
}
