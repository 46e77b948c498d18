/** Rows per claim and per settle. */
export const BATCH = 500;

/** The dispatcher that claims; it must be stored before. */
export const DISPATCHER = '00000000-0000-4000-8000-000000000000';

/**
 * The minimal work of any scheduler with these tables: claim a batch with its callbacks, durably, and settle it with fencing
 * tokens. Does the same as the statements in libs/database. A pgbench script, because pgbench can pass the ids from one
 * statement to the next.
 */
export const CLAIM_AND_SETTLE = `
WITH candidates AS MATERIALIZED (
  SELECT id, claims, COALESCE(next_attempt_at, execute_at) AS due_at, callback_config
  FROM timers
  WHERE status = 'pending' AND COALESCE(next_attempt_at, execute_at) <= now() + interval '250 milliseconds'
    AND (id, claims) NOT IN (
      SELECT claim.id, claim.token FROM claim_batches, unnest(timer_ids, tokens) AS claim (id, token))
  ORDER BY COALESCE(next_attempt_at, execute_at)
  LIMIT ${BATCH}
  FOR NO KEY UPDATE SKIP LOCKED
), earlier AS MATERIALIZED (
  SELECT claim.id, claim.token
  FROM (SELECT min(due_at) AS due_from, max(due_at) AS due_to FROM candidates) AS bounds,
       claimed_timers(due_from, due_to) AS claim
), claimed AS MATERIALIZED (
  SELECT * FROM candidates WHERE (id, claims) NOT IN (SELECT id, token FROM earlier)
), batch AS (
  INSERT INTO claim_batches (dispatcher, due_from, due_to, timer_ids, tokens)
  SELECT '${DISPATCHER}', min(due_at), max(due_at), array_agg(id), array_agg(claims) FROM claimed
  HAVING count(*) > 0
  RETURNING id, timer_ids, tokens
)
SELECT COALESCE(min(batch.id), 0) AS batch, COALESCE(min(timer_ids), '{}')::text AS ids,
       COALESCE(min(tokens), '{}')::text AS tokens,
       (SELECT COALESCE(string_agg(callback_config::text, ''), '') FROM claimed) AS configs,
       set_config('synchronous_commit', 'on', true) AS durable
FROM batch \\gset
UPDATE timers
SET status = 'completed', claims = claims + 1, attempts = attempts + 1, lost_claims = 0, last_error = NULL,
    attempted_at = now(), executed_at = now(), updated_at = now()
FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS integer[])) AS settled (id, token)
WHERE timers.id = settled.id AND timers.status || '' = 'pending' AND timers.claims = settled.token
  AND EXISTS (SELECT FROM claim_batches WHERE claim_batches.id = :batch AND dispatcher = '${DISPATCHER}');
DELETE FROM claim_batches WHERE id = :batch;
`;
