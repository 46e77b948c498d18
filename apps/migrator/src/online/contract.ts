import { insertLedgerRow, type LedgerTable, MigrationError, queryRows } from '@timer-platform/migrations';
import { z } from 'zod';
import { inShortTransaction, type OnlineContext } from './online-context.ts';
import { restoreAutovacuum } from './slow-autovacuum.ts';
import { SYNC_TRIGGER } from './sync-trigger.ts';

const READ_TRIGGER = `
SELECT tgenabled::text AS enabled FROM pg_trigger WHERE tgrelid = 'timers'::regclass AND tgname = '${SYNC_TRIGGER.name}'`;

const DROP_OLD_SHAPE: readonly string[] = [
  ...SYNC_TRIGGER.drop,
  'ALTER TABLE timers DROP COLUMN callback_url, DROP COLUMN callback_headers, DROP COLUMN callback_payload',
];

/**
 * Phase 6, the only irreversible one: drops the old columns and records 002 in one short transaction. The caller has just
 * verified that both shapes are equal; the trigger has kept them in sync since.
 */
export async function contract(context: OnlineContext, ledgerTable: LedgerTable): Promise<void> {
  const { client } = context.session;
  const { file } = context;
  await inShortTransaction(context, 'contract', async () => {
    const startedAt = performance.now();
    await client.query(`LOCK TABLE ${ledgerTable} IN SHARE ROW EXCLUSIVE MODE`);
    await client.query('LOCK TABLE timers IN ACCESS EXCLUSIVE MODE');
    const [trigger] = await queryRows(client, z.object({ enabled: z.string() }), READ_TRIGGER);
    if (trigger?.enabled !== 'O') {
      throw new MigrationError(
        'not-verified',
        `the trigger ${SYNC_TRIGGER.name} is missing or disabled, so old and new columns may differ; enable it, then verify again`,
      );
    }
    for (const statement of DROP_OLD_SHAPE) await client.query(statement);
    await restoreAutovacuum(client, file.version.toString());
    for (const statement of file.statements.filter(({ text }) => text.startsWith('COMMENT ON'))) {
      await client.query(statement.text);
    }
    const nanoseconds = Math.round((performance.now() - startedAt) * 1e6);
    await client.query(insertLedgerRow(ledgerTable), [
      file.version.toString(),
      file.description,
      file.checksum,
      nanoseconds,
    ]);
    await client.query(
      "UPDATE _online_migrations SET phase = 'contracted', updated_at = clock_timestamp() WHERE version = $1",
      [file.version.toString()],
    );
  });
}
