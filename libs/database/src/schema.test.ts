import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { withTestDatabase } from '@timer-platform/test-support/jest';
import ts from 'typescript';

/** A column as declared in the row types of Kysely. `type` is the type of a selected value, without null. */
interface DeclaredColumn {
  readonly type: string;
  readonly nullable: boolean;
  readonly generated: boolean;
}
type DeclaredTables = Readonly<Record<string, Readonly<Record<string, DeclaredColumn>>>>;

/** The selected type of Generated<X> and ColumnType<X, …> is X, that of Json<X> a parsed value. */
function declaredColumn(node: ts.TypeNode): DeclaredColumn {
  if (ts.isUnionTypeNode(node)) {
    const isNull = (member: ts.TypeNode): boolean =>
      ts.isLiteralTypeNode(member) && member.literal.kind === ts.SyntaxKind.NullKeyword;
    const [rest] = node.types.filter((member) => !isNull(member)).map(declaredColumn);
    if (rest !== undefined && node.types.some(isNull)) return { ...rest, nullable: true };
  }
  if (ts.isTypeReferenceNode(node)) {
    const wrapper = node.typeName.getText();
    const [selected] = node.typeArguments ?? [];
    if (selected !== undefined && wrapper === 'Generated')
      return { ...declaredColumn(selected), generated: true };
    if (selected !== undefined && wrapper === 'ColumnType') return declaredColumn(selected);
    if (wrapper === 'Json') return { type: 'Json', nullable: false, generated: false };
  }
  return { type: node.getText(), nullable: false, generated: false };
}

function columnsOf(declaration: ts.InterfaceDeclaration): Record<string, DeclaredColumn> {
  const columns: Record<string, DeclaredColumn> = {};
  for (const member of declaration.members) {
    if (ts.isPropertySignature(member) && member.type !== undefined)
      columns[member.name.getText()] = declaredColumn(member.type);
  }
  return columns;
}

/** The tables of `interface Schema`, with the columns of their interfaces. */
function declaredTables(source: string): DeclaredTables {
  const file = ts.createSourceFile('schema.ts', source, ts.ScriptTarget.Latest, true);
  const interfaces = new Map(
    file.statements
      .filter(ts.isInterfaceDeclaration)
      .map((declaration) => [declaration.name.text, declaration]),
  );
  const tables: Record<string, Record<string, DeclaredColumn>> = {};
  for (const member of interfaces.get('Schema')?.members ?? []) {
    if (!ts.isPropertySignature(member)) continue;
    const row = interfaces.get(member.type?.getText() ?? '');
    tables[member.name.getText()] = row === undefined ? {} : columnsOf(row);
  }
  return tables;
}

/** The TypeScript type of the values that node-postgres returns. A name is a union of strings, which has a CHECK. */
const ALLOWED_TYPES: Readonly<Record<string, RegExp>> = {
  uuid: /^string$/,
  text: /^(?:string|[A-Z]\w+)$/,
  'character varying': /^(?:string|[A-Z]\w+)$/,
  'timestamp with time zone': /^Date$/,
  integer: /^number$/,
  'double precision': /^number$/,
  bigint: /^string$/,
  boolean: /^boolean$/,
  jsonb: /^Json$/,
  bytea: /^(?:Buffer|Uint8Array)$/,
  'uuid[]': /^(?:readonly )?string\[\]$/,
  'integer[]': /^(?:readonly )?number\[\]$/,
};

interface LiveColumn {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly has_default: boolean;
}

const READ_COLUMNS = `
SELECT c.relname AS table, a.attname AS name, format_type(a.atttypid, NULL) AS type, NOT a.attnotnull AS nullable, a.atthasdef OR a.attidentity <> '' AS has_default
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname !~ '^(_|kysely_migration)'
ORDER BY 1, a.attnum`;

/** All differences between the row types and the columns in the database. */
function findDifferences(tables: DeclaredTables, live: readonly LiveColumn[]): string[] {
  const differences: string[] = [];
  for (const { table, name, type, nullable, has_default: hasDefault } of live) {
    const declared = tables[table]?.[name];
    const where = `${table}.${name}`;
    if (declared === undefined) differences.push(`${where} is not declared`);
    else {
      if (ALLOWED_TYPES[type]?.test(declared.type) !== true)
        differences.push(`${where} is ${type}, declared ${declared.type}`);
      if (declared.nullable !== nullable) differences.push(`${where} is ${nullable ? '' : 'not '}nullable`);
      if (declared.generated !== hasDefault)
        differences.push(`${where} has ${hasDefault ? 'a' : 'no'} default`);
    }
  }
  const liveNames = new Set(live.map(({ table, name }) => `${table}.${name}`));
  for (const [table, columns] of Object.entries(tables)) {
    for (const name of Object.keys(columns))
      if (!liveNames.has(`${table}.${name}`)) differences.push(`${table}.${name} is not in the database`);
  }
  return differences;
}

describe('the row types of Kysely', () => {
  const database = withTestDatabase();
  let live: LiveColumn[];
  beforeAll(async () => {
    live = (await database.query<LiveColumn>(READ_COLUMNS)).rows;
  });
  const source = (): Promise<string> => readFile(new URL('./schema.ts', import.meta.url), 'utf8');

  test('match the tables, columns, types, nullability and defaults of the migrated schema', async () => {
    expect(findDifferences(declaredTables(await source()), live)).toEqual([]);
    expect(live.length).toBeGreaterThan(30);
  });

  test.each([
    ['a missing column', /^ {2}metadata: .*$/m, '', ['timers.metadata is not declared']],
    [
      'an extra column',
      /^ {2}metadata:/m,
      '  extra: string;\n  metadata:',
      ['timers.extra is not in the database'],
    ],
    ['a missing null', /last_error: string \| null/, 'last_error: string', ['timers.last_error is nullable']],
    [
      'a wrong type',
      /^ {2}attempts: .*$/m,
      '  attempts: Generated<string>;',
      ['timers.attempts is integer, declared string'],
    ],
    ['a missing default', /^ {2}attempts: .*$/m, '  attempts: number;', ['timers.attempts has a default']],
  ])('control: %s is reported', async (_name, pattern, replacement, expected) => {
    const text = await source();
    expect(text).toMatch(pattern);
    expect(findDifferences(declaredTables(text.replace(pattern, replacement)), live)).toEqual(expected);
  });
});
