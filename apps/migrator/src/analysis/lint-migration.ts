import { blocksTable, type MigrationFile } from '@timer-platform/migrations';
import { analyzeFile } from './analyze-file.ts';

const sessionSetting = /^SET\s+(?!LOCAL\b|CONSTRAINTS\b)/i;

/**
 * Finds statements that need a `-- blocking` directive and do not have one, a line each. Errors that no directive
 * allows (psql commands, transaction control, CRLF …) are thrown when the file is read.
 */
export function lintMigration(file: MigrationFile): string[] {
  const problems: string[] = [];
  for (const { statement, line, blocks, hazards } of analyzeFile(file)) {
    if (blocks === 'long' && !blocksTable(file)) {
      problems.push(
        `${file.fileName}:${line}: blocks other sessions while it runs: ${hazards.join('; ')}. If intended, start the file with the line: -- blocking: <why>`,
      );
    }
    if (sessionSetting.test(statement.text)) {
      problems.push(`${file.fileName}:${line}: SET stays in effect for later files: use SET LOCAL`);
    }
  }
  return problems;
}
