import type { CallbackConfig } from '@timer-platform/callback-types';
import { newTimerId } from '@timer-platform/database';
import type pg from 'pg';
import type { StoredJobs } from './stored-jobs.ts';

/** A timer to insert without the API, which rejects timers that are already due. */
export interface LoadedTimer {
  readonly dueMs: number;
  readonly callback: CallbackConfig;
}

const INSERT = `
  INSERT INTO timers (id, created_at, execute_at, callback_type, callback_config)
  SELECT id, least(now(), to_timestamp(due_ms / 1000.0)) - interval '1 second', to_timestamp(due_ms / 1000.0),
         callback ->> 'type', callback
  FROM json_to_recordset($1::json) AS loaded (id uuid, due_ms double precision, callback jsonb)`;

const ROWS_PER_STATEMENT = 5_000;

/** Inserts timers in one transaction, with ids as the API creates them. The caller commits it. */
export async function storeTimers(client: pg.Client, timers: readonly LoadedTimer[]): Promise<StoredJobs> {
  await client.query('BEGIN');
  for (let from = 0; from < timers.length; from += ROWS_PER_STATEMENT) {
    const rows = timers
      .slice(from, from + ROWS_PER_STATEMENT)
      .map(({ dueMs, callback }) => ({ id: newTimerId(), due_ms: dueMs, callback }));
    await client.query(INSERT, [JSON.stringify(rows)]);
  }
  return {
    commit: async () => {
      await client.query('COMMIT');
    },
  };
}
