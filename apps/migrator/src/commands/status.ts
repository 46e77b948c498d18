import {
  assertNoProblems,
  findMigrationsDirectory,
  isUnderWay,
  type MigrationFile,
  type MigrationState,
  ONLINE_VERSION,
  type OnlineState,
  openMigrationSession,
  readMigrationFiles,
  readMigrationState,
  readOnlineState,
} from '@timer-platform/migrations';
import type { Output } from '../output.ts';

export interface StatusCommand {
  readonly migrations?: string | undefined;
  readonly check?: boolean | undefined;
  readonly json?: boolean | undefined;
}

function appliedAt(state: MigrationState, file: MigrationFile): Date | undefined {
  return state.ledger.rows.find((row) => row.version === file.version)?.installed_on;
}

function printText(state: MigrationState, online: OnlineState | undefined, output: Output): void {
  for (const file of state.applied) {
    output.line(
      `applied  ${file.fileName}  ${appliedAt(state, file)?.toISOString() ?? 'by the old service; not recorded yet'}`,
    );
  }
  for (const file of state.pending) {
    const underWay = online !== undefined && isUnderWay(online) && file.version === online.version;
    output.line(
      `pending  ${file.fileName}${underWay ? `  online: ${online.phase}${online.paused ? ', paused' : ''}` : ''}`,
    );
  }
  for (const { code, message } of state.problems) output.line(`problem  ${code}: ${message}`);
  output.line(
    `ledger ${state.ledger.table}: ${state.applied.length} applied, ${state.pending.length} pending`,
  );
}

function toJsonStatus(state: MigrationState, online: OnlineState | undefined): unknown {
  return {
    ledger: state.ledger.table,
    adoptable: state.adoptable ?? null,
    applied: state.applied.map((file) => ({
      version: file.version,
      file: file.fileName,
      checksum: file.checksum.toString('hex'),
      applied_at: appliedAt(state, file) ?? null,
    })),
    pending: state.pending.map((file) => ({ version: file.version, file: file.fileName })),
    problems: state.problems,
    online: online ?? null,
  };
}

/**
 * What is applied and what is pending. Writes nothing.
 *
 * @returns whether everything is applied
 * @throws MigrationError the first problem, with `check`
 */
export async function status(databaseUrl: string, command: StatusCommand, output: Output): Promise<boolean> {
  const directory = command.migrations ?? findMigrationsDirectory();
  const files = await readMigrationFiles(directory);
  const session = await openMigrationSession(databaseUrl);
  try {
    await session.client.query('BEGIN TRANSACTION READ ONLY');
    const state = await readMigrationState(session.client, directory, files);
    const online = await readOnlineState(session.client, ONLINE_VERSION);
    await session.client.query('COMMIT');
    if (command.json === true) output.json(toJsonStatus(state, online));
    else printText(state, online, output);
    if (command.check === true) assertNoProblems(state.problems);
    return state.pending.length === 0;
  } finally {
    await session.close();
  }
}
