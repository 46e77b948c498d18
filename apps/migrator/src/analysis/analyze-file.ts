import { lineAndColumn, type MigrationFile, type SqlStatement } from '@timer-platform/migrations';
import { analyzeStatement } from './analyze-statement.ts';
import { createdObjects } from './created-objects.ts';
import type { SqlParser } from './sql-parser.ts';
import type { StatementEffect } from './statement-effect.ts';

export interface AnalyzedStatement extends StatementEffect {
  readonly statement: SqlStatement;
  /** 1-based. */
  readonly line: number;
}

/** Analyzes each statement of a file, taking the statements before it into account. */
export function analyzeFile(file: MigrationFile, parser: SqlParser): AnalyzedStatement[] {
  const created = new Set<string>();
  const locked = new Set<string>();
  return file.statements.map((statement) => {
    const found = analyzeStatement(statement.text, { created, locked }, parser);
    for (const table of createdObjects(statement.text, parser).tables) created.add(table);
    if (found.lock === 'ACCESS EXCLUSIVE' && found.table !== undefined) locked.add(found.table);
    return { ...found, statement, line: lineAndColumn(file.sql, statement.offset).line };
  });
}
