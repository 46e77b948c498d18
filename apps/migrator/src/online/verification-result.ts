import { z } from 'zod';

/** Result of comparing both shapes of every row. The sums of hashes over id and callback do not depend on the row order. */
export const verificationResultSchema = z.object({
  rows: z.coerce.number(),
  /** Rows without a callback_config. */
  missing: z.coerce.number(),
  /** Rows whose callback_config has another type than callback_type. */
  type_skew: z.coerce.number(),
  /** Rows whose two shapes hold different callbacks. */
  differing: z.coerce.number(),
  old_sum: z.string(),
  new_sum: z.string(),
  /** Rows with JSON null, which the contract makes indistinguishable from SQL NULL. */
  json_null_headers: z.coerce.number(),
  json_null_payloads: z.coerce.number(),
  /** Rows whose headers are not an object: neither the first service nor this one sends them. */
  other_headers: z.coerce.number(),
  /** Ids of at most ten rows with problems. */
  examples: z.array(z.string()),
  /** Time of the comparison, by the clock of the database. */
  at: z.string(),
  milliseconds: z.number(),
});
export type VerificationResult = z.infer<typeof verificationResultSchema>;

/** The problems that prevent the contract. Pure. */
export function findProblems(result: VerificationResult): string[] {
  const found: string[] = [];
  if (result.missing > 0) found.push(`${result.missing} rows without callback_config`);
  if (result.type_skew > 0)
    found.push(`${result.type_skew} rows whose callback_config has another type than callback_type`);
  if (result.differing > 0)
    found.push(`${result.differing} rows whose old and new columns hold different callbacks`);
  if (result.old_sum !== result.new_sum)
    found.push(`hash sums differ (old ${result.old_sum}, new ${result.new_sum})`);
  if (found.length > 0 && result.examples.length > 0) found.push(`for example ${result.examples.join(', ')}`);
  return found;
}
