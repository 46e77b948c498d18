import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { MigrationError } from '../migration-error.ts';
import { lineAndColumn, maskOpaqueTokens, splitStatements, type SqlStatement } from './split-statements.ts';

/** One numbered `.sql` file of the migrations directory. */
export interface MigrationFile {
  /** The number before the first underscore. */
  readonly version: bigint;
  /** The rest of the name with spaces for underscores, as sqlx writes it into its ledger. */
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

/** Would end the transaction that the file and its ledger row share. SAVEPOINT and ROLLBACK TO do not. */
const transactionControl =
  /^(?:BEGIN|START\s+TRANSACTION|COMMIT|END|ABORT|ROLLBACK(?!\s+(?:WORK\s+|TRANSACTION\s+)?TO\b)|PREPARE\s+TRANSACTION)\b/i;

/** @throws MigrationError `not-plain-sql` for commands of psql and for transaction control. */
function assertPlainSql(fileName: string, sql: string, statements: readonly SqlStatement[]): void {
  const command = /^[ \t]*\\.*$/m.exec(maskOpaqueTokens(sql));
  if (command !== null) {
    const { line } = lineAndColumn(sql, command.index);
    throw new MigrationError(
      'not-plain-sql',
      `${fileName}:${line}: ${command[0].trim()} is a command of psql, not SQL; only psql could run this file`,
    );
  }
  for (const statement of statements) {
    const control = transactionControl.exec(statement.text);
    if (control !== null) {
      const { line, column } = lineAndColumn(sql, statement.offset);
      throw new MigrationError(
        'not-plain-sql',
        `${fileName}:${line}:${column}: ${control[0]} is not for a migration: the file and its ledger row are one transaction, which the migrator begins and commits`,
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
      `${fileName}: a migration is named <number>_<description>.sql, for example 010_add_tags.sql`,
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
      `${fileName}: has Windows line ends (CRLF). The ledger holds the checksum of the bytes, so it would be another file; save it with LF (.gitattributes: *.sql text eol=lf)`,
    );
  }
  const inTransaction = sql.split('\n', 1)[0]?.trimEnd() !== '-- no-transaction';
  const statements = splitStatements(sql);
  if (!inTransaction && statements.length !== 1) {
    throw new MigrationError(
      'not-one-statement',
      `${fileName}: a "-- no-transaction" file holds exactly one statement, this one holds ${statements.length}; put each into a file of its own`,
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
 * The migrations of a directory, by number. Sub-directories, `.down.sql` files and files that are not `.sql` are left
 * alone; a `.sql` file without a number is refused, as sqlx refuses it.
 *
 * @throws MigrationError naming the file at fault.
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
      `${directory} holds no migrations (<number>_<description>.sql)`,
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
        `${file.fileName} and ${next.fileName} have the same number ${file.version.toString()}; give one of them the next free number`,
      );
    }
  }
  // Kysely orders by name, character by character; sqlx by number. They agree only on names of one width.
  for (const [index, file] of files.entries()) {
    const next = files[index + 1];
    if (next !== undefined && next.name < file.name) {
      throw new MigrationError(
        'bad-name',
        `${next.fileName} sorts before ${file.fileName} by name but not by number; pad the numbers with zeros to one width`,
      );
    }
  }
  return files;
}
