import { queryRow } from '@timer-platform/migrations';
import { z } from 'zod';
import { inShortTransaction, type OnlineContext } from './online-context.ts';

/** Proves that no callback_config is NULL, so that SET NOT NULL does not read the table. */
const HELPER = 'timers_online_config_present';

const READ_CONSTRAINTS = `
SELECT a.attnotnull AS required,
  (SELECT convalidated FROM pg_constraint WHERE conrelid = a.attrelid AND conname = 'valid_callback_type') AS type_checked,
  (SELECT convalidated FROM pg_constraint WHERE conrelid = a.attrelid AND conname = '${HELPER}') AS helper
FROM pg_attribute a WHERE a.attrelid = 'timers'::regclass AND a.attname = 'callback_config'`;

/** null: does not exist; false: not validated. */
const constraintsSchema = z.object({
  required: z.boolean(),
  type_checked: z.boolean().nullable(),
  helper: z.boolean().nullable(),
});

/**
 * The next statement towards both constraints; undefined when both exist. Each runs in its own transaction: SET NOT NULL
 * and DROP CONSTRAINT in one ALTER TABLE would drop first, lose the proof and read the table under its lock.
 * VALIDATE reads the table without blocking readers or writers.
 */
export function nextConstraintStep(found: z.infer<typeof constraintsSchema>): string | undefined {
  if (found.type_checked === null) {
    return "ALTER TABLE timers ADD CONSTRAINT valid_callback_type CHECK (callback_type IN ('http', 'nats')) NOT VALID";
  }
  if (!found.type_checked) return 'ALTER TABLE timers VALIDATE CONSTRAINT valid_callback_type';
  if (!found.required) {
    if (found.helper === null) {
      return `ALTER TABLE timers ADD CONSTRAINT ${HELPER} CHECK (callback_config IS NOT NULL) NOT VALID`;
    }
    if (!found.helper) return `ALTER TABLE timers VALIDATE CONSTRAINT ${HELPER}`;
    return 'ALTER TABLE timers ALTER COLUMN callback_config SET NOT NULL';
  }
  if (found.helper !== null) return `ALTER TABLE timers DROP CONSTRAINT ${HELPER}`;
  return undefined;
}

/** Phase 3: adds the constraints. Reads the current state before each step, so that it can be interrupted anywhere. */
export async function addConstraints(context: OnlineContext): Promise<void> {
  const { client } = context.session;
  for (;;) {
    const step = nextConstraintStep(await queryRow(client, constraintsSchema, READ_CONSTRAINTS));
    if (step === undefined) break;
    await inShortTransaction(context, step, () => client.query(step));
  }
  await client.query(
    "UPDATE _online_migrations SET phase = 'index', updated_at = clock_timestamp() WHERE version = $1",
    [context.file.version.toString()],
  );
}
