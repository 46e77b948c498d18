import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError, queryRow, queryRows } from '@timer-platform/migrations';
import { z } from 'zod';
import { nextBatchRows, pauseAfterBatch } from './batch-throttle.ts';
import { configOf } from './callback-shapes.ts';
import { inShortTransaction, type OnlineContext } from './online-context.ts';

/** The first pass: skips locked rows. */
const NEXT_ROWS = `
SELECT id FROM timers WHERE id > $2 AND callback_config IS NULL
ORDER BY id LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED`;

/** The sweep: waits for locked rows. */
const SKIPPED_ROWS = `
SELECT id FROM timers WHERE id = ANY($2::uuid[]) AND callback_config IS NULL
ORDER BY id FOR NO KEY UPDATE`;

/**
 * One batch: updates the rows, the cursor and the counters in one transaction. NO KEY UPDATE does not block foreign key
 * checks.
 */
const fillBatch = (rows: string): string => `
WITH batch AS MATERIALIZED (${rows}),
filled AS (
  UPDATE timers t SET callback_config = ${configOf('t')}
  FROM batch WHERE t.id = batch.id RETURNING t.id
)
UPDATE _online_migrations SET
  cursor = COALESCE((SELECT id FROM batch ORDER BY id DESC LIMIT 1), cursor),
  rows_done = rows_done + (SELECT count(*) FROM filled),
  batches = batches + 1, updated_at = clock_timestamp()
WHERE version = $1
RETURNING (SELECT count(*) FROM batch) AS rows, cursor, rows_done, rows_total, paused`;

/**
 * Without statistics of the new column the planner expects few rows without a value, and reads the whole table for each
 * batch. The primary key always serves best.
 */
const BATCH_SETTINGS =
  "SET LOCAL timers.backfill = 'on'; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";

const batchSchema = z.object({
  rows: z.coerce.number(),
  cursor: z.string(),
  rows_done: z.coerce.number(),
  rows_total: z.coerce.number(),
  paused: z.boolean(),
});
type Batch = z.infer<typeof batchSchema>;

/** Reads the table in the order of its pages and locks nothing. */
const FIND_SKIPPED = `
SELECT id FROM (SELECT id FROM timers WHERE callback_config IS NULL LIMIT $1) AS skipped ORDER BY id`;
const MAX_SKIPPED = 10_000;

const READ_STATE = 'SELECT cursor, paused FROM _online_migrations WHERE version = $1';
const stateSchema = z.object({ cursor: z.string(), paused: z.boolean() });

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

/** Runs batches, throttled, until `runBatch` returns undefined. */
async function runBatches(
  context: OnlineContext,
  runBatch: (rows: number) => Promise<Batch | undefined>,
): Promise<void> {
  const startedAt = performance.now();
  let filled = 0;
  for (let rows = context.throttle.firstBatchRows; ;) {
    const batchStartedAt = performance.now();
    const batch = await runBatch(rows);
    if (batch === undefined) return;
    const tookMs = performance.now() - batchStartedAt;
    filled += batch.rows;
    context.report({
      kind: 'batch',
      done: batch.rows_done,
      total: Math.max(batch.rows_total, batch.rows_done),
      rowsPerSecond: (filled * 1000) / (performance.now() - startedAt),
    });
    throwIfStopped(context, batch.paused);
    rows = nextBatchRows(rows, tookMs, context.throttle);
    await sleep(pauseAfterBatch(tookMs, context.throttle));
    await context.replicas.wait(async () => {
      throwIfStopped(context, (await readState(context)).paused);
    });
  }
}

function readState({ session, file }: OnlineContext): Promise<z.infer<typeof stateSchema>> {
  return queryRow(session.client, stateSchema, READ_STATE, [file.version.toString()]);
}

function runBatch(
  context: OnlineContext,
  phase: 'backfill' | 'sweep',
  rows: string,
  parameters: readonly unknown[],
): Promise<Batch> {
  const { client } = context.session;
  return inShortTransaction(context, phase, async () => {
    await client.query(BATCH_SETTINGS);
    return queryRow(client, batchSchema, fillBatch(rows), [context.file.version.toString(), ...parameters]);
  });
}

/** Phase 2: fills callback_config in batches, in order of id. Skips locked rows. */
export async function backfill(context: OnlineContext): Promise<void> {
  let { cursor } = await readState(context);
  await runBatches(context, async (rows) => {
    const batch = await runBatch(context, 'backfill', NEXT_ROWS, [cursor, rows]);
    ({ cursor } = batch);
    return batch.rows === 0 ? undefined : batch;
  });
  await context.session.client.query(NEXT_PHASE, [context.file.version.toString(), 'sweep']);
}

/** The end of phase 2: fills the rows that were skipped, in the same batches. The trigger fills all others. */
export async function sweep(context: OnlineContext): Promise<void> {
  const { client } = context.session;
  for (let found = MAX_SKIPPED; found === MAX_SKIPPED;) {
    const rows = await queryRows(client, z.object({ id: z.string() }), FIND_SKIPPED, [MAX_SKIPPED]);
    const skipped = rows.map(({ id }) => id);
    found = skipped.length;
    await runBatches(context, async (batchRows) =>
      skipped.length === 0
        ? undefined
        : runBatch(context, 'sweep', SKIPPED_ROWS, [skipped.splice(0, batchRows)]),
    );
  }
  await client.query(NEXT_PHASE, [context.file.version.toString(), 'constraints']);
}
