import type { ClientBase } from 'pg';
import type { MigrationFile } from '../files/migration-file.ts';
import { tableExists } from '../schema/table-exists.ts';
import { findMatchingVersion } from './adopt.ts';
import { compareLedger, type LedgerComparison } from './compare-ledger.ts';
import { type Ledger, readLedger } from './ledger.ts';

/** The migrations of a database compared with the files. */
export interface MigrationState extends LedgerComparison {
  readonly ledger: Ledger;
  /** The version that the schema proves although the ledger is empty; `migrate` and `adopt` record it. */
  readonly adoptable: bigint | undefined;
}

/**
 * Reads which migrations are applied and pending, and all problems. A database that can be adopted counts as migrated to
 * the version that its schema proves. Reads only.
 *
 * @throws MigrationError `schema-differs` when there is a table timers, no ledger, and the schema proves no version
 */
export async function readMigrationState(
  client: ClientBase,
  directory: string,
  files: readonly MigrationFile[],
): Promise<MigrationState> {
  const ledger = await readLedger(client);
  if (ledger.rows.length > 0 || !(await tableExists(client, 'timers'))) {
    return { ledger, adoptable: undefined, ...compareLedger(files, ledger) };
  }
  const { version: adoptable } = await findMatchingVersion(client, directory, files);
  return {
    ledger,
    adoptable,
    applied: files.filter((file) => file.version <= adoptable),
    pending: files.filter((file) => file.version > adoptable),
    problems: [],
  };
}
