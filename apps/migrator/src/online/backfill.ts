import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError, queryRow, queryRows } from '@timer-platform/migrations';
import { z } from 'zod';
import { nextBatchRows, pauseAfterBatch } from './batch-throttle.ts';
import { configOf } from './callback-shapes.ts';
import { inShortTransaction, type OnlineContext } from './online-context.ts';
import { firstRange, nextRange, type PageRange, TURNS } from './page-ranges.ts';

/**
 * The first pass, by ranges of pages. Skips locked rows. A row that moves to a later page meanwhile was written, and thereby
 * filled.
 */
const NEXT_ROWS = `
SELECT ctid FROM timers
WHERE ctid >= format('(%s,0)', $2::bigint)::tid AND ctid < format('(%s,0)', $3::bigint)::tid AND callback_config IS NULL
  AND ($4::int IS NULL OR (ctid::text::point)[1]::int % ${TURNS} = $4)
FOR NO KEY UPDATE SKIP LOCKED`;

/** The sweep: waits for locked rows. */
const SKIPPED_ROWS = `
SELECT ctid FROM timers WHERE id = ANY($2::uuid[]) AND callback_config IS NULL
ORDER BY id FOR NO KEY UPDATE`;

/**
 * One batch: updates the rows, the position and the counters in one transaction. NO KEY UPDATE does not block foreign key
 * checks.
 */
const fillBatch = (rows: string, nextPage: string): string => `
WITH batch AS MATERIALIZED (${rows}),
filled AS (
  UPDATE timers t SET callback_config = ${configOf('t')}
  FROM batch WHERE t.ctid = batch.ctid RETURNING 1
)
UPDATE _online_migrations SET
  next_page = ${nextPage}, rows_done = rows_done + (SELECT count(*) FROM filled),
  batches = batches + 1, updated_at = clock_timestamp()
WHERE version = $1
RETURNING (SELECT count(*) FROM batch) AS rows, rows_done, rows_total, paused`;

/** The planner must not read the whole table for a batch, whatever the statistics are. */
const BATCH_SETTINGS =
  "SET LOCAL timers.backfill = 'on'; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off";

const batchSchema = z.object({
  rows: z.coerce.number(),
  rows_done: z.coerce.number(),
  rows_total: z.coerce.number(),
  paused: z.boolean(),
});
type Batch = z.infer<typeof batchSchema>;

/** A batch, and the rows for which it was sized: it may have found fewer, or none. */
interface SizedBatch extends Batch {
  readonly sizedFor: number;
}

/** Reads the table in the order of its pages and locks nothing. */
const FIND_SKIPPED = `
SELECT id FROM (SELECT id FROM timers WHERE callback_config IS NULL LIMIT $1) AS skipped ORDER BY id`;
const MAX_SKIPPED = 10_000;

const READ_STATE = 'SELECT pages, next_page, rows_total, paused FROM _online_migrations WHERE version = $1';
const stateSchema = z.object({
  pages: z.coerce.number(),
  next_page: z.coerce.number(),
  rows_total: z.coerce.number(),
  paused: z.boolean(),
});

const NEXT_PHASE = `
UPDATE _online_migrations SET phase = $2, updated_at = clock_timestamp() WHERE version = $1`;

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
  runBatch: (rows: number) => Promise<SizedBatch | undefined>,
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
    rows = nextBatchRows(batch.sizedFor, tookMs, context.throttle);
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
  statement: string,
  parameters: readonly unknown[],
): Promise<Batch> {
  const { client } = context.session;
  return inShortTransaction(context, phase, async () => {
    await client.query(BATCH_SETTINGS);
    return queryRow(client, batchSchema, statement, [context.file.version.toString(), ...parameters]);
  });
}

/** Phase 2: fills callback_config in batches, in the order of the pages. Skips locked rows. */
export async function backfill(context: OnlineContext): Promise<void> {
  const { pages, rows_total: rows, next_page: first } = await readState(context);
  const table = { pages, rows };
  let range: PageRange | undefined;
  await runBatches(context, async (batchRows) => {
    range = range === undefined ? firstRange(table, first, batchRows) : nextRange(table, range, batchRows);
    if (range === undefined) return undefined;
    const { from, to, turn, isLastTurn, batchRows: sizedFor } = range;
    const batch = await runBatch(context, 'backfill', fillBatch(NEXT_ROWS, '$5'), [
      from,
      to,
      isLastTurn ? null : turn,
      isLastTurn ? to : from,
    ]);
    return { ...batch, sizedFor };
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
    await runBatches(context, async (sizedFor) => {
      const ids = skipped.splice(0, sizedFor);
      if (ids.length === 0) return undefined;
      return { ...(await runBatch(context, 'sweep', fillBatch(SKIPPED_ROWS, 'next_page'), [ids])), sizedFor };
    });
  }
  await client.query(NEXT_PHASE, [context.file.version.toString(), 'constraints']);
}
