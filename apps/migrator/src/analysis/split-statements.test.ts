import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from '@jest/globals';
import {
  findMigrationsDirectory,
  readDownFile,
  readMigrationFiles,
  splitStatements,
} from '@timer-platform/migrations';
import fc from 'fast-check';
import { loadParser } from './sql-parser.ts';

const parser = await loadParser();

/** Positions in the text differ between a file and one of its statements. */
function withoutPositions(tree: unknown): unknown {
  return JSON.parse(
    JSON.stringify(tree, (key, value: unknown) =>
      /(?:location|list_start|list_end)$/.test(key) ? undefined : value,
    ),
  );
}

/** The parser, which is PostgreSQL's own, finds the same statements in the whole text as in each part of it. */
function expectSameStatements(sql: string): void {
  const whole = parser.parse(sql);
  const parts = splitStatements(sql).map(({ text }) => parser.parse(text));
  expect(withoutPositions(parts)).toEqual(whole.map((node) => [withoutPositions(node)]));
}

test('splitStatements agrees with the parser on every file of this repository', async () => {
  const directory = findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const downFiles = await Promise.all(files.slice(1).map((file) => readDownFile(directory, file)));
  for (const { sql } of [...files, ...downFiles.map(({ down }) => down)]) expectSameStatements(sql);
  expectSameStatements(await readFile(path.join(directory, '..', 'schema.sql'), 'utf8'));
});

const textOf = (...units: readonly string[]): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...units), { maxLength: 6 }).map((parts) => parts.join(''));
const plain = textOf(';', '"', '$', '$a$', '--', '/*', '*/', 'e', ' ', '\n', "''", '(', 'é', '😀');
const escaped = textOf(';', '"', "\\'", '\\\\', "''", '$$', '--', '/*', '\n');
const gap = fc.constantFrom(' ', '\n', ' -- ; \' " $$ /*\n', ' /* ; \' /* -- " */ $a$ ; */ ', '\t/**/');

const expression = fc.oneof(
  plain.map((text) => `'${text.replaceAll('\\', '')}'`),
  fc.tuple(plain, plain).map(([first, second]) => `'${first}'\n  '${second}\\'`),
  escaped.map((text) => `E'${text}'`),
  fc
    .tuple(escaped, gap, escaped)
    .map(([first, between, second]) =>
      between.includes('*') ? `E'${first}'` : `e'${first}'${between}\n'${second}'`,
    ),
  plain.map((text) => `U&'${text}'`),
  plain.map((text) => `N'${text}\\'`),
  fc.constantFrom(
    "B'01'",
    "X'1F'",
    '1',
    '(1)',
    "date '2020-01-01'",
    "f('a;', (SELECT 1))",
    '- 1',
    '4/2',
    '2*3',
  ),
  plain.map((text) => `$q$${text}$q$`),
  textOf(';', '"', "'", '--', '/*', ' ').map((text) => `$$${text}$$`),
  plain.map((text) => `1 AS "${text.replaceAll('"', '""').replaceAll("''", "'")}x"`),
  plain.map((text) => `1 AS U&"${text.replaceAll('"', '""')}x"`),
  fc.constantFrom('a$b$c', 'e$1', '"e"', 'é$a$'),
);
const select = fc
  .array(fc.tuple(gap, expression), { minLength: 1, maxLength: 4 })
  .map((items) => `SELECT${items.map(([before, item]) => `${before}${item}`).join(',')}`);
const statement = fc.oneof(
  { weight: 5, arbitrary: select },
  select.map((body) => `CREATE RULE r AS ON INSERT TO t DO (${body}; ${body})`),
  select.map(
    (body) =>
      `CREATE FUNCTION f() RETURNS int BEGIN ATOMIC ${body}; SELECT CASE WHEN true THEN CASE 1 WHEN 1 THEN 2 END END; END`,
  ),
  select.map(
    (body) =>
      `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN ${body.replaceAll('$f$', '')}; END $f$`,
  ),
);

test('splitStatements agrees with the parser on strings, comments, dollar quotes and blocks', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(statement, gap), { minLength: 1, maxLength: 4 }), (statements) => {
      expectSameStatements(statements.map(([sql, after]) => `${sql};${after}`).join(''));
    }),
    { numRuns: 500 },
  );
});
