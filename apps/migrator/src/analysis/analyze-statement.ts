import { maskOpaqueTokens, type SqlStatement } from '@timer-platform/migrations';
import { analyzeAlterTable } from './analyze-alter-table.ts';
import { effect, type FileSoFar, type StatementEffect } from './statement-effect.ts';

const NAME = String.raw`((?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?)`;

const nothing = effect('none', undefined, 'nothing');

/** Analyzes an anonymous block by its keywords; does not parse its statements. */
function analyzeBlock(statement: string): StatementEffect {
  const body = /^DO\s*(?:LANGUAGE\s+\w+\s*)?(\$[^$]*\$)([\s\S]*)\1/i.exec(statement)?.[2] ?? '';
  const word = /\b(UPDATE|DELETE|INSERT|ALTER|CREATE\s+INDEX|TRUNCATE|DROP|LOCK|EXECUTE)\b/i.exec(
    maskOpaqueTokens(body),
  )?.[1];
  if (word === undefined)
    return effect(
      'none',
      undefined,
      'nothing',
      ['reads rows: takes time, but blocks no other session'],
      true,
    );
  return effect('ACCESS EXCLUSIVE', undefined, 'long', [
    `contains ${word.toUpperCase()} in a DO block, which cannot be analyzed`,
  ]);
}

function analyzeCreateTable(masked: string): StatementEffect {
  const referenced = Array.from(
    masked.matchAll(new RegExp(`\\bREFERENCES\\s+${NAME}`, 'gi')),
    (match) => match[1] ?? '',
  );
  const [first] = referenced;
  return first === undefined
    ? nothing
    : effect('SHARE ROW EXCLUSIVE', first, 'short', [`writers of ${first} wait until the commit`]);
}

interface Rule {
  readonly pattern: RegExp;
  readonly analyze: (match: RegExpExecArray, statement: string, soFar: FileSoFar) => StatementEffect;
}

const rule = (pattern: string, analyze: Rule['analyze']): Rule => ({
  pattern: new RegExp(`^${pattern}`, 'i'),
  analyze,
});

/** In order of priority: the first match decides. */
const RULES: readonly Rule[] = [
  rule(String.raw`DO\b`, (_match, statement) => analyzeBlock(statement)),
  rule(String.raw`CREATE\s+(?:UNLOGGED\s+|TEMP(?:ORARY)?\s+)?TABLE\b`, (match) =>
    analyzeCreateTable(match.input),
  ),
  rule(String.raw`CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\b[\s\S]*?\bON\s+(?:ONLY\s+)?${NAME}`, (match) =>
    effect(
      'SHARE UPDATE EXCLUSIVE',
      match[1],
      'nothing',
      ['reads the table twice and waits for older transactions'],
      true,
    ),
  ),
  rule(String.raw`CREATE\s+(?:UNIQUE\s+)?INDEX\b[\s\S]*?\bON\s+(?:ONLY\s+)?${NAME}`, (match) =>
    effect('SHARE', match[1], 'long', [
      'writers wait while the index is built: use CREATE INDEX CONCURRENTLY in its own file with the first line -- no-transaction',
    ]),
  ),
  rule(
    String.raw`ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?${NAME}\s+([\s\S]*)$`,
    (match, _statement, soFar) => analyzeAlterTable(match[1] ?? '', match[2] ?? '', soFar),
  ),
  rule(String.raw`(?:UPDATE|DELETE\s+FROM)\s+(?:ONLY\s+)?${NAME}`, (match) =>
    effect('ROW EXCLUSIVE', match[1], 'long', [
      'writers of these rows wait until the commit: backfill in small committed batches instead',
    ]),
  ),
  rule(String.raw`INSERT\s+INTO\s+${NAME}`, (match) =>
    effect('ROW EXCLUSIVE', match[1], 'nothing', [], true),
  ),
  rule(String.raw`DROP\s+INDEX\s+CONCURRENTLY\b`, () =>
    effect('SHARE UPDATE EXCLUSIVE', undefined, 'nothing', ['waits for older transactions']),
  ),
  rule(String.raw`DROP\s+INDEX\b`, () =>
    effect('ACCESS EXCLUSIVE', undefined, 'short', ['queries that use the index become slower']),
  ),
  rule(String.raw`(?:DROP\s+TABLE(?:\s+IF\s+EXISTS)?|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?${NAME}`, (match) =>
    effect('ACCESS EXCLUSIVE', match[1], 'short', ['deletes its rows permanently']),
  ),
  rule(String.raw`CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\b[\s\S]*?\bON\s+${NAME}`, (match) =>
    effect('SHARE ROW EXCLUSIVE', match[1], 'short'),
  ),
  rule(String.raw`DROP\s+TRIGGER\b[\s\S]*?\bON\s+${NAME}`, (match) =>
    effect('ACCESS EXCLUSIVE', match[1], 'short'),
  ),
  rule(String.raw`COMMENT\s+ON\b`, () => nothing),
  rule(
    String.raw`(?:CREATE|DROP|ALTER)\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE|TYPE|DOMAIN|SEQUENCE|SCHEMA|VIEW|EXTENSION|ROLE|POLICY)\b`,
    () => nothing,
  ),
  rule(
    String.raw`(?:SELECT|WITH|VALUES|GRANT|REVOKE|SAVEPOINT|RELEASE|ROLLBACK|ANALYZE|SET\s+(?:LOCAL|CONSTRAINTS))\b`,
    () => nothing,
  ),
  rule(String.raw`SET\b`, () =>
    effect('none', undefined, 'nothing', ['stays in effect for later files: use SET LOCAL']),
  ),
  rule(String.raw`LOCK\s+(?:TABLE\s+)?(?:ONLY\s+)?${NAME}`, (match) =>
    effect('ACCESS EXCLUSIVE', match[1], 'long', ['holds the lock until the commit']),
  ),
  rule(String.raw`(?:REINDEX|CLUSTER|VACUUM|REFRESH)\b`, () =>
    effect('ACCESS EXCLUSIVE', undefined, 'long', ['rewrites the whole table or index']),
  ),
];

/** Upper bound of the effect of a statement on other sessions, from its text alone. Pure. */
export function analyzeStatement(statement: SqlStatement, soFar: FileSoFar): StatementEffect {
  const masked = maskOpaqueTokens(statement.text).trim();
  for (const { pattern, analyze } of RULES) {
    const match = pattern.exec(masked);
    if (match === null) continue;
    const found = analyze(match, statement.text, soFar);
    return found.table !== undefined && soFar.created.has(found.table.toLowerCase()) ? nothing : found;
  }
  return effect('ACCESS EXCLUSIVE', undefined, 'long', ['the analysis does not know this statement']);
}
