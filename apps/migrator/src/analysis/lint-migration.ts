import { blocksTable, type MigrationFile } from '@timer-platform/migrations';
import { analyzeFile } from './analyze-file.ts';
import { OUTLIVES_FILE } from './analyze-statement.ts';
import type { SqlParser } from './sql-parser.ts';

/**
 * Finds statements that need a `-- blocking` directive and do not have one, a line each. Errors that no directive
 * allows (psql commands, transaction control, CRLF …) are thrown when the file is read.
 */
export function lintMigration(file: MigrationFile, parser: SqlParser): string[] {
  const problems: string[] = [];
  for (const { line, blocks, hazards } of analyzeFile(file, parser)) {
    if (blocks === 'long' && !blocksTable(file)) {
      problems.push(
        `${file.fileName}:${line}: blocks other sessions while it runs: ${hazards.join('; ')}. If intended, start the file with the line: -- blocking: <why>`,
      );
    }
    if (hazards.includes(OUTLIVES_FILE)) {
      problems.push(`${file.fileName}:${line}: SET ${OUTLIVES_FILE}`);
    }
  }
  return problems;
}
