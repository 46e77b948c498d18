import { adoptDatabase, type Adoption, switchLedger } from '@timer-platform/migrations';
import type { Output } from '../output.ts';

export interface AdoptCommand {
  readonly migrations?: string | undefined;
  readonly finish?: boolean | undefined;
  readonly oldServiceStopped?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** What was recorded and why it could be. */
export function describeAdoption({ recorded, ledgerTable, keepsLegacyLedger }: Adoption): string {
  const files = recorded.map((file) => file.fileName).join(', ');
  const where = keepsLegacyLedger
    ? `${ledgerTable}, beside the old service's _sqlx_migrations: it can still start`
    : ledgerTable;
  return `adopted: the table timers is exactly what ${files} makes; recorded in ${where}`;
}

/** Records what the live schema proves, or with `finish` moves to the one ledger shared with sqlx. */
export async function adopt(databaseUrl: string, command: AdoptCommand, output: Output): Promise<void> {
  const options = { databaseUrl, directory: command.migrations, lockWaitMs: 5_000 };
  if (command.finish === true) {
    const moved = await switchLedger({ ...options, oldServiceStopped: command.oldServiceStopped === true });
    if (command.json === true) output.json({ moved });
    else
      output.line(
        moved
          ? 'the ledger is _sqlx_migrations now, shared with sqlx'
          : 'nothing to do, the ledger is _sqlx_migrations already',
      );
    return;
  }
  const adoption = await adoptDatabase(options);
  if (command.json === true) {
    output.json({
      recorded: adoption?.recorded.map((file) => file.fileName) ?? [],
      ledger: adoption?.ledgerTable ?? null,
    });
  } else {
    output.line(
      adoption === undefined
        ? 'nothing to adopt: the ledger has rows already, or there is no table timers'
        : describeAdoption(adoption),
    );
  }
}
