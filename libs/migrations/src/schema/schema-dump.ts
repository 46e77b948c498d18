import type { SchemaObject } from './schema-objects.ts';

function groupByTable(objects: readonly SchemaObject[]): Map<string, SchemaObject[]> {
  const tables = new Map<string, SchemaObject[]>();
  for (const object of objects) {
    if (object.table !== '') tables.set(object.table, [...(tables.get(object.table) ?? []), object]);
  }
  return tables;
}

function dumpIndex({ name, table, definition }: SchemaObject): string {
  const unique = definition.startsWith('UNIQUE ') ? 'UNIQUE ' : '';
  return `CREATE ${unique}INDEX ${name} ON ${table} ${definition.slice(unique.length)};`;
}

/** `BEFORE UPDATE FOR EACH ROW …` becomes `CREATE TRIGGER n BEFORE UPDATE ON t FOR EACH ROW …`. */
function dumpTrigger({ name, table, definition }: SchemaObject): string {
  return `CREATE TRIGGER ${name} ${definition.replace(' FOR EACH ', ` ON ${table} FOR EACH `)};`;
}

function dumpComment({ name, table, definition }: SchemaObject): string {
  return name === ''
    ? `COMMENT ON TABLE ${table} IS ${definition};`
    : `COMMENT ON COLUMN ${table}.${name} IS ${definition};`;
}

function dumpTable(table: string, objects: readonly SchemaObject[]): string {
  const ofKind = (kind: SchemaObject['kind']) => objects.filter((object) => object.kind === kind);
  const body = [
    ...ofKind('column').map((column) => `    ${column.name} ${column.definition}`),
    ...ofKind('constraint').map((constraint) => `    CONSTRAINT ${constraint.name} ${constraint.definition}`),
  ];
  return [
    `CREATE TABLE ${table} (\n${body.join(',\n')}\n);`,
    ...ofKind('index').map(dumpIndex),
    ...ofKind('trigger').map(dumpTrigger),
    ...ofKind('comment').map(dumpComment),
  ].join('\n');
}

/** Dumps a schema as SQL that creates it in an empty database: functions, tables with their parts, foreign keys, views. */
export function dumpSchema(objects: readonly SchemaObject[], header: readonly string[]): string {
  const functions = objects
    .filter((object) => object.kind === 'function')
    .map((object) => `${object.definition.trimEnd()};`);
  const tables = [...groupByTable(objects)].map(([table, parts]) => dumpTable(table, parts));
  const foreignKeys = objects
    .filter((object) => object.kind === 'foreign key')
    .map(({ table, name, definition }) => `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition};`);
  const views = objects
    .filter((object) => object.kind === 'view')
    .map(({ name, definition }) => `CREATE VIEW ${name} AS\n${definition};`);
  const comment = header.map((line) => `-- ${line}`).join('\n');
  // Functions call others that come later.
  const settings = 'SET check_function_bodies = off;';
  return `${[comment, settings, ...functions, ...tables, ...foreignKeys, ...views].join('\n\n')}\n`;
}
