import { randomUUID } from 'node:crypto';
import { acquireLease, connect } from '@timer-platform/database';
import { timerService } from '../contenders/timer-service.ts';
import type { BenchDatabase } from '../database/bench-server.ts';
import { claimAnyDue, settleBatch } from '../database/claim-and-settle.ts';
import { uuidV7At } from '../database/uuid-v7-at.ts';
import { type DurationSummary, summarizeDurations } from '../measure/quantiles.ts';
import type { BenchEnvironment } from './environment.ts';
import { runSteady, type SteadyResult } from './steady.ts';

export interface PendingResult extends SteadyResult {
  /** How long one claim takes, in milliseconds. */
  readonly claim: DurationSummary;
}

/** One timer was created every millisecond, up to now. */
const FAR = `
  INSERT INTO timers (id, created_at, execute_at, callback_config)
  SELECT ${uuidV7At('created_at')}, created_at, now() + interval '1 day' + (random() * 364) * interval '1 day',
         jsonb_build_object('type', 'http', 'url', 'http://127.0.0.1/', 'payload', jsonb_build_object('n', n))
  FROM generate_series($1::bigint, $2::bigint) AS n,
       LATERAL (SELECT now() - ($3::bigint - n) * interval '1 millisecond' AS created_at) AS created`;
const DUE = `
  INSERT INTO timers (id, created_at, execute_at, callback_config)
  SELECT ${uuidV7At('created_at')}, created_at, now() - n * interval '1 millisecond',
         '{"type":"http","url":"http://127.0.0.1/"}'
  FROM generate_series(1, $1::integer) AS n,
       LATERAL (SELECT now() - interval '1 minute' - n * interval '1 millisecond' AS created_at) AS created`;

const ROWS_PER_STATEMENT = 500_000;
const CLAIMS = 300;
const WARM_UP_CLAIMS = 20;
const CLAIM_SIZE = 50;

/** Stores timers that are due within the next year. */
export async function storePending({ client }: BenchDatabase, pending: number): Promise<void> {
  for (let from = 1; from <= pending; from += ROWS_PER_STATEMENT)
    await client.query(FAR, [from, Math.min(pending, from + ROWS_PER_STATEMENT - 1), pending]);
  await client.query('VACUUM ANALYZE timers');
  // Otherwise that of the load would go on beside the measurement, the longer the more was stored.
  await client.query('CHECKPOINT');
}

async function measureClaims({ client, url }: BenchDatabase): Promise<DurationSummary> {
  await client.query(DUE, [(CLAIMS + WARM_UP_CLAIMS) * CLAIM_SIZE]);
  // Plans as the dispatcher has them: other plans are made anew for each claim, which takes a millisecond.
  const db = connect({
    url,
    applicationName: 'bench',
    poolSize: 1,
    byIndexOnly: true,
    onIdleError: () => undefined,
  });
  try {
    const dispatcherId = randomUUID();
    await acquireLease(db, dispatcherId, 'bench');
    const durations: number[] = [];
    for (let i = 0; i < CLAIMS + WARM_UP_CLAIMS; i += 1) {
      const startedMs = performance.now();
      const rows = await claimAnyDue(db, dispatcherId, CLAIM_SIZE);
      const durationMs = performance.now() - startedMs;
      if (rows.length !== CLAIM_SIZE)
        throw new Error(`a claim returned ${rows.length} of ${CLAIM_SIZE} timers`);
      if (i >= WARM_UP_CLAIMS) durations.push(durationMs);
      await settleBatch(db, dispatcherId, rows);
    }
    return summarizeDurations(durations);
  } finally {
    await db.close();
    await client.query(`DELETE FROM timers WHERE status = 'completed'`);
    await client.query('DELETE FROM dispatchers');
    await client.query('VACUUM ANALYZE timers');
  }
}

/** Measures claims and a steady load on a table with this many timers that are due within the next year. */
export async function runPending(
  environment: BenchEnvironment,
  {
    pending,
    perSecond,
    seconds,
  }: { readonly pending: number; readonly perSecond: number; readonly seconds: number },
): Promise<PendingResult> {
  let claim: DurationSummary | undefined;
  const steady = await runSteady(environment, timerService, {
    perSecond,
    seconds,
    prepareDatabase: async (database) => {
      await storePending(database, pending);
      claim = await measureClaims(database);
    },
  });
  if (claim === undefined) throw new Error('no claim was measured');
  return { ...steady, claim };
}
