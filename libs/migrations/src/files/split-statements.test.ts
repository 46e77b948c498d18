import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineAndColumn, maskOpaqueTokens, splitStatements } from './split-statements.ts';

const texts = (sql: string): string[] => splitStatements(sql).map((statement) => statement.text);

describe('splitStatements', () => {
  test.each([
    ['nothing', '', []],
    ['only comments', '-- a;\n/* b; */ ;;', []],
    ['no final semicolon', 'SELECT 1; SELECT 2', ['SELECT 1', 'SELECT 2']],
    ['strings', "SELECT ';', 'it''s;'; SELECT 2;", ["SELECT ';', 'it''s;'", 'SELECT 2']],
    ['escape strings', "SELECT E'\\';'; SELECT 2", ["SELECT E'\\';'", 'SELECT 2']],
    [
      'a doubled quote in an escape string',
      "SELECT E'it''s \\';'; SELECT 2",
      ["SELECT E'it''s \\';'", 'SELECT 2'],
    ],
    ['an escape string in two parts', "SELECT E'a'\n'\\';'; SELECT 2", ["SELECT E'a'\n'\\';'", 'SELECT 2']],
    ['a backslash in a plain string', "SELECT '\\'; SELECT 2", ["SELECT '\\'", 'SELECT 2']],
    ['a name ending in e before a string', "SELECT date'\\'; SELECT 2", ["SELECT date'\\'", 'SELECT 2']],
    ['quoted names', 'SELECT 1 AS "a;""b"; SELECT 2', ['SELECT 1 AS "a;""b"', 'SELECT 2']],
    ['line comments', 'SELECT 1 -- ; no\n+ 1; SELECT 2', ['SELECT 1 -- ; no\n+ 1', 'SELECT 2']],
    ['nested comments', 'SELECT 1 /* a /* ; */ ; */; SELECT 2', ['SELECT 1', 'SELECT 2']],
    ['dollar quotes', 'DO $$ BEGIN; END $$; SELECT 2', ['DO $$ BEGIN; END $$', 'SELECT 2']],
    ['tagged dollar quotes', 'DO $a$ $$; $b$; $a$; SELECT 2', ['DO $a$ $$; $b$; $a$', 'SELECT 2']],
    ['parameters, which are not dollar quotes', 'SELECT $1; SELECT $2', ['SELECT $1', 'SELECT $2']],
    ['a dollar inside a name', 'SELECT a$b; SELECT c$b', ['SELECT a$b', 'SELECT c$b']],
    [
      'rules with several commands',
      'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3',
      ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', 'SELECT 3'],
    ],
    [
      'BEGIN ATOMIC bodies',
      'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3',
      [
        'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
        'SELECT 3',
      ],
    ],
    ['an unterminated string', "SELECT 'a; SELECT 2", ["SELECT 'a; SELECT 2"]],
  ])('handles %s', (_name, sql, expected) => {
    expect(texts(sql)).toEqual(expected);
  });

  test('returns the offset of each statement, whatever separates them', () => {
    const part = fc.constantFrom(
      "SELECT ';'",
      'DO $x$;$x$',
      'SELECT 1',
      'SELECT "a;b"',
      "SELECT E'\\';'",
      'SELECT (1)',
    );
    const gap = fc.constantFrom('', ' ', '\n', '-- ;\n', '/* ; */', ';');
    fc.assert(
      fc.property(fc.array(fc.tuple(gap, part)), (pairs) => {
        const sql = pairs.map(([before, statement]) => `${before}${statement};`).join('');
        const found = splitStatements(sql);
        expect(found.map((statement) => statement.text)).toEqual(pairs.map(([, statement]) => statement));
        for (const { text, offset } of found) expect(sql.slice(offset, offset + text.length)).toBe(text);
      }),
    );
  });

  test('terminates for any text', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom("'", '"', '$', '-', '/', '*', '\\', ';', '(', ')', 'e', 'E', ' ', '\n', 'a'),
        }),
        (sql) => {
          for (const { text, offset } of splitStatements(sql))
            expect(sql.slice(offset, offset + text.length)).toBe(text);
          expect(maskOpaqueTokens(sql)).toHaveLength(sql.length);
        },
      ),
    );
  });
});

test('maskOpaqueTokens keeps keywords and quoted names and blanks comments and strings', () => {
  expect(maskOpaqueTokens('DROP TABLE a; -- DROP\nSELECT \'DROP\' AS "x"')).toBe(
    'DROP TABLE a;        \nSELECT        AS "x"',
  );
});

test('lineAndColumn counts characters, not UTF-16 units', () => {
  expect(lineAndColumn('a\n😀b', 4)).toEqual({ line: 2, column: 2 });
  expect(lineAndColumn('', 0)).toEqual({ line: 1, column: 1 });
});
