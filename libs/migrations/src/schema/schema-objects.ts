import type { ClientBase } from 'pg';
import { z } from 'zod';
import { queryRows } from '../query-rows.ts';

/** One part of a schema: a column, constraint, index, trigger, function, view, comment, or a kind that no migration creates. */
export const schemaObjectSchema = z.object({
  kind: z.enum([
    'column',
    'constraint',
    'foreign key',
    'index',
    'trigger',
    'function',
    'view',
    'comment',
    'other',
  ]),
  /** The table it belongs to; empty for functions, views and others. */
  table: z.string(),
  name: z.string(),
  /** As PostgreSQL prints it, without kind, table and name. */
  definition: z.string(),
});
export type SchemaObject = z.infer<typeof schemaObjectSchema>;

/** Tables of the migrators, which are not part of the schema. */
export const BOOKKEEPING_TABLES: readonly string[] = [
  '_sqlx_migrations',
  '_timer_migrations',
  '_online_migrations',
  'kysely_migration',
  'kysely_migration_lock',
];

/**
 * Reads the catalog of the current schema. The pretty-printed definitions leave out the name of the schema, so that they
 * are the same in every schema.
 */
const READ_OBJECTS = `
WITH tables AS (
  SELECT c.oid, c.relname AS name FROM pg_class c
  WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($1)
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
)
SELECT kind, "table", name, definition FROM (
SELECT 1 AS rank, a.attnum::int AS position, 'column' AS kind, t.name::text AS table, a.attname::text AS name,
       format_type(a.atttypid, a.atttypmod)
       || CASE WHEN a.attcollation <> ty.typcollation THEN ' COLLATE ' || a.attcollation::regcollation ELSE '' END
       || CASE WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
               WHEN a.attidentity <> '' THEN ' GENERATED ' || CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || ' AS IDENTITY'
               WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) ELSE '' END
       || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END AS definition
FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type ty ON ty.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL -- NOT NULL is part of the column; PostgreSQL 18 lists it here as well
SELECT 2, 0, CASE c.contype WHEN 'f' THEN 'foreign key' ELSE 'constraint' END, t.name, c.conname, pg_get_constraintdef(c.oid, true)
FROM tables t JOIN pg_constraint c ON c.conrelid = t.oid WHERE c.contype NOT IN ('n', 't')
UNION ALL
SELECT 3, 0, 'index', t.name, i.relname,
       regexp_replace(pg_get_indexdef(i.oid, 0, true), '^CREATE (UNIQUE )?INDEX \\S+ ON (ONLY )?\\S+ ', '\\1')
       || CASE WHEN x.indisvalid AND x.indisready THEN '' ELSE ' INVALID' END
FROM tables t JOIN pg_index x ON x.indrelid = t.oid JOIN pg_class i ON i.oid = x.indexrelid
WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.oid AND c.contype IN ('p', 'u', 'x') AND c.conrelid = t.oid)
UNION ALL
SELECT 4, 0, 'trigger', t.name, g.tgname,
       regexp_replace(regexp_replace(pg_get_triggerdef(g.oid, true), '^CREATE (CONSTRAINT )?TRIGGER \\S+ ', '\\1'), ' ON \\S+ ', ' ', '')
       || CASE g.tgenabled WHEN 'O' THEN '' WHEN 'D' THEN ' DISABLED' ELSE ' ENABLED ' || g.tgenabled::text END
FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid WHERE NOT g.tgisinternal
UNION ALL
SELECT 0, 0, 'function', '', p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
       regexp_replace(replace(pg_get_functiondef(p.oid), E'\\n SET search_path TO ' || quote_literal(current_schema()) || E'\\n', E'\\n SET search_path FROM CURRENT\\n'),
                      '^CREATE OR REPLACE (FUNCTION|PROCEDURE) [^(]*\\(', 'CREATE \\1 ' || quote_ident(p.proname) || '(')
FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind IN ('f', 'p')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT 5, d.objsubid, 'comment', t.name, COALESCE(a.attname, ''), quote_literal(d.description)
FROM tables t JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_class'::regclass
LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.objsubid AND d.objsubid > 0
UNION ALL
SELECT 6, 0, 'view', '', c.relname, rtrim(pg_get_viewdef(c.oid, true), ';')
FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'v'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
UNION ALL
SELECT 7, 0, 'other', '', c.relname, CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' ELSE 'foreign table' END
FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('m', 'S', 'f')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype IN ('e', 'i', 'a'))
UNION ALL
SELECT 7, 0, 'other', '', t.typname, CASE t.typtype WHEN 'e' THEN 'enum' ELSE 'domain' END
FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype IN ('e', 'd')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')
) AS objects
ORDER BY rank, "table" COLLATE "C", position, name COLLATE "C"`;

/** Reads the schema that the migrations created. Reads only. The order is the same on every server. */
export async function readSchemaObjects(client: ClientBase): Promise<SchemaObject[]> {
  return queryRows(client, schemaObjectSchema, READ_OBJECTS, [BOOKKEEPING_TABLES]);
}

/** Kind and name for messages: `column timers.metadata`. */
function titleOf(object: SchemaObject): string {
  const where =
    object.table === '' ? object.name : object.name === '' ? object.table : `${object.table}.${object.name}`;
  return `${object.kind} ${where}`;
}

/** Casts between text types. PostgreSQL prints them differently after pg_dump and restore; they change nothing. */
const textCasts = /::(?:text|character varying)(?:\(\d+\))?(?:\[\])?/g;

/** A function with SET search_path FROM CURRENT keeps the path of the session that created it. */
const searchPath = / set search_path (?:to|from) .*?(?= as )/;

/**
 * The definition without insignificant differences: letter case and white space of a function's text (of strings in it
 * as well), its search path, the white space of a view, casts between text types in expressions. The type of a column is
 * not a cast and stays.
 */
function comparableDefinition({ kind, definition }: SchemaObject): string {
  if (kind === 'function')
    return definition.toLowerCase().replaceAll(/\s+/g, ' ').trim().replace(searchPath, '');
  if (kind === 'view') return definition.replaceAll(textCasts, '').replaceAll(/\s+/g, ' ').trim();
  return kind === 'comment' ? definition : definition.replaceAll(textCasts, '');
}

/**
 * True for an object that no migration creates and that makes no statement of the service fail or write another value.
 * A unique index, a constraint, a trigger, and a column that every insert must fill do.
 */
function isHarmless({ kind, table, definition }: SchemaObject, tables: ReadonlySet<string>): boolean {
  if (kind === 'foreign key') return !tables.has(table) && / ON DELETE (?:CASCADE|SET )/.test(definition);
  if (!tables.has(table)) return true;
  if (kind === 'column') return !/ NOT NULL$/.test(definition) || / DEFAULT | GENERATED /.test(definition);
  return kind === 'comment' || (kind === 'index' && !definition.startsWith('UNIQUE '));
}

function findHarmless(expected: readonly SchemaObject[], live: readonly SchemaObject[]): SchemaObject[] {
  const titles = new Set(expected.map(titleOf));
  const tables = new Set(expected.map(({ table }) => table).filter((table) => table !== ''));
  return live.filter((object) => !titles.has(titleOf(object)) && isHarmless(object, tables));
}

/** Describes each object of the operator that does not disturb the service; {@link compareSchemas} leaves them out. */
export function describeExtraObjects(
  expected: readonly SchemaObject[],
  live: readonly SchemaObject[],
): string[] {
  return findHarmless(expected, live).map((object) => `${titleOf(object)}: ${object.definition}`);
}

/**
 * Describes each difference in one or more lines; empty when the schemas are equal. Ignores the order of columns and
 * harmless objects that no migration creates.
 */
export function compareSchemas(expected: readonly SchemaObject[], live: readonly SchemaObject[]): string[] {
  const byTitle = new Map(live.map((object) => [titleOf(object), object]));
  const differences: string[] = [];
  for (const object of expected) {
    const found = byTitle.get(titleOf(object));
    byTitle.delete(titleOf(object));
    if (found === undefined)
      differences.push(`- ${titleOf(object)}: missing, should be: ${object.definition}`);
    else if (comparableDefinition(found) !== comparableDefinition(object)) {
      differences.push(
        `~ ${titleOf(object)}:\n    is:        ${found.definition}\n    should be: ${object.definition}`,
      );
    }
  }
  for (const object of findHarmless(expected, live)) byTitle.delete(titleOf(object));
  for (const object of byTitle.values())
    differences.push(`+ ${titleOf(object)}: not created by any migration: ${object.definition}`);
  return differences;
}
