import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Output } from '@timer-platform/command-line';
import {
  compareSchemas,
  describeExtraObjects,
  findMigrationsDirectory,
  isUnderWay,
  type LedgerProblem,
  MigrationError,
  type MigrationFile,
  type MigrationSession,
  type MigrationState,
  ONLINE_VERSION,
  openMigrationSession,
  parseMigrationFile,
  readMigrationFiles,
  readMigrationState,
  readOnlineState,
  readSchemaObjects,
  readStoredSchema,
} from '@timer-platform/migrations';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import {
  addJsonOption,
  addMigrationsOption,
  type JsonOption,
  type MigrationsOption,
} from '../command-options.ts';
import { describeExtraObject } from './adopt.ts';

function asProblem(error: unknown): LedgerProblem {
  if (!(error instanceof MigrationError)) throw error;
  return { code: error.code, message: error.message };
}

/** Finds every invalid file; {@link readMigrationFiles} stops at the first one. */
async function findInvalidFiles(directory: string): Promise<LedgerProblem[]> {
  const names = await readdir(directory).catch(() => []);
  const problems = await Promise.all(
    names
      .filter((name) => name.endsWith('.sql') && !name.endsWith('.down.sql'))
      .map(async (name) => {
        try {
          parseMigrationFile(name, await readFile(path.join(directory, name)));
          return [];
        } catch (error) {
          return [asProblem(error)];
        }
      }),
  );
  return problems.flat();
}

/** The live schema compared with its stored list. */
interface SchemaComparison {
  readonly drift: readonly string[];
  /** Harmless objects that no migration creates. */
  readonly remarks: readonly string[];
}

/** Undefined when no list of this version is kept. */
async function compareWithStored(
  session: MigrationSession,
  directory: string,
  files: readonly MigrationFile[],
  state: MigrationState,
): Promise<SchemaComparison | undefined> {
  const newest = state.applied.at(-1);
  const expected = newest === undefined ? undefined : await readStoredSchema(directory, files, newest);
  if (expected === undefined) return undefined;
  const live = await readSchemaObjects(session.client);
  return { drift: compareSchemas(expected, live), remarks: describeExtraObjects(expected, live) };
}

interface Findings {
  readonly problems: readonly LedgerProblem[];
  readonly remarks?: readonly string[];
  /** Why the live schema was not compared, if it was not. */
  readonly notCompared: string | undefined;
}

async function findAllProblems(session: MigrationSession, directory: string): Promise<Findings> {
  const invalidFiles = await findInvalidFiles(directory);
  if (invalidFiles.length > 0) return { problems: invalidFiles, notCompared: 'the files cannot be read' };
  const files = await readMigrationFiles(directory);
  const state = await readMigrationState(session.client, directory, files);
  if (isUnderWay(await readOnlineState(session.client, ONLINE_VERSION))) {
    return { problems: state.problems, notCompared: 'an online migration is under way' };
  }
  const comparison = await compareWithStored(session, directory, files, state);
  if (comparison === undefined) {
    const pending = state.pending.map((file) => file.fileName).join(', ');
    return {
      problems: state.problems,
      notCompared: `no list of its objects is kept for this version; pending: ${pending}`,
    };
  }
  const { drift, remarks } = comparison;
  const drifted: LedgerProblem[] =
    drift.length === 0
      ? []
      : [
          {
            code: 'schema-drift',
            message: `the live schema differs from the schema of the migrations:\n${drift.join('\n')}`,
          },
        ];
  return { problems: [...state.problems, ...drifted], remarks, notCompared: undefined };
}

/**
 * Checks that files, ledger and live schema match. Writes nothing.
 *
 * @throws MigrationError with the code of the first problem and the messages of all
 */
async function verifyDatabase(
  databaseUrl: string,
  command: MigrationsOption & JsonOption,
  output: Output,
): Promise<void> {
  const directory = command.migrations ?? findMigrationsDirectory();
  const session = await openMigrationSession(databaseUrl);
  try {
    await session.client.query('BEGIN TRANSACTION READ ONLY');
    const findings: Findings = await findAllProblems(session, directory).catch((error: unknown) => ({
      problems: [asProblem(error)],
      notCompared: 'see the problem',
    }));
    const { problems, remarks = [], notCompared } = findings;
    await session.client.query('ROLLBACK');
    if (command.json === true) output.json({ problems, remarks, schema_compared: notCompared === undefined });
    else if (notCompared !== undefined) output.line(`the live schema was not compared: ${notCompared}`);
    else for (const remark of remarks) output.line(describeExtraObject(remark));
    const [first] = problems;
    if (first !== undefined)
      throw new MigrationError(first.code, problems.map(({ message }) => message).join('\n'));
    if (command.json !== true)
      output.line(
        notCompared === undefined ? 'files, ledger and live schema match' : 'files and ledger match',
      );
  } finally {
    await session.close();
  }
}

export function addVerify(program: Command, { output, onDatabase }: CommandContext): void {
  const command = program
    .command('verify')
    .description('check that files, ledger and live schema match')
    .action((options: MigrationsOption & JsonOption) =>
      onDatabase((databaseUrl) => verifyDatabase(databaseUrl, options, output)),
    );
  addMigrationsOption(command);
  addJsonOption(command);
}
