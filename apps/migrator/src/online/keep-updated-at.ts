import { inShortTransaction, type LockContext } from './online-context.ts';

/** Put first into a transaction whose updates shall leave `updated_at` as it is. */
export const KEEP_UPDATED_AT = "SET LOCAL timers.keep_updated_at = 'on'";

const CREATE_FUNCTION = `
CREATE OR REPLACE FUNCTION timers_keep_updated_at() RETURNS trigger LANGUAGE plpgsql AS $function$
BEGIN
  NEW.updated_at := OLD.updated_at;
  RETURN NEW;
END
$function$`;

/** zz_: after update_timers_updated_at, whose stamp it takes back. The WHEN keeps it from being called for others. */
const CREATE_TRIGGER = `
CREATE TRIGGER zz_timers_keep_updated_at BEFORE UPDATE ON timers FOR EACH ROW
WHEN (current_setting('timers.keep_updated_at', true) = 'on') EXECUTE FUNCTION timers_keep_updated_at()`;

const DROP = 'DROP FUNCTION IF EXISTS timers_keep_updated_at() CASCADE';

/**
 * Runs `work` while {@link KEEP_UPDATED_AT} has an effect. Disabling the trigger that stamps would take it from everybody
 * and lock out writers for each batch; this takes a lock for a moment before and after. What a killed process left
 * behind does nothing, and the next run removes it.
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
    // What went wrong first is what the operator has to know.
    await end().catch(() => {
      context.report({
        kind: 'remark',
        text: 'zz_timers_keep_updated_at is left behind; the next run removes it',
      });
    });
    throw error;
  }
  await end();
  return result;
}
