import { MigrationError, queryRow, queryRows } from '@timer-platform/migrations';
import type { ClientBase } from 'pg';
import { z } from 'zod';
import { inShortTransaction, type OnlineContext } from './online-context.ts';
import { restoreAutovacuum } from './slow-autovacuum.ts';
import { SYNC_TRIGGER } from './sync-trigger.ts';

/** Proves that no callback_url is NULL: the trigger fills it for clients of the new shape. */
const HELPER = 'timers_online_url_present';

const READ_STATE = `
SELECT a.attnotnull AS required,
  (SELECT convalidated FROM pg_constraint WHERE conrelid = a.attrelid AND conname = '${HELPER}') AS helper
FROM pg_attribute a WHERE a.attrelid = 'timers'::regclass AND a.attname = 'callback_url'`;

const stateSchema = z.object({ required: z.boolean(), helper: z.boolean().nullable() });

function nextStep(found: z.infer<typeof stateSchema>): string | undefined {
  if (!found.required) {
    if (found.helper === null)
      return `ALTER TABLE timers ADD CONSTRAINT ${HELPER} CHECK (callback_url IS NOT NULL) NOT VALID`;
    if (!found.helper) return `ALTER TABLE timers VALIDATE CONSTRAINT ${HELPER}`;
    return 'ALTER TABLE timers ALTER COLUMN callback_url SET NOT NULL';
  }
  return found.helper === null ? undefined : `ALTER TABLE timers DROP CONSTRAINT ${HELPER}`;
}

/** Dropping the columns also drops their index and constraints. */
const DROP_NEW_SHAPE: readonly string[] = [
  ...SYNC_TRIGGER.drop,
  'ALTER TABLE timers DROP CONSTRAINT IF EXISTS timers_online_config_present, DROP COLUMN IF EXISTS callback_type, DROP COLUMN IF EXISTS callback_config',
];

/** Settings of a callback for which version 1 has no column, such as timeout_ms. */
const FIND_LOST_SETTINGS = `
SELECT setting, count(*) AS rows, min(id::text) AS example
FROM timers, jsonb_object_keys(callback_config - ARRAY['type', 'url', 'headers', 'payload']) AS setting
WHERE jsonb_typeof(callback_config) = 'object'
GROUP BY setting ORDER BY setting`;

const lostSchema = z.object({ setting: z.string(), rows: z.coerce.number(), example: z.string() });

/** @throws MigrationError `not-confirmed`, which names what {@link abort} would lose */
export async function assertNothingLost(client: ClientBase): Promise<void> {
  const lost = await queryRows(client, lostSchema, FIND_LOST_SETTINGS);
  if (lost.length === 0) return;
  const lines = lost.map(
    ({ setting, rows, example }) => `  ${setting} of ${rows} timers, for example ${example}`,
  );
  throw new MigrationError(
    'not-confirmed',
    `version 1 has no column for these settings, which abort loses:\n${lines.join('\n')}\nConfirm with --accept-loss; nothing was changed`,
  );
}

/** Restores the schema of 001. The trigger has kept the old columns in sync, so they hold every callback. */
export async function abort(context: OnlineContext): Promise<void> {
  const { client } = context.session;
  const version = context.file.version.toString();
  await client.query("UPDATE _online_migrations SET phase = 'aborting', paused = FALSE WHERE version = $1", [
    version,
  ]);
  for (;;) {
    const step = nextStep(await queryRow(client, stateSchema, READ_STATE));
    if (step === undefined) break;
    await inShortTransaction(context, step, () => client.query(step));
  }
  await inShortTransaction(context, 'abort', async () => {
    await client.query('LOCK TABLE timers IN ACCESS EXCLUSIVE MODE');
    for (const statement of DROP_NEW_SHAPE) await client.query(statement);
    await restoreAutovacuum(client, version);
    await client.query(
      "UPDATE _online_migrations SET phase = 'aborted', updated_at = clock_timestamp() WHERE version = $1",
      [version],
    );
  });
}
