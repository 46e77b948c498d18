import type { Output } from '@timer-platform/command-line';
import {
  assertNoProblems,
  findMigrationsDirectory,
  type MigrationFile,
  type MigrationSession,
  needsAllowBlocking,
  openMigrationSession,
  queryRow,
  readMigrationFiles,
  readMigrationState,
} from '@timer-platform/migrations';
import type { Command } from 'commander';
import { z } from 'zod';
import { type AnalyzedStatement, analyzeFile } from '../analysis/analyze-file.ts';
import { loadParser, type SqlParser } from '../analysis/sql-parser.ts';
import type { CommandContext } from '../command-context.ts';
import {
  addJsonOption,
  addMigrationsOption,
  type JsonOption,
  type MigrationsOption,
} from '../command-options.ts';
import { describePrivileges, readPrivileges, type RolePrivileges } from '../role-privileges.ts';

interface PlannedStatement extends AnalyzedStatement {
  /** Estimated rows of its table; undefined when it touches none or the table does not exist yet. */
  readonly rows: number | undefined;
}

interface PlannedFile {
  readonly file: MigrationFile;
  readonly statements: readonly PlannedStatement[];
}

/** reltuples is -1 for a table that was never analyzed; its rows are then estimated from its size. */
const ESTIMATE_ROWS = `
SELECT CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint ELSE pg_relation_size(c.oid) / 100 END AS rows
FROM (SELECT to_regclass($1) AS oid) t LEFT JOIN pg_class c ON c.oid = t.oid`;

async function planFile(
  session: MigrationSession,
  file: MigrationFile,
  parser: SqlParser,
): Promise<PlannedFile> {
  const statements: PlannedStatement[] = [];
  for (const statement of analyzeFile(file, parser)) {
    const estimate =
      statement.touchesRows && statement.table !== undefined
        ? await queryRow(session.client, z.object({ rows: z.coerce.number().nullable() }), ESTIMATE_ROWS, [
            statement.table,
          ])
        : undefined;
    statements.push({ ...statement, rows: estimate?.rows ?? undefined });
  }
  return { file, statements };
}

const blockText: Readonly<Record<AnalyzedStatement['blocks'], string>> = {
  nothing: 'blocks no other session',
  short: 'blocks others briefly',
  long: 'BLOCKS OTHERS WHILE IT RUNS',
};

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}

function printFiles(plan: readonly PlannedFile[], output: Output): void {
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
    if (needsAllowBlocking(file))
      output.line(
        '      ! this file blocks the table; migrate rejects it on a large table without --allow-blocking',
      );
  }
}

function printPrivileges(found: RolePrivileges, output: Output): void {
  const isComplete = found.privileges.every(({ granted }) => granted);
  output.line(`the role ${found.role} needs, and ${isComplete ? 'has' : 'does not have all of'}:`);
  for (const line of describePrivileges(found)) output.line(indent(line));
}

function toJsonPlan(plan: readonly PlannedFile[]): unknown {
  return plan.map(({ file, statements }) => ({
    version: file.version,
    file: file.fileName,
    in_transaction: file.inTransaction,
    blocks_table: needsAllowBlocking(file),
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

/** Prints what migrate would do and what its role needs, in a READ ONLY transaction. */
async function plan(
  databaseUrl: string,
  command: MigrationsOption & JsonOption,
  output: Output,
): Promise<void> {
  const directory = command.migrations ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const session = await openMigrationSession(databaseUrl);
  try {
    await session.client.query('BEGIN TRANSACTION READ ONLY');
    const state = await readMigrationState(session.client, directory, files);
    assertNoProblems(state.problems);
    const parser = await loadParser();
    const found = await readPrivileges(session, files, parser);
    const planned: PlannedFile[] = [];
    for (const file of state.pending) planned.push(await planFile(session, file, parser));
    await session.client.query('COMMIT');
    if (state.adoptable !== undefined)
      output.note(`the database of the first service will be adopted at version ${state.adoptable}`);
    if (command.json === true) {
      output.json({ role: found.role, privileges: found.privileges, files: toJsonPlan(planned) });
      return;
    }
    printFiles(planned, output);
    printPrivileges(found, output);
  } finally {
    await session.close();
  }
}

export function addPlan(program: Command, { output, onDatabase }: CommandContext): void {
  const command = program
    .command('plan')
    .description(
      'show each pending file: its SQL, locks, rows and hazards; and the privileges that the role needs; changes nothing',
    )
    .action((options: MigrationsOption & JsonOption) =>
      onDatabase((databaseUrl) => plan(databaseUrl, options, output)),
    );
  addMigrationsOption(command);
  addJsonOption(command);
}
