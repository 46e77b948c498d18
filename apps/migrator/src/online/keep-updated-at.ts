import { inShortTransaction, type LockContext } from './online-context.ts';

/**
 * First statement of a transaction whose updates must not change `updated_at`. Since 032, update_timers_updated_at reads the
 * setting itself; before, the trigger below restores the column.
 */
export const KEEP_UPDATED_AT = "SET LOCAL timers.keep_updated_at = 'on'";

const CREATE_FUNCTION = `
CREATE OR REPLACE FUNCTION timers_keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  NEW.updated_at := OLD.updated_at;
  RETURN NEW;
END
$function$`;

/** zz_: must fire after update_timers_updated_at, because it restores updated_at. Other transactions do not call it (WHEN). */
const CREATE_TRIGGER = `
CREATE TRIGGER zz_timers_keep_updated_at BEFORE UPDATE ON timers FOR EACH ROW
WHEN (current_setting('timers.keep_updated_at', true) = 'on') EXECUTE FUNCTION timers_keep_updated_at()`;

const DROP = 'DROP FUNCTION IF EXISTS timers_keep_updated_at() CASCADE';

/**
 * Runs `work` while {@link KEEP_UPDATED_AT} has an effect. Disabling update_timers_updated_at instead would disable it for
 * all clients and block writers in each batch; this takes one short lock before and one after. A trigger left behind by a
 * killed process has no effect, and the next run drops it.
 */
export async function withUpdatedAtKept<T>(context: LockContext, work: () => Promise<T>): Promise<T> {
  const { client } = context.session;
  await inShortTransaction(context, 'begin', async () => {
    await client.query(DROP);
    await client.query(CREATE_FUNCTION);
    await client.query(CREATE_TRIGGER);
  });
  const end = () => inShortTransaction(context, 'end', () => client.query(DROP));
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // The first error is the one to report.
    await end().catch(() => {
      context.report({
        kind: 'notice',
        text: 'could not drop the trigger zz_timers_keep_updated_at; the next run drops it',
      });
    });
    throw error;
  }
  await end();
  return result;
}
