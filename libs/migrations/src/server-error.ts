import { z } from 'zod';

/** The detail of a violated constraint contains the whole row, with the headers and the payload of a timer. */
const containsRow = /^Failing row contains/;

/** The error that node-postgres throws for an error reported by the server. */
const databaseErrorSchema = z.object({
  code: z.string().length(5),
  message: z.string(),
  detail: z
    .string()
    .optional()
    .transform((detail) => (detail !== undefined && containsRow.test(detail) ? undefined : detail)),
  hint: z.string().optional(),
  where: z.string().optional(),
  /** 1-based, in characters, within the statement. */
  position: z.string().optional(),
});
export type DatabaseError = z.infer<typeof databaseErrorSchema>;

/** SQLSTATEs that the migrator handles. */
export const SQL_STATE = {
  lockNotAvailable: '55P03',
  deadlockDetected: '40P01',
} as const;

/** Returns `error` as an error of the server; undefined for any other error. */
export function asDatabaseError(error: unknown): DatabaseError | undefined {
  const parsed = databaseErrorSchema.safeParse(error);
  if (parsed.success) return parsed.data;
  return undefined;
}
