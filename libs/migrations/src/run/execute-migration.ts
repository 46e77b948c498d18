import { CompiledQuery, type Kysely } from 'kysely';
import { explain } from '../explain-server-error.ts';
import type { MigrationFile } from '../files/migration-file.ts';
import { lineAndColumn, type SqlStatement } from '../files/split-statements.ts';
import { MigrationError } from '../migration-error.ts';
import { asDatabaseError } from '../server-error.ts';

/** Characters of a statement that an error message shows. */
const SHOWN_LENGTH = 2000;

/** PostgreSQL counts characters from 1, a JavaScript string counts UTF-16 units from 0. */
function offsetOfPosition(statement: string, position: string | undefined): number {
  if (position === undefined) return 0;
  return Array.from(statement)
    .slice(0, Number(position) - 1)
    .join('').length;
}

/** What a failed file leaves behind, as the end of the message. */
function keptBy(file: MigrationFile): string {
  return file.inTransaction
    ? 'nothing of this file was kept'
    : 'the file ran outside a transaction; the next run repeats it as a whole';
}

/** An error with file, line:column, SQLSTATE, PostgreSQL's message and the statement. */
function statementError(file: MigrationFile, statement: SqlStatement, cause: unknown, kept: string): unknown {
  const error = asDatabaseError(cause);
  if (error === undefined) return cause;
  const { line, column } = lineAndColumn(
    file.sql,
    statement.offset + offsetOfPosition(statement.text, error.position),
  );
  const shown =
    statement.text.length > SHOWN_LENGTH ? `${statement.text.slice(0, SHOWN_LENGTH)}…` : statement.text;
  const { code, wayOut } = explain(error);
  const notes = [
    error.detail === undefined ? undefined : `detail: ${error.detail}`,
    error.hint === undefined ? undefined : `hint: ${error.hint}`,
    error.where === undefined ? undefined : `where: ${error.where}`,
  ].filter((note) => note !== undefined);
  return new MigrationError(
    code,
    [
      `${file.fileName}:${line}:${column}: ${error.message} (SQLSTATE ${error.code})`,
      ...notes,
      `statement: ${shown}`,
      kept,
      ...(wayOut === undefined ? [] : [wayOut]),
    ].join('\n'),
    {
      failure: {
        file: file.fileName,
        line,
        column,
        sqlState: error.code,
        databaseMessage: error.message,
        statement: statement.text,
      },
      cause,
    },
  );
}

/** The error of a commit, for example of a deferred constraint, which no statement caused. */
export function commitError(file: MigrationFile, cause: unknown): unknown {
  return statementError(file, { text: 'COMMIT', offset: file.sql.length }, cause, keptBy(file));
}

export interface ExecuteOptions {
  /** Those of the file to run; by default all. */
  readonly statements?: readonly SqlStatement[];
  /** What a failure leaves behind, as the end of the message. */
  readonly kept?: string;
}

/**
 * Runs the statements one by one, so that an error names its statement even where PostgreSQL reports no position
 * (a violated constraint, a DO block).
 */
export async function executeStatements(
  db: Kysely<unknown>,
  file: MigrationFile,
  { statements = file.statements, kept = keptBy(file) }: ExecuteOptions = {},
): Promise<void> {
  for (const statement of statements) {
    try {
      await db.executeQuery(CompiledQuery.raw(statement.text));
    } catch (error) {
      throw statementError(file, statement, error, kept);
    }
  }
}
