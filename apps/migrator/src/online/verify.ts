import { MigrationError, queryRow, queryRows } from '@timer-platform/migrations';
import { z } from 'zod';
import type { OnlineContext } from './online-context.ts';
import { findProblems, type VerificationResult, verificationResultSchema } from './verification-result.ts';

const OLD_SHAPE = `(callback_url, COALESCE(callback_headers, 'null'), COALESCE(callback_payload, 'null'))`;
const NEW_SHAPE = `(callback_config->>'url', COALESCE(callback_config->'headers', 'null'), COALESCE(callback_config->'payload', 'null'))`;
const hashOf = (url: string, headers: string, payload: string): string =>
  `sum(hashtextextended(id::text || md5(${url}) || md5(COALESCE(${headers}, 'null')::text) || md5(COALESCE(${payload}, 'null')::text), 0)::numeric)`;

const MISSING = 'callback_config IS NULL';
const SKEWED = `callback_config->>'type' IS DISTINCT FROM callback_type`;
const DIFFERING = `${OLD_SHAPE} IS DISTINCT FROM ${NEW_SHAPE}`;

/** One statement, so one snapshot of all rows. Blocks no reader or writer. */
const COMPARE_ALL_ROWS = `
SELECT count(*) AS rows,
  count(*) FILTER (WHERE ${MISSING}) AS missing,
  count(*) FILTER (WHERE ${SKEWED}) AS type_skew,
  count(*) FILTER (WHERE ${DIFFERING}) AS differing,
  COALESCE(${hashOf('callback_url', 'callback_headers', 'callback_payload')}, 0)::text AS old_sum,
  COALESCE(${hashOf("callback_config->>'url'", "callback_config->'headers'", "callback_config->'payload'")}, 0)::text AS new_sum,
  count(*) FILTER (WHERE callback_headers = 'null') AS json_null_headers,
  count(*) FILTER (WHERE callback_payload = 'null') AS json_null_payloads,
  count(*) FILTER (WHERE jsonb_typeof(callback_headers) NOT IN ('object', 'null')) AS other_headers,
  statement_timestamp()::text AS at
FROM timers`;

/** Runs only when some rows have problems. */
const FIND_EXAMPLES = `SELECT id FROM timers WHERE ${MISSING} OR ${SKEWED} OR ${DIFFERING} LIMIT 10`;

const STORE_RESULT = `
UPDATE _online_migrations SET evidence = $2, verified_at = CASE WHEN $3 THEN clock_timestamp() END,
  phase = CASE WHEN $3 THEN 'verified' ELSE 'verify' END, updated_at = clock_timestamp()
WHERE version = $1`;

/**
 * Phase 5: compares old and new shape of every row and stores the result.
 *
 * @throws MigrationError `not-verified`, with example rows, when anything differs
 */
export async function verify(context: OnlineContext): Promise<VerificationResult> {
  const { client } = context.session;
  const startedAt = performance.now();
  const found = await queryRow(
    client,
    verificationResultSchema.omit({ milliseconds: true, examples: true }),
    COMPARE_ALL_ROWS,
  );
  const differs = found.missing + found.type_skew + found.differing > 0;
  const examples = differs ? await queryRows(client, z.object({ id: z.string() }), FIND_EXAMPLES) : [];
  const result: VerificationResult = {
    ...found,
    examples: examples.map((row) => row.id),
    milliseconds: Math.round(performance.now() - startedAt),
  };
  const problems = findProblems(result);
  await client.query(STORE_RESULT, [
    context.file.version.toString(),
    JSON.stringify(result),
    problems.length === 0,
  ]);
  context.report({ kind: 'verification', result });
  if (problems.length > 0) {
    throw new MigrationError(
      'not-verified',
      `old and new shape of the timers differ: ${problems.join('; ')}. Correct these rows (any UPDATE by a client syncs both shapes), then verify again`,
    );
  }
  return result;
}
