import {
  assertNoProblems,
  blocksTable,
  findMigrationsDirectory,
  type MigrationFile,
  type MigrationSession,
  openMigrationSession,
  queryRow,
  readMigrationFiles,
  readMigrationState,
} from '@timer-platform/migrations';
import { z } from 'zod';
import { type AnalyzedStatement, analyzeFile } from '../analysis/analyze-file.ts';
import type { Output } from '../output.ts';

export interface PlanCommand {
  readonly migrations?: string | undefined;
  readonly json?: boolean | undefined;
}

interface PlannedStatement extends AnalyzedStatement {
  /** Rows of its table, by the statistics; undefined when it touches none or the table is not there yet. */
  readonly rows: number | undefined;
}

interface PlannedFile {
  readonly file: MigrationFile;
  readonly statements: readonly PlannedStatement[];
}

/** reltuples is -1 for a table that was never analyzed; such a table is counted up to a limit. */
const ESTIMATE_ROWS = `
SELECT CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint ELSE pg_relation_size(c.oid) / 100 END AS rows
FROM (SELECT to_regclass($1) AS oid) t LEFT JOIN pg_class c ON c.oid = t.oid`;

async function planFile(session: MigrationSession, file: MigrationFile): Promise<PlannedFile> {
  const statements: PlannedStatement[] = [];
  for (const statement of analyzeFile(file)) {
    const asked = statement.touchesRows && statement.table !== undefined ? statement.table : undefined;
    const found =
      asked === undefined
        ? undefined
        : await queryRow(session.client, z.object({ rows: z.coerce.number().nullable() }), ESTIMATE_ROWS, [
            asked,
          ]);
    statements.push({ ...statement, rows: found?.rows ?? undefined });
  }
  return { file, statements };
}

const blockText: Readonly<Record<AnalyzedStatement['blocks'], string>> = {
  nothing: 'nobody waits',
  short: 'others wait for a moment',
  long: 'OTHERS WAIT FOR AS LONG AS IT TAKES',
};

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

function printText(plan: readonly PlannedFile[], output: Output): void {
  if (plan.length === 0) output.line('nothing is pending');
  for (const { file, statements } of plan) {
    output.line(`${file.fileName}  (${file.inTransaction ? 'one transaction' : 'outside a transaction'})`);
    for (const statement of statements) {
      const where = statement.table === undefined ? '' : ` on ${statement.table}`;
      const rows = statement.rows === undefined ? '' : `, about ${statement.rows} rows`;
      output.line(indent(statement.statement.text));
      output.line(
        `      lock: ${statement.lock}${statement.lock === 'none' ? '' : where}${rows}; ${blockText[statement.blocks]}`,
      );
      for (const hazard of statement.hazards) output.line(`      ! ${hazard}`);
    }
    if (blocksTable(file))
      output.line(
        '      ! this file blocks the table; migrate refuses it on a large one without --allow-blocking',
      );
  }
}

function toJsonPlan(plan: readonly PlannedFile[]): unknown {
  return plan.map(({ file, statements }) => ({
    version: file.version,
    file: file.fileName,
    in_transaction: file.inTransaction,
    blocks_table: blocksTable(file),
    statements: statements.map(({ statement, line, lock, table, blocks, rows, hazards }) => ({
      line,
      sql: statement.text,
      lock,
      table: table ?? null,
      blocks,
      rows: rows ?? null,
      hazards,
    })),
  }));
}

/** What migrate would do. PostgreSQL itself holds it to that: a READ ONLY transaction, no table made, no lock taken. */
export async function plan(databaseUrl: string, command: PlanCommand, output: Output): Promise<void> {
  const directory = command.migrations ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const session = await openMigrationSession(databaseUrl);
  try {
    await session.client.query('BEGIN TRANSACTION READ ONLY');
    const state = await readMigrationState(session.client, directory, files);
    assertNoProblems(state.problems);
    const planned: PlannedFile[] = [];
    for (const file of state.pending) planned.push(await planFile(session, file));
    await session.client.query('COMMIT');
    if (state.adoptable !== undefined)
      output.note(`the database of the old service will be adopted at version ${state.adoptable}`);
    if (command.json === true) output.json(toJsonPlan(planned));
    else printText(planned, output);
  } finally {
    await session.close();
  }
}
