import { splitStatements } from '../files/split-statements.ts';
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
  return `${[comment, ...functions, ...tables, ...foreignKeys, ...views].join('\n\n')}\n`;
}

const NAME_PART = '("(?:[^"]|"")+"|[A-Za-z_][A-Za-z0-9_$]*)';
const patterns = {
  function: /^CREATE (?:FUNCTION|PROCEDURE) ([^(]+\([^)]*\))/,
  table: new RegExp(`^CREATE TABLE ${NAME_PART} \\(\\n([\\s\\S]*)\\n\\)$`),
  constraint: new RegExp(`^CONSTRAINT ${NAME_PART} ([\\s\\S]*)$`),
  column: new RegExp(`^${NAME_PART} ([\\s\\S]*)$`),
  index: new RegExp(`^CREATE (UNIQUE )?INDEX ${NAME_PART} ON ${NAME_PART} ([\\s\\S]*)$`),
  trigger: new RegExp(`^CREATE TRIGGER ${NAME_PART} ([\\s\\S]*?) ON ${NAME_PART} (FOR EACH [\\s\\S]*)$`),
  tableComment: new RegExp(`^COMMENT ON TABLE ${NAME_PART} IS ([\\s\\S]*)$`),
  columnComment: new RegExp(`^COMMENT ON COLUMN ${NAME_PART}\\.${NAME_PART} IS ([\\s\\S]*)$`),
  view: new RegExp(`^CREATE VIEW ${NAME_PART} AS\\n([\\s\\S]*)$`),
  foreignKey: new RegExp(`^ALTER TABLE ${NAME_PART} ADD CONSTRAINT ${NAME_PART} ([\\s\\S]*)$`),
};

/** The groups of a match; a group that did not participate is an empty string. */
function groups(pattern: RegExp, text: string): [string, string, string, string] | undefined {
  const match = pattern.exec(text);
  return match === null ? undefined : [match[1] ?? '', match[2] ?? '', match[3] ?? '', match[4] ?? ''];
}

function parseTable(table: string, body: string): SchemaObject[] {
  return body.split(',\n').map((line) => {
    const text = line.trim();
    const constraint = groups(patterns.constraint, text);
    if (constraint !== undefined)
      return { kind: 'constraint', table, name: constraint[0], definition: constraint[1] };
    const column = groups(patterns.column, text);
    return { kind: 'column', table, name: column?.[0] ?? text, definition: column?.[1] ?? '' };
  });
}

function parseStatement(text: string): SchemaObject[] {
  const table = groups(patterns.table, text);
  if (table !== undefined) return parseTable(table[0], table[1]);
  const index = groups(patterns.index, text);
  if (index !== undefined)
    return [{ kind: 'index', table: index[2], name: index[1], definition: `${index[0]}${index[3]}` }];
  const trigger = groups(patterns.trigger, text);
  if (trigger !== undefined) {
    return [
      { kind: 'trigger', table: trigger[2], name: trigger[0], definition: `${trigger[1]} ${trigger[3]}` },
    ];
  }
  const tableComment = groups(patterns.tableComment, text);
  if (tableComment !== undefined)
    return [{ kind: 'comment', table: tableComment[0], name: '', definition: tableComment[1] }];
  const columnComment = groups(patterns.columnComment, text);
  if (columnComment !== undefined) {
    return [
      { kind: 'comment', table: columnComment[0], name: columnComment[1], definition: columnComment[2] },
    ];
  }
  const foreignKey = groups(patterns.foreignKey, text);
  if (foreignKey !== undefined) {
    return [{ kind: 'foreign key', table: foreignKey[0], name: foreignKey[1], definition: foreignKey[2] }];
  }
  const view = groups(patterns.view, text);
  if (view !== undefined) return [{ kind: 'view', table: '', name: view[0], definition: view[1] }];
  const procedure = groups(patterns.function, text);
  return [{ kind: 'function', table: '', name: procedure?.[0] ?? text, definition: text }];
}

/** The inverse of {@link dumpSchema}: compares a database with a dump without running the dump. */
export function parseSchemaDump(sql: string): SchemaObject[] {
  return splitStatements(sql).flatMap((statement) => parseStatement(statement.text));
}
