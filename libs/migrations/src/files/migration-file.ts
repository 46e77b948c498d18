import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../migration-error.ts';
import { lineAndColumn, maskOpaqueTokens, splitStatements, type SqlStatement } from './split-statements.ts';

/** One numbered `.sql` file of the migrations directory. */
export interface MigrationFile {
  /** The number before the first underscore. */
  readonly version: bigint;
  /** The rest of the name with spaces for underscores, as sqlx stores it in its ledger. */
  readonly description: string;
  /** File name with extension. */
  readonly fileName: string;
  /** File name without extension: Kysely's name of the migration. */
  readonly name: string;
  readonly sql: string;
  /** SHA-384 of the raw bytes, as sqlx computes it. */
  readonly checksum: Buffer;
  /** False when the first line is `-- no-transaction`. */
  readonly inTransaction: boolean;
  readonly statements: readonly SqlStatement[];
}

const migrationFileName = /^(\d+)_(.+?)(?<!\.down)\.sql$/;
const numberedName = /^\d+_/;

/** Statements that end the transaction of the file and its ledger row. SAVEPOINT and ROLLBACK TO do not. */
const transactionControl =
  /^(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ABORT|ROLLBACK(?!\s+(?:WORK\s+|TRANSACTION\s+)?TO\b)|PREPARE\s+TRANSACTION)\b/i;

/** @throws MigrationError `not-plain-sql` for psql commands and transaction control. */
function assertPlainSql(fileName: string, sql: string, statements: readonly SqlStatement[]): void {
  const command = /^[ \t]*\\.*$/m.exec(maskOpaqueTokens(sql));
  if (command !== null) {
    const { line } = lineAndColumn(sql, command.index);
    throw new MigrationError(
      'not-plain-sql',
      `${fileName}:${line}: ${command[0].trim()} is a psql command, not SQL; only psql can run it`,
    );
  }
  for (const statement of statements) {
    const control = transactionControl.exec(statement.text);
    if (control !== null) {
      const { line, column } = lineAndColumn(sql, statement.offset);
      throw new MigrationError(
        'not-plain-sql',
        `${fileName}:${line}:${column}: ${control[0]} is not allowed in a migration: the migrator begins and commits the one transaction of the file and its ledger row`,
      );
    }
  }
}

export function checksumOf(bytes: Buffer): Buffer {
  return createHash('sha384').update(bytes).digest();
}

/** @throws MigrationError `bad-name`, `byte-order-mark`, `crlf`, `not-plain-sql` or `not-one-statement`. */
export function parseMigrationFile(fileName: string, bytes: Buffer): MigrationFile {
  const match = migrationFileName.exec(fileName);
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new MigrationError(
      'bad-name',
      `${fileName}: not a migration name; use <number>_<description>.sql, for example 010_add_tags.sql`,
    );
  }
  if (bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) {
    throw new MigrationError(
      'byte-order-mark',
      `${fileName}: starts with a byte order mark; save it as UTF-8 without one`,
    );
  }
  const sql = bytes.toString('utf8');
  if (sql.includes('\r\n')) {
    throw new MigrationError(
      'crlf',
      `${fileName}: has Windows line endings (CRLF), which change the checksum of the file; save it with LF (.gitattributes: *.sql text eol=lf)`,
    );
  }
  const inTransaction = sql.split('\n', 1)[0]?.trimEnd() !== '-- no-transaction';
  const statements = splitStatements(sql);
  if (!inTransaction && statements.length !== 1) {
    throw new MigrationError(
      'not-one-statement',
      `${fileName}: a "-- no-transaction" file must hold exactly one statement, this one holds ${statements.length}; put each statement into its own file`,
    );
  }
  assertPlainSql(fileName, sql, statements);
  return {
    version: BigInt(match[1]),
    description: match[2].replaceAll('_', ' '),
    fileName,
    name: fileName.slice(0, -'.sql'.length),
    sql,
    checksum: checksumOf(bytes),
    inTransaction,
    statements,
  };
}

/**
 * Reads the migrations of a directory, ordered by number. Ignores subdirectories, `.down.sql` files and files that are
 * not `.sql`. Rejects a `.sql` file without a number, as sqlx does.
 *
 * @throws MigrationError that names the invalid file
 */
export async function readMigrationFiles(directory: string): Promise<MigrationFile[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new MigrationError('bad-directory', `cannot read the migrations directory ${directory}`, { cause });
  });
  const names = entries
    .filter(
      (entry) => !entry.isDirectory() && entry.name.endsWith('.sql') && !entry.name.endsWith('.down.sql'),
    )
    .map((entry) => entry.name)
    .sort();
  if (!names.some((name) => numberedName.test(name))) {
    throw new MigrationError(
      'bad-directory',
      `${directory} contains no migrations (<number>_<description>.sql)`,
    );
  }
  const files = await Promise.all(
    names.map(async (name) => parseMigrationFile(name, await readFile(path.join(directory, name)))),
  );
  files.sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0));
  for (const [index, file] of files.entries()) {
    const next = files[index + 1];
    if (next?.version === file.version) {
      throw new MigrationError(
        'duplicate-version',
        `${file.fileName} and ${next.fileName} have the same number ${file.version.toString()}; rename one to the next free number`,
      );
    }
  }
  // Kysely sorts by name, sqlx by number. The orders are equal only if all numbers have the same width.
  for (const [index, file] of files.entries()) {
    const next = files[index + 1];
    if (next !== undefined && next.name < file.name) {
      throw new MigrationError(
        'bad-name',
        `${next.fileName} sorts before ${file.fileName} by name but after it by number; pad all numbers with zeros to the same width`,
      );
    }
  }
  return files;
}
