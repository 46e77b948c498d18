/** Rows per claim and per settle. */
export const BATCH = 500;

/**
 * The minimal writes of any scheduler with this table: claim a batch with its callbacks, then settle it with fencing tokens.
 * Does the same work as the statements in libs/database. A pgbench script, because pgbench can pass the ids from one
 * statement to the next.
 */
export const CLAIM_AND_SETTLE = `
WITH due AS MATERIALIZED (
  SELECT id FROM timers
  WHERE status = 'pending' AND COALESCE(next_attempt_at, execute_at) <= now() + interval '250 milliseconds'
  ORDER BY COALESCE(next_attempt_at, execute_at)
  LIMIT ${BATCH}
  FOR NO KEY UPDATE SKIP LOCKED
), claimed AS (
  UPDATE timers
  SET status = 'executing', claimed_by = '00000000-0000-4000-8000-000000000000', claims = claims + 1, updated_at = now()
  FROM due WHERE timers.id = due.id
  RETURNING timers.id, claims, callback_config
)
SELECT COALESCE(array_agg(id), '{}')::text AS ids, COALESCE(array_agg(claims), '{}')::text AS tokens,
       COALESCE(string_agg(callback_config::text, ''), '') AS configs
FROM claimed \\gset
UPDATE timers
SET status = 'completed', claimed_by = NULL, attempts = attempts + 1, lost_claims = 0, last_error = NULL,
    attempted_at = now(), executed_at = now(), updated_at = now()
FROM unnest(CAST(:ids AS uuid[]), CAST(:tokens AS integer[])) AS settled (id, token)
WHERE timers.id = settled.id AND timers.status || '' = 'executing' AND timers.claims = settled.token;
`;
