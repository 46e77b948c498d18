import { MigrationError, queryRow, queryRows } from '@timer-platform/migrations';
import { z } from 'zod';
import { newText, oldText } from './callback-shapes.ts';
import type { OnlineContext } from './online-context.ts';
import { findProblems, type VerificationResult, verificationResultSchema } from './verification-result.ts';

/** OFFSET 0: computes each text once for each row. */
const TIMERS = `timers AS t CROSS JOIN LATERAL (SELECT ${oldText('t')} AS old, ${newText('t')} AS new OFFSET 0) AS shape`;

/** The sum does not depend on the order of the rows. */
const sumOf = (text: string): string =>
  `COALESCE(sum(hashtextextended(t.id::text || ${text}, 0)::numeric), 0)::text`;

const MISSING = 'callback_config IS NULL';
const SKEWED = `callback_config->>'type' IS DISTINCT FROM callback_type`;
const DIFFERING = 'shape.old <> shape.new';

/** One statement, so one snapshot of all rows. Blocks no reader or writer. */
const COMPARE_ALL_ROWS = `
SELECT count(*) AS rows,
  count(*) FILTER (WHERE ${MISSING}) AS missing,
  count(*) FILTER (WHERE ${SKEWED}) AS type_skew,
  count(*) FILTER (WHERE ${DIFFERING}) AS differing,
  ${sumOf('shape.old')} AS old_sum,
  ${sumOf('shape.new')} AS new_sum,
  count(*) FILTER (WHERE callback_headers = 'null') AS json_null_headers,
  count(*) FILTER (WHERE callback_payload = 'null') AS json_null_payloads,
  count(*) FILTER (WHERE jsonb_typeof(callback_headers) NOT IN ('object', 'null')) AS other_headers,
  statement_timestamp()::text AS at
FROM ${TIMERS}`;

/** Runs only when some rows have problems. */
const FIND_EXAMPLES = `SELECT t.id FROM ${TIMERS} WHERE ${MISSING} OR ${SKEWED} OR ${DIFFERING} LIMIT 10`;

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
      `old and new shape of the timers differ: ${problems.join('; ')}. Correct these rows (an UPDATE of the callback by a client syncs both shapes), then verify again`,
    );
  }
  return result;
}
