import { checksumOf, type MigrationFile } from '../files/migration-file.ts';
import { MigrationError, type MigrationErrorCode } from '../migration-error.ts';
import type { Ledger, LedgerRow } from './ledger.ts';
import { AFTER_CONTRACT } from './online-state.ts';

/** One difference between the files and the ledger. */
export interface LedgerProblem {
  readonly code: MigrationErrorCode;
  readonly message: string;
}

export interface LedgerComparison {
  readonly applied: readonly MigrationFile[];
  readonly pending: readonly MigrationFile[];
  readonly problems: readonly LedgerProblem[];
}

function shortHash(checksum: Buffer): string {
  return `${checksum.toString('hex').slice(0, 16)}…`;
}

/** True when the checksum in the ledger is that of the file with Windows line endings: the SQL is the same. */
export function wasAppliedWithCrlf(row: LedgerRow, file: MigrationFile): boolean {
  return checksumOf(Buffer.from(file.sql.replaceAll('\n', '\r\n'), 'utf8')).equals(row.checksum);
}

function compareRow(
  row: LedgerRow,
  file: MigrationFile | undefined,
  table: string,
): LedgerProblem | undefined {
  if (!row.success) {
    return {
      code: 'dirty',
      message: `${table} records version ${row.version} as failed; check what it left behind, then correct the row`,
    };
  }
  if (file === undefined) {
    return {
      code: 'vanished',
      message: `version ${row.version} (${row.description}) was applied to this database, but no file has that number; restore the file, or run a version of the code that has it`,
    };
  }
  if (!file.checksum.equals(row.checksum)) {
    const why = wasAppliedWithCrlf(row, file)
      ? 'applied with Windows line endings (CRLF), has LF now; the SQL is the same. `npx nx run migrator:adopt -- --repair-line-endings` records the checksum of the file'
      : 'edited after it was applied; undo the edit and put the change into a new migration, or if it is a draft on the embedded development database, run `npx nx run migrator:reset -- --yes`';
    return {
      code: 'edited',
      message: `${file.fileName}: ${why} (applied ${shortHash(row.checksum)}, file ${shortHash(file.checksum)})`,
    };
  }
  if (file.description !== row.description) {
    return {
      code: 'renamed',
      message: `${file.fileName}: was applied under the description "${row.description}"; rename it back to ${row.version}_${row.description.replaceAll(' ', '_')}.sql`,
    };
  }
  return undefined;
}

/** Returns the applied files, the pending files and every difference. Pure. */
export function compareLedger(
  files: readonly MigrationFile[],
  ledger: Pick<Ledger, 'rows' | 'table' | 'underWay'>,
): LedgerComparison {
  const byVersion = new Map(files.map((file) => [file.version, file]));
  const recorded = new Set(ledger.rows.map((row) => row.version));
  const newest = ledger.rows.at(-1)?.version ?? -1n;
  const pending = files.filter((file) => !recorded.has(file.version));

  const problems = ledger.rows
    .map((row) => compareRow(row, byVersion.get(row.version), ledger.table))
    .filter((problem) => problem !== undefined);
  for (const file of pending) {
    const mayBeLate = file.version === ledger.underWay || AFTER_CONTRACT.has(file.version);
    if (file.version < newest && !mayBeLate) {
      problems.push({
        code: 'out-of-order',
        message: `${file.fileName}: is pending, but version ${newest} is applied already; rename it to a number above ${newest}`,
      });
    }
  }
  return { applied: files.filter((file) => recorded.has(file.version)), pending, problems };
}

/** @throws MigrationError with the code of the first problem and the messages of all. */
export function assertNoProblems(problems: readonly LedgerProblem[]): void {
  const [first] = problems;
  if (first !== undefined)
    throw new MigrationError(first.code, problems.map((problem) => problem.message).join('\n'));
}
