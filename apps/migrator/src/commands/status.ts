import type { Output } from '@timer-platform/command-line';
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
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import {
  addJsonOption,
  addMigrationsOption,
  type JsonOption,
  type MigrationsOption,
} from '../command-options.ts';

interface StatusCommandOptions extends MigrationsOption, JsonOption {
  readonly check?: boolean | undefined;
}

/** `status --check` found pending files, which are already printed. */
export class PendingError extends Error {
  override readonly name = 'PendingError';
}

function appliedAt(state: MigrationState, file: MigrationFile): Date | undefined {
  return state.ledger.rows.find((row) => row.version === file.version)?.installed_on;
}

function printText(state: MigrationState, online: OnlineState | undefined, output: Output): void {
  for (const file of state.applied) {
    output.line(
      `applied  ${file.fileName}  ${appliedAt(state, file)?.toISOString() ?? 'by the first service; not recorded yet'}`,
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
 * Prints the applied and the pending files. Writes nothing to the database.
 *
 * @throws MigrationError with `check`, when there are problems
 * @throws PendingError with `check`, when files are pending
 */
async function status(databaseUrl: string, command: StatusCommandOptions, output: Output): Promise<void> {
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
    if (command.check !== true) return;
    assertNoProblems(state.problems);
    if (state.pending.length > 0) throw new PendingError();
  } finally {
    await session.close();
  }
}

export function addStatus(program: Command, { output, onDatabase }: CommandContext): void {
  const command = program
    .command('status')
    .description('show the applied and the pending files')
    .option('--check', 'exit with 3 when files are pending, with the code of a problem when there is one')
    .action((options: StatusCommandOptions) =>
      onDatabase((databaseUrl) => status(databaseUrl, options, output)),
    );
  addMigrationsOption(command);
  addJsonOption(command);
}
