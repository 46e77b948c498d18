import { settleLeftoverIndex, withLockRetry } from '@timer-platform/migrations';
import type { OnlineContext } from './online-context.ts';

const CREATE_INDEX = 'CREATE INDEX CONCURRENTLY idx_timers_callback_type ON timers(callback_type)';

/** Phase 4: builds the index concurrently, unless an interrupted run has finished it. */
export async function buildIndex(context: OnlineContext): Promise<void> {
  const { client } = context.session;
  await withLockRetry(
    context.session,
    context.watch,
    context.policy,
    async () => {
      // The statement waits for older transactions without blocking others. A timeout would leave an INVALID index.
      await client.query('SET lock_timeout = 0');
      const leftover = await settleLeftoverIndex(client, CREATE_INDEX);
      if (leftover.state === 'dropped')
        context.report({ kind: 'notice', text: `dropped the leftover index ${leftover.index}` });
      if (leftover.state === 'finished') return;
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
