import {
  lineAndColumn,
  maskOpaqueTokens,
  type MigrationFile,
  type SqlStatement,
} from '@timer-platform/migrations';
import { analyzeStatement } from './analyze-statement.ts';
import type { StatementEffect } from './statement-effect.ts';

export interface AnalyzedStatement extends StatementEffect {
  readonly statement: SqlStatement;
  /** 1-based. */
  readonly line: number;
}

const createsTable =
  /^CREATE\s+(?:UNLOGGED\s+|TEMP(?:ORARY)?\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w$."]+)/i;

/** Analyzes each statement of a file, taking the statements before it into account. Pure. */
export function analyzeFile(file: MigrationFile): AnalyzedStatement[] {
  const created = new Set<string>();
  const locked = new Set<string>();
  return file.statements.map((statement) => {
    const found = analyzeStatement(statement, { created, locked });
    const table = createsTable.exec(maskOpaqueTokens(statement.text))?.[1];
    if (table !== undefined) created.add(table.toLowerCase());
    if (found.lock === 'ACCESS EXCLUSIVE' && found.table !== undefined) locked.add(found.table.toLowerCase());
    return { ...found, statement, line: lineAndColumn(file.sql, statement.offset).line };
  });
}
