import { blocksTable, type MigrationFile } from '@timer-platform/migrations';
import { analyzeFile } from './analyze-file.ts';

const sessionSetting = /^SET\s+(?!LOCAL\b|CONSTRAINTS\b)/i;

/**
 * What a new migration must not do unsaid, a line each. Commands of psql, transaction control, CRLF and the like are
 * refused when the file is read, whatever its first line says: no migrator could run it.
 */
export function lintMigration(file: MigrationFile): string[] {
  const faults: string[] = [];
  for (const { statement, line, blocks, hazards } of analyzeFile(file)) {
    if (blocks === 'long' && !blocksTable(file)) {
      faults.push(
        `${file.fileName}:${line}: others would wait for as long as it takes: ${hazards.join('; ')}. If that is meant, the first line of the file says so: -- blocking: <why>`,
      );
    }
    if (sessionSetting.test(statement.text)) {
      faults.push(`${file.fileName}:${line}: SET stays for the files after it: use SET LOCAL`);
    }
  }
  return faults;
}
