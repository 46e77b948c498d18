import { z } from 'zod';

/** What a look at every row found. Sums are of hashes over id and callback, so the order of rows has no say. */
export const verificationResultSchema = z.object({
  rows: z.coerce.number(),
  /** Rows without a callback_config. */
  missing: z.coerce.number(),
  /** Rows whose callback_config is not of the type that callback_type says. */
  type_skew: z.coerce.number(),
  /** Rows whose two shapes hold different callbacks. */
  differing: z.coerce.number(),
  old_sum: z.string(),
  new_sum: z.string(),
  /** JSON null and SQL NULL become one for good. */
  json_null_headers: z.coerce.number(),
  json_null_payloads: z.coerce.number(),
  /** Headers that are no object: the old service sent none of them, neither does the new one. */
  other_headers: z.coerce.number(),
  /** Ids of rows that stand in the way, ten at most. */
  examples: z.array(z.string()),
  /** When, by the clock of the database. */
  at: z.string(),
  milliseconds: z.number(),
});
export type VerificationResult = z.infer<typeof verificationResultSchema>;

/** What stands in the way of the contract; empty when nothing does. Pure. */
export function findProblems(evidence: VerificationResult): string[] {
  const found: string[] = [];
  if (evidence.missing > 0) found.push(`${evidence.missing} rows without callback_config`);
  if (evidence.type_skew > 0)
    found.push(`${evidence.type_skew} rows whose callback_config is not of their callback_type`);
  if (evidence.differing > 0)
    found.push(`${evidence.differing} rows whose old and new columns hold different callbacks`);
  if (evidence.old_sum !== evidence.new_sum)
    found.push(`hash sums differ (old ${evidence.old_sum}, new ${evidence.new_sum})`);
  if (found.length > 0 && evidence.examples.length > 0)
    found.push(`for example ${evidence.examples.join(', ')}`);
  return found;
}
