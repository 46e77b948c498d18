import type { MigrationFile } from '../files/migration-file.ts';
import type { SqlStatement } from '../files/split-statements.ts';
import { MigrationError } from '../migration-error.ts';
import type { MigrationSession } from '../migration-session.ts';
import { executeStatements } from './execute-migration.ts';

/**
 * The guards of a file that undoes a migration: the `DO` blocks at its start. They read only, raise an error when a row or
 * a session prevents the file, and are valid at any later version of the schema.
 */
function guardsOf(file: MigrationFile): readonly SqlStatement[] {
  const end = file.statements.findIndex(({ text }) => !/^DO\b/i.test(text));
  return end === -1 ? file.statements : file.statements.slice(0, end);
}

/** Returns the error of the first guard of the file that refuses. */
async function findRefusal(
  session: MigrationSession,
  file: MigrationFile,
): Promise<MigrationError | undefined> {
  try {
    await session.kysely
      .transaction()
      .setAccessMode('read only')
      .execute((db) =>
        executeStatements(db, file, { statements: guardsOf(file), kept: 'nothing was undone' }),
      );
    return undefined;
  } catch (error) {
    if (error instanceof MigrationError) return error;
    throw error;
  }
}

/**
 * Runs the guards of all files in READ ONLY transactions.
 *
 * @throws MigrationError `failed` with the messages of all files that refuse
 */
export async function runGuards(session: MigrationSession, files: readonly MigrationFile[]): Promise<void> {
  const refusals: MigrationError[] = [];
  for (const file of files) {
    const refusal = await findRefusal(session, file);
    if (refusal !== undefined) refusals.push(refusal);
  }
  const [first] = refusals;
  if (first === undefined) return;
  throw new MigrationError(
    first.code,
    refusals.map(({ message }) => message).join('\n'),
    first.failure === undefined ? {} : { failure: first.failure },
  );
}
