import { queryRow } from '@timer-platform/migrations';
import { z } from 'zod';
import { inShortTransaction, type OnlineContext } from './online-context.ts';
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

/** Restores the schema of 001. Loses nothing: the trigger has kept the old columns in sync. */
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
    await client.query(
      "UPDATE _online_migrations SET phase = 'aborted', updated_at = clock_timestamp() WHERE version = $1",
      [version],
    );
  });
}
