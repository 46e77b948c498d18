import { arrayLiteral } from '../array-literal.ts';
import { type Database, statement } from '../connect.ts';
import { NOT_DURABLE } from '../sql-fragments.ts';
import { IS_PENDING } from '../state-guards.ts';

/** A claim, as its batch names it. */
export interface Claim {
  readonly id: string;
  readonly fencingToken: number;
}

/** A batch without the claims that have ended. */
export interface ShrunkBatch {
  readonly batchId: string;
  readonly claims: readonly Claim[];
}

/** Committed asynchronously: a batch that a crash of the server brings back is found as unknown and released. */
const FINISH = statement(
  'finish-batches',
  `DELETE FROM claim_batches USING (SELECT ${NOT_DURABLE}) AS setting WHERE id = ANY ($1::bigint[]) AND dispatcher = $2`,
);

/** Never longer than a batch was: one that was rescued in the meantime is gone, and stays so. */
const SHRINK = statement(
  'shrink-batch',
  `UPDATE claim_batches SET timer_ids = $3::uuid[], tokens = $4::integer[]
   FROM (SELECT ${NOT_DURABLE}) AS setting
   WHERE id = $1 AND dispatcher = $2`,
);

/** Uses idx_claim_batches_dispatcher. */
const LIST = statement('list-batches', 'SELECT id FROM claim_batches WHERE dispatcher = $1');

/** The end of every claim of a batch that is still one. */
const RELEASE = statement(
  'release-batches',
  `WITH released AS (
     DELETE FROM claim_batches WHERE id = ANY ($1::bigint[]) AND dispatcher = $2 RETURNING timer_ids, tokens
   )
   UPDATE timers SET claims = claims + 1, updated_at = now()
   FROM released, unnest(timer_ids, tokens) AS claim (id, token)
   WHERE timers.id = claim.id AND ${IS_PENDING} AND timers.claims = claim.token`,
);

/** Deletes batches whose claims have all ended. */
export async function finishBatches(
  db: Database,
  dispatcherId: string,
  batchIds: readonly string[],
): Promise<void> {
  await db.rows(FINISH, [arrayLiteral(batchIds), dispatcherId]);
}

/** Removes the claims that have ended from batches with others that go on, so that claiming reads short lists. */
export async function shrinkBatches(
  db: Database,
  dispatcherId: string,
  batches: readonly ShrunkBatch[],
): Promise<void> {
  for (const { batchId, claims } of batches)
    await db.rows(SHRINK, [
      batchId,
      dispatcherId,
      arrayLiteral(claims.map(({ id }) => id)),
      arrayLiteral(claims.map(({ fencingToken }) => fencingToken)),
    ]);
}

/** Lists the ids of the batches of a dispatcher. */
export async function listBatches(db: Database, dispatcherId: string): Promise<string[]> {
  const rows = await db.rows<{ id: string }>(LIST, [dispatcherId]);
  return rows.map(({ id }) => id);
}

/** Ends all claims of these batches without an attempt. Returns how many timers they released. */
export async function releaseBatches(
  db: Database,
  dispatcherId: string,
  batchIds: readonly string[],
): Promise<number> {
  return db.count(RELEASE, [arrayLiteral(batchIds), dispatcherId]);
}
