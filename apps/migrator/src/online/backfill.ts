import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError, queryRow } from '@timer-platform/migrations';
import { z } from 'zod';
import { nextBatchRows, pauseAfterBatch } from './batch-throttle.ts';
import { configOf } from './callback-shapes.ts';
import { inShortTransaction, type OnlineContext } from './online-context.ts';

/**
 * One batch: updates rows after the cursor, the cursor and the counters in one transaction. The first pass skips locked
 * rows; the sweep after it waits for them. NO KEY UPDATE does not block foreign key checks.
 */
const fillBatch = (locked: 'SKIP LOCKED' | ''): string => `
WITH state AS (SELECT cursor FROM _online_migrations WHERE version = $1),
batch AS MATERIALIZED (
  SELECT id FROM timers WHERE id > (SELECT cursor FROM state) AND callback_config IS NULL
  ORDER BY id LIMIT $2 FOR NO KEY UPDATE ${locked}
),
filled AS (
  UPDATE timers t SET callback_config = ${configOf('t')}
  FROM batch WHERE t.id = batch.id RETURNING t.id
),
moved AS (
  UPDATE _online_migrations SET
    cursor = COALESCE((SELECT id FROM batch ORDER BY id DESC LIMIT 1), cursor),
    rows_done = rows_done + (SELECT count(*) FROM filled),
    batches = batches + 1, updated_at = clock_timestamp()
  WHERE version = $1 RETURNING rows_done, rows_total, paused
)
SELECT (SELECT count(*) FROM batch) AS rows, rows_done, rows_total, paused FROM moved`;

const batchSchema = z.object({
  rows: z.coerce.number(),
  rows_done: z.coerce.number(),
  rows_total: z.coerce.number(),
  paused: z.boolean(),
});

const NEXT_PHASE = `
UPDATE _online_migrations SET phase = $2, cursor = DEFAULT, updated_at = clock_timestamp() WHERE version = $1`;

/** @throws MigrationError `interrupted` or `paused` when the operator has stopped the migration */
export function throwIfStopped(context: OnlineContext, paused: boolean): void {
  if (context.signal.aborted) {
    throw new MigrationError(
      'interrupted',
      'stopped; all batches so far are committed. Continue with `npx nx run migrator:online -- resume`',
    );
  }
  if (paused)
    throw new MigrationError('paused', 'paused; continue with `npx nx run migrator:online -- resume`');
}

/**
 * Phase 2: fills callback_config in batches, in order of id.
 *
 * @param phase `backfill` is the first pass, `sweep` the second one over the rows that the first skipped
 */
export async function backfill(context: OnlineContext, phase: 'backfill' | 'sweep'): Promise<void> {
  const { client } = context.session;
  const version = context.file.version.toString();
  const statement = fillBatch(phase === 'backfill' ? 'SKIP LOCKED' : '');
  const startedAt = performance.now();
  let filled = 0;
  for (let rows = context.throttle.firstBatchRows; ;) {
    const batchStartedAt = performance.now();
    const batch = await inShortTransaction(context, phase, async () => {
      await client.query("SET LOCAL timers.backfill = 'on'");
      return queryRow(client, batchSchema, statement, [version, rows]);
    });
    const tookMs = performance.now() - batchStartedAt;
    filled += batch.rows;
    context.report({
      kind: 'batch',
      done: batch.rows_done,
      total: Math.max(batch.rows_total, batch.rows_done),
      rowsPerSecond: (filled * 1000) / (performance.now() - startedAt),
    });
    if (batch.rows === 0) break;
    throwIfStopped(context, batch.paused);
    rows = nextBatchRows(rows, tookMs, context.throttle);
    await sleep(pauseAfterBatch(tookMs, context.throttle));
  }
  await client.query(NEXT_PHASE, [version, phase === 'backfill' ? 'sweep' : 'constraints']);
}
