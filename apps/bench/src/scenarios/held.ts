import { timerService } from '../contenders/timer-service.ts';
import { type BenchDatabase, connectClient } from '../database/bench-server.ts';
import { type BurstResult, runBurst } from './burst.ts';
import type { BenchEnvironment } from './environment.ts';

const INSERT = `
  INSERT INTO timers (created_at, execute_at, callback_config)
  SELECT now() - interval '2 hours', now() - interval '1 hour' + n * interval '10 milliseconds',
         jsonb_build_object('type', 'http', 'url', 'http://127.0.0.1/', 'payload', jsonb_build_object('n', n))
  FROM generate_series(1, $1::integer) AS n`;

/** Creates the same row versions as a dispatcher. */
const FINISH = `
  UPDATE timers SET status = 'completed', claims = claims + 1, attempts = 1, attempted_at = now(), executed_at = now(),
    updated_at = now()`;

/**
 * Measures a burst on a table with this many finished timers. With `openTransaction`, another session holds a transaction
 * open that began before the timers finished, so that their dead row versions cannot be removed.
 */
export function runHeld(
  environment: BenchEnvironment,
  {
    timers,
    finished,
    openTransaction,
  }: { readonly timers: number; readonly finished: number; readonly openTransaction: boolean },
): Promise<BurstResult> {
  const prepareDatabase = async ({ client, url }: BenchDatabase): Promise<void> => {
    await client.query(INSERT, [finished]);
    if (openTransaction) {
      const holder = await connectClient(url);
      // Dropping the database closes the connection.
      holder.on('error', () => undefined);
      await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await holder.query('SELECT FROM timers LIMIT 1');
    }
    await client.query(FINISH);
    await client.query('VACUUM ANALYZE timers');
  };
  return runBurst(environment, timerService, { timers, prepareDatabase });
}
