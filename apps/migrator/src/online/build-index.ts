import { dropLeftoverIndex, queryRows, withLockRetry } from '@timer-platform/migrations';
import { z } from 'zod';
import type { OnlineContext } from './online-context.ts';

const NAME = 'idx_timers_callback_type';
const CREATE_INDEX = `CREATE INDEX CONCURRENTLY ${NAME} ON timers(callback_type)`;
const READ_INDEX = `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = to_regclass('${NAME}')`;

/** Phase 4: builds the index concurrently. Rebuilds the INVALID index of an interrupted run. */
export async function buildIndex(context: OnlineContext): Promise<void> {
  const { client } = context.session;
  await withLockRetry(
    context.session,
    context.watch,
    context.policy,
    async () => {
      const [index] = await queryRows(client, z.object({ valid: z.boolean() }), READ_INDEX);
      if (index?.valid === true) return;
      // The statement waits for older transactions without blocking others. A timeout would leave an INVALID index.
      await client.query('SET lock_timeout = 0');
      if (await dropLeftoverIndex(client, NAME))
        context.report({ kind: 'notice', text: `dropped the INVALID index ${NAME}` });
      await client.query(CREATE_INDEX);
    },
    (failed) => {
      context.report({ kind: 'blocked', step: 'index', failed });
    },
  );
  await client.query(
    "UPDATE _online_migrations SET phase = 'verify', updated_at = clock_timestamp() WHERE version = $1",
    [context.file.version.toString()],
  );
}
