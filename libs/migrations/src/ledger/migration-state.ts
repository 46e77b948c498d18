import type { ClientBase } from 'pg';
import type { MigrationFile } from '../files/migration-file.ts';
import { findMatchingVersion, hasTimersTable } from './adopt.ts';
import { compareLedger, type LedgerComparison } from './compare-ledger.ts';
import { type Ledger, readLedger } from './ledger.ts';

/** Where a database stands. */
export interface MigrationState extends LedgerComparison {
  readonly ledger: Ledger;
  /** Set when no ledger says anything, but the schema proves this version: `migrate` and `adopt` will record it. */
  readonly adoptable: bigint | undefined;
}

/**
 * What is applied, pending and wrong; a database that would be adopted counts as at the version it proves. Reads only.
 *
 * @throws MigrationError `schema-differs` when there are timers but no ledger, and the schema proves no version
 */
export async function readMigrationState(
  client: ClientBase,
  directory: string,
  files: readonly MigrationFile[],
): Promise<MigrationState> {
  const ledger = await readLedger(client);
  if (ledger.rows.length > 0 || !(await hasTimersTable(client))) {
    return { ledger, adoptable: undefined, ...compareLedger(files, ledger) };
  }
  const adoptable = await findMatchingVersion(client, directory, files);
  return {
    ledger,
    adoptable,
    applied: files.filter((file) => file.version <= adoptable),
    pending: files.filter((file) => file.version > adoptable),
    problems: [],
  };
}
